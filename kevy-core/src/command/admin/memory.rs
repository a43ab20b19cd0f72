//! MEMORY: how much is used and by what.

use std::sync::atomic::Ordering;

use crate::base::process::{resident_bytes, trim_heap};
use crate::command::arguments::{integer, is_word};
use crate::command::help::{container, help};
use crate::command::table::server as rows;
use crate::command::{ClientKind, Command, Context, Fail, Outcome};

use super::info::clients_memory;

/// MEMORY and its subcommands.
pub const MEMORY: Command = Command::container(rows::MEMORY, container, SUBCOMMANDS);

static SUBCOMMANDS: &[Command] = &[
    Command::new(rows::MEMORY_DOCTOR, doctor),
    Command::new(rows::MEMORY_HELP, help),
    Command::new(rows::MEMORY_MALLOC_STATS, malloc_stats),
    Command::new(rows::MEMORY_PURGE, purge),
    Command::new(rows::MEMORY_STATS, stats),
    Command::new(rows::MEMORY_USAGE, usage),
];

/// `MEMORY USAGE key [SAMPLES count]`. Sizes are counted as they change, so no element has to be sampled.
fn usage(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let key = args[2];
    for pair in args[3..].chunks(2) {
        match pair {
            [word, count] if is_word(word, "SAMPLES") => {
                if integer(count)? < 0 {
                    return Err(Fail::SYNTAX);
                }
            }
            _ => return Err(Fail::SYNTAX),
        }
    }
    let (keyspace, db, now) = ctx.keys(key);
    match keyspace.peek(db, key, now).map(|found| found.memory_usage()) {
        Some(bytes) => ctx.out.unsigned(bytes as u64),
        None => ctx.out.null(),
    }
    Ok(())
}

fn purge(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    trim_heap();
    ctx.out.ok();
    Ok(())
}

fn stats(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    let (mut keys, mut total) = (0, 0);
    let databases = ctx.server.options.read().databases as usize;
    for partition in ctx.every() {
        total += partition.keyspace.used_memory();
        keys += (0..databases).map(|db| partition.keyspace.len(db)).sum::<usize>();
    }
    let peak = ctx.server.stats.peak_memory.fetch_max(total, Ordering::Relaxed).max(total);
    let resident = resident_bytes();
    let out = &mut *ctx.out;
    let integers = [
        ("peak.allocated", peak as u64),
        ("total.allocated", total as u64),
        ("clients.normal", clients_memory(ctx.server, ClientKind::Normal) as u64),
        ("keys.count", keys as u64),
        ("keys.bytes-per-key", total.checked_div(keys).unwrap_or_default() as u64),
        ("dataset.bytes", total as u64),
        ("allocator.resident", resident),
    ];
    let doubles = [
        ("peak.percentage", total as f64 * 100.0 / peak.max(1) as f64),
        ("fragmentation", resident as f64 / total.max(1) as f64),
    ];
    out.map(integers.len() + doubles.len());
    for (name, value) in integers {
        out.bulk(name.as_bytes());
        out.unsigned(value);
    }
    for (name, value) in doubles {
        out.bulk(name.as_bytes());
        out.double(value);
    }
    Ok(())
}

/// Below this many bytes ratios say nothing.
const DOCTOR_BYTES_MIN: usize = 5 << 20;

fn doctor(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    let used = ctx.server.used_memory();
    let peak = ctx.server.stats.peak_memory.load(Ordering::Relaxed).max(used);
    let resident = resident_bytes();
    let mut findings = Vec::new();
    if used >= DOCTOR_BYTES_MIN {
        if peak as f64 > used as f64 * 1.5 {
            findings.push(format!(
                "The keyspace once took {peak} bytes and takes {used} now: memory that is free again may still \
                 count as resident. MEMORY PURGE asks for it back."
            ));
        }
        if resident as f64 > used as f64 * 1.5 {
            findings.push(format!(
                "The process has {resident} bytes resident for {used} bytes of keys: the rest is the host \
                 program's, the allocator's reserve, or client and replica buffers."
            ));
        }
    } else {
        findings.push(format!("The keyspace takes {used} bytes: too few to judge by."));
    }
    if findings.is_empty() {
        findings.push("No trouble with memory was found.".to_owned());
    }
    ctx.out.verbatim("txt", findings.join("\n").as_bytes());
    Ok(())
}

/// The allocator is the host program's choice, so what is told is what the system knows of the process.
fn malloc_stats(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    let used = ctx.server.used_memory();
    let text = format!(
        "The allocator is that of the program and tells nothing.\nbytes of keys: {used}\nbytes resident: {}\n",
        resident_bytes()
    );
    ctx.out.verbatim("txt", text.as_bytes());
    Ok(())
}
