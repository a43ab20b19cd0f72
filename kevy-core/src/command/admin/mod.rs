//! The verbs about the server as a whole.

mod command;
mod command_docs;
mod command_info;
mod config;
mod debug;
mod debug_shape;
mod debug_switches;
mod digest;
mod flush;
mod info;
mod latency;
mod lolwut;
mod memory;
mod persistence;
mod slow_log;

use crate::base::number::format_u64;

use super::arguments::is_word;
use super::server::Gates;
use super::session::Request;
use super::table::server as rows;
use super::{Command, Context, Fail, Outcome};

/// The verbs of this group.
pub static COMMANDS: &[Command] = &[
    Command::new(rows::BGREWRITEAOF, persistence::bgrewriteaof),
    Command::new(rows::BGSAVE, persistence::bgsave),
    command::COMMAND,
    config::CONFIG,
    Command::new(rows::DBSIZE, flush::dbsize),
    debug::DEBUG,
    Command::new(rows::FLUSHALL, flush::flushall),
    Command::new(rows::FLUSHDB, flush::flushdb),
    Command::new(rows::INFO, info::info),
    Command::new(rows::LASTSAVE, persistence::lastsave),
    latency::LATENCY,
    Command::new(rows::LOLWUT, lolwut::lolwut),
    memory::MEMORY,
    Command::new(rows::MONITOR, super::monitor::monitor),
    Command::new(rows::SAVE, persistence::save),
    Command::new(rows::SHUTDOWN, shutdown),
    slow_log::SLOWLOG,
    Command::new(rows::SWAPDB, flush::swapdb),
    Command::new(rows::TIME, time),
];

fn time(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    // To a script time stands still.
    let now = if ctx.session.in_script { ctx.now * 1_000 } else { ctx.server.clock.now_us() };
    ctx.out.array(2);
    ctx.out.bulk(format_u64(now / 1_000_000).as_bytes());
    ctx.out.bulk(format_u64(now % 1_000_000).as_bytes());
    Ok(())
}

fn shutdown(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (mut save, mut nosave, mut now, mut force, mut abort) = (false, false, false, false, false);
    for arg in &args[1..] {
        let option = match arg {
            arg if is_word(arg, "SAVE") => &mut save,
            arg if is_word(arg, "NOSAVE") => &mut nosave,
            arg if is_word(arg, "NOW") => &mut now,
            arg if is_word(arg, "FORCE") => &mut force,
            arg if is_word(arg, "ABORT") => &mut abort,
            _ => return Err(Fail::SYNTAX),
        };
        *option = true;
    }
    if save && nosave || abort && (save || nosave || now || force) {
        return Err(Fail::SYNTAX);
    }
    if abort {
        // A stop that has begun is seconds from its end and takes no more commands.
        return Err(Fail::new("ERR No shutdown in progress."));
    }
    if !nosave
        && ctx.server.gates.is_closed(Gates::BUSY)
        && let Some(scripts) = ctx.server.scripts.get()
    {
        return Err(scripts.busy());
    }
    let hooks = ctx.server.hooks.get().ok_or(Fail::new("ERR there is no server to stop"))?;
    hooks.shutdown((save || nosave).then_some(save));
    ctx.session.request = Some(Request::Close);
    Ok(())
}
