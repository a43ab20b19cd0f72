//! LATENCY: spikes that the latency monitor noted, and how the times of commands are distributed.

use std::fmt::Write as _;

use crate::command::help::{container, help};
use crate::command::monitoring::{CommandStats, LatencyEvent};
use crate::command::table::server as rows;
use crate::command::{Command, Context, Fail, Outcome};

/// LATENCY and its subcommands.
pub const LATENCY: Command = Command::container(rows::LATENCY, container, SUBCOMMANDS);

static SUBCOMMANDS: &[Command] = &[
    Command::new(rows::LATENCY_DOCTOR, doctor),
    Command::new(rows::LATENCY_GRAPH, graph),
    Command::new(rows::LATENCY_HELP, help),
    Command::new(rows::LATENCY_HISTOGRAM, histogram),
    Command::new(rows::LATENCY_HISTORY, history),
    Command::new(rows::LATENCY_LATEST, latest),
    Command::new(rows::LATENCY_RESET, reset),
];

fn latest(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    let events = ctx.server.monitoring.latency.events();
    ctx.out.array(events.len());
    for (name, event) in events {
        let (at, ms) = event.spikes.back().copied().unwrap_or_default();
        ctx.out.array(4);
        ctx.out.bulk(name.as_bytes());
        [at, ms, event.max_ms].into_iter().for_each(|number| ctx.out.unsigned(number));
    }
    Ok(())
}

fn history(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (_, event) = ctx.server.monitoring.latency.event(args[2]).unwrap_or_default();
    ctx.out.array(event.spikes.len());
    for (at, ms) in event.spikes {
        ctx.out.array(2);
        ctx.out.unsigned(at);
        ctx.out.unsigned(ms);
    }
    Ok(())
}

fn reset(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    ctx.out.unsigned(ctx.server.monitoring.latency.reset(&args[2..]) as u64);
    Ok(())
}

/// The statistics of all held shards, and of what ran on none.
pub fn all_statistics(ctx: &mut Context<'_>) -> CommandStats {
    let mut sum = CommandStats::default();
    ctx.every().iter().for_each(|partition| sum.add(&partition.commands));
    sum.add(&ctx.server.monitoring.elsewhere.lock());
    sum
}

/// LATENCY HISTOGRAM [command …]: a verb with subcommands stands for them.
fn histogram(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let stats = all_statistics(ctx);
    let commands = ctx.server.commands.clone();
    let is_asked = |name: &str| {
        let matches = |word: &&[u8]| {
            let (verb, word) = (name.split('|').next().unwrap_or(name), *word);
            word.eq_ignore_ascii_case(name.as_bytes()) || word.eq_ignore_ascii_case(verb.as_bytes())
        };
        args.len() == 2 || args[2..].iter().any(matches)
    };
    let shown: Vec<_> = stats
        .called()
        .map(|(number, stat)| (commands.name(number), stat))
        .filter(|(name, _)| is_asked(name))
        .filter_map(|(name, stat)| Some((name, stat.calls, stat.histogram()?.cumulative())))
        .collect();
    ctx.out.map(shown.len());
    for (name, calls, cumulative) in shown {
        ctx.out.bulk(name.as_bytes());
        ctx.out.map(2);
        ctx.out.bulk(b"calls");
        ctx.out.unsigned(calls);
        ctx.out.bulk(b"histogram_usec");
        ctx.out.map(cumulative.len());
        for (us, count) in cumulative {
            ctx.out.unsigned(us);
            ctx.out.unsigned(count);
        }
    }
    Ok(())
}

/// Columns that a graph has at most: the newest spikes.
const COLUMNS_MAX: usize = 80;
/// Lines that a graph is high.
const LINES: u64 = 4;

fn graph(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let Some((name, event)) = ctx.server.monitoring.latency.event(args[2]) else {
        return Err(Fail::quoting("ERR No samples available for event '{}'", args[2]));
    };
    let now = ctx.server.clock.now_ms() / 1_000;
    ctx.out.verbatim("txt", draw(name, &event, now).as_bytes());
    Ok(())
}

/// Draws a column for each spike, the higher the longer it was, with its age below.
fn draw(name: &str, event: &LatencyEvent, now: u64) -> String {
    let spikes: Vec<(u64, u64)> =
        event.spikes.iter().skip(event.spikes.len().saturating_sub(COLUMNS_MAX)).copied().collect();
    let high = spikes.iter().map(|spike| spike.1).max().unwrap_or_default();
    let low = spikes.iter().map(|spike| spike.1).min().unwrap_or_default();
    let mut text = format!(
        "{name} - high {high} ms, low {low} ms (all time high {} ms)\n{}\n",
        event.max_ms,
        "-".repeat(COLUMNS_MAX)
    );
    // Three strengths within a line: `_`, `o` and `#`.
    let steps = LINES * 3;
    let level = |ms: u64| ((ms - low) * (steps - 1)).checked_div(high - low).unwrap_or(0);
    for line in (0..LINES).rev() {
        for (_, ms) in &spikes {
            text.push(match level(*ms).checked_sub(line * 3) {
                None => ' ',
                Some(0) => '_',
                Some(1) => 'o',
                Some(2) => '#',
                Some(_) => '|',
            });
        }
        text.push('\n');
    }
    text.push('\n');
    let ages: Vec<Vec<char>> = spikes.iter().map(|(at, _)| age(now.saturating_sub(*at))).collect();
    for line in 0..ages.iter().map(Vec::len).max().unwrap_or_default() {
        text.extend(ages.iter().map(|age| age.get(line).copied().unwrap_or(' ')));
        text.push('\n');
    }
    text
}

/// An age in seconds in its largest unit, to be written downwards.
fn age(seconds: u64) -> Vec<char> {
    let text = match seconds {
        ..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    };
    text.chars().collect()
}

fn doctor(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    let latency = &ctx.server.monitoring.latency;
    let events = latency.events();
    let mut text = String::new();
    if latency.threshold_ms() == 0 && events.is_empty() {
        text.push_str(
            "The latency monitor is off. CONFIG SET latency-monitor-threshold <milliseconds> turns it on, with the time \
             that is too long for you.\n",
        );
    } else if events.is_empty() {
        let _ = writeln!(text, "Nothing has taken {} ms or longer.", latency.threshold_ms());
    } else {
        let now = ctx.server.clock.now_ms() / 1_000;
        text.push_str("These events took long:\n\n");
        for (at, (name, event)) in events.iter().enumerate() {
            describe(&mut text, at + 1, name, event, now);
        }
        text.push_str("\nWhat helps:\n\n");
        for (name, _) in &events {
            let _ = writeln!(text, "- {name}: {}", advice(name));
        }
    }
    ctx.out.verbatim("txt", text.as_bytes());
    Ok(())
}

fn describe(text: &mut String, number: usize, name: &str, event: &LatencyEvent, now: u64) {
    let count = event.spikes.len().max(1) as u64;
    let sum: u64 = event.spikes.iter().map(|spike| spike.1).sum();
    let average = sum / count;
    let deviation = event.spikes.iter().map(|spike| spike.1.abs_diff(average)).sum::<u64>() / count;
    let since = event.spikes.front().map_or(0, |spike| now.saturating_sub(spike.0));
    let _ = writeln!(
        text,
        "{number}. {name}: {} latency spikes (average {average}ms, mean deviation {deviation}ms, period {:.2} sec). Worst \
         all time event {}ms.",
        event.spikes.len(),
        since as f64 / count as f64,
        event.max_ms
    );
}

fn advice(event: &str) -> &'static str {
    match event {
        "command" => {
            "SLOWLOG GET tells which commands they were; take less at a time, or SCAN in place of KEYS."
        }
        "fast-command" => {
            "such commands are short by themselves: look for a machine without time to spare, memory that is \
             swapped, and very large arguments."
        }
        "expire-cycle" => "many keys expire at the same moment: spread their times.",
        "eviction-cycle" => "much has to be evicted at a time: raise maxmemory, or write less at a time.",
        _ => "look at what the machine does at these times.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_graph_has_a_column_for_each_spike() {
        let event = LatencyEvent { spikes: [(100, 10), (110, 40), (160, 20)].into(), max_ms: 50 };
        let text = draw("command", &event, 170);
        assert!(text.starts_with("command - high 40 ms, low 10 ms (all time high 50 ms)\n-----"), "{text}");
        assert!(text.contains(" # \n | \n |_\n_||\n\n111\nmm0\n  s\n"), "{text}");
        let one = LatencyEvent { spikes: [(100, 10)].into(), max_ms: 10 };
        assert!(draw("x", &one, 100).contains('_'));
    }
}
