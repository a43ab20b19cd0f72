//! SLOWLOG: the commands that took longest lately.

use crate::base::number::parse_i64;
use crate::command::help::{container, help, wrong_count};
use crate::command::table::server as rows;
use crate::command::{Command, Context, Fail, Outcome};

/// SLOWLOG and its subcommands.
pub const SLOWLOG: Command = Command::container(rows::SLOWLOG, container, SUBCOMMANDS);

static SUBCOMMANDS: &[Command] = &[
    Command::new(rows::SLOWLOG_GET, get),
    Command::new(rows::SLOWLOG_HELP, help),
    Command::new(rows::SLOWLOG_LEN, len),
    Command::new(rows::SLOWLOG_RESET, reset),
];

/// Entries shown where nobody says how many.
const COUNT: usize = 10;

fn get(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    const BAD_COUNT: Fail = Fail::new("ERR count should be greater than or equal to -1");
    let count = match args[2..] {
        [] => COUNT,
        [count] => match parse_i64(count) {
            Some(-1) => usize::MAX,
            Some(count) => usize::try_from(count).map_err(|_| BAD_COUNT)?,
            None => return Err(BAD_COUNT),
        },
        _ => return Err(wrong_count(args[0], args[1])),
    };
    let entries = ctx.server.monitoring.slow_log.newest(count);
    let out = &mut *ctx.out;
    out.array(entries.len());
    for entry in entries {
        out.array(6);
        out.unsigned(entry.id);
        out.unsigned(entry.time);
        out.unsigned(entry.duration_us);
        out.array(entry.args.len());
        entry.args.iter().for_each(|arg| out.bulk(arg));
        out.bulk(entry.address.as_bytes());
        out.bulk(&entry.name);
    }
    Ok(())
}

fn len(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    ctx.out.unsigned(ctx.server.monitoring.slow_log.len() as u64);
    Ok(())
}

fn reset(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    ctx.server.monitoring.slow_log.reset();
    ctx.out.ok();
    Ok(())
}
