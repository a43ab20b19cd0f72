//! What DEBUG turns on and off, and what it refuses to do to its host.

use std::sync::atomic::Ordering;

use crate::base::number::parse_i64;
use crate::base::{log_sink, memory_size};
use crate::command::arguments::{integer, is_word};
use crate::command::help::wrong_count;
use crate::command::{Context, Fail, Outcome};

use super::debug::check_access;

fn on(arg: &[u8]) -> bool {
    parse_i64(arg).is_some_and(|on| on != 0)
}

/// DEBUG PAUSE-CRON 0|1: no key is expired but by who asks for it, as long as it is on.
pub fn pause_cron(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    check_access(ctx)?;
    ctx.server.debug.cron_paused.store(on(args[2]), Ordering::Relaxed);
    ctx.out.ok();
    Ok(())
}

/// DEBUG SET-DISABLE-DENY-SCRIPTS 0|1: lets scripts call any command.
pub fn set_disable_deny_scripts(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    check_access(ctx)?;
    ctx.server.debug.scripts_unrestricted.store(on(args[2]), Ordering::Relaxed);
    ctx.out.ok();
    Ok(())
}

/// DEBUG DICT-RESIZING 0|1. Tables here grow a part at a time with every insert, which cannot be put off.
pub fn dict_resizing(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    check_access(ctx)?;
    ctx.out.ok();
    Ok(())
}

/// DEBUG QUICKLIST-PACKED-THRESHOLD size. Large elements of lists have nodes of their own by
/// `list-max-listpack-size` alone, so the value is only checked.
pub fn quicklist_packed_threshold(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    check_access(ctx)?;
    let bytes = str::from_utf8(args[2]).ok().and_then(memory_size::parse);
    if bytes.is_none_or(|bytes| bytes > 1 << 32) {
        return Err(Fail::new("ERR argument must be a memory value bigger than 1 and smaller than 4gb"));
    }
    ctx.out.ok();
    Ok(())
}

/// DEBUG REPLYBUFFER PEAK-RESET-TIME NEVER|RESET|ms, RESIZING 0|1. Reply buffers are given back as soon as they are
/// empty, whatever this says.
pub fn replybuffer(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    check_access(ctx)?;
    match args[2] {
        word if is_word(word, "PEAK-RESET-TIME") => {
            if !is_word(args[3], "NEVER") && !is_word(args[3], "RESET") {
                integer(args[3])?;
            }
        }
        word if is_word(word, "RESIZING") => {}
        _ => return Err(wrong_count(args[0], args[1])),
    }
    ctx.out.ok();
    Ok(())
}

/// DEBUG LOG message
pub fn log(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    check_access(ctx)?;
    log_sink::warning(format_args!("DEBUG LOG: {}", String::from_utf8_lossy(args[2])));
    ctx.out.ok();
    Ok(())
}

/// DEBUG SEGFAULT and its like: a client must not end the program that kevy runs in.
pub fn refuse_crash(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    check_access(ctx)?;
    Err(Fail::quoting("ERR DEBUG {} is refused: it would end the program that the server runs in", args[1]))
}
