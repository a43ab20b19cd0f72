//! What is kept on disk: SAVE, BGSAVE, LASTSAVE, BGREWRITEAOF, and what DEBUG RELOAD and LOADAOF do.

use crate::command::arguments::is_word;
use crate::command::blocking::Waiter;
use crate::command::server::SaveWork;
use crate::command::session::Request;
use crate::command::{Context, Fail, Outcome};

/// Without a runtime there is nobody to write a file.
const NO_RUNTIME: Fail = Fail::new("ERR a bare keyspace is not saved");

/// BGSAVE [SCHEDULE]
pub fn bgsave(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let schedule = match &args[1..] {
        [] => false,
        [word] if is_word(word, "SCHEDULE") => true,
        _ => return Err(Fail::SYNTAX),
    };
    let hooks = ctx.server.hooks.get().ok_or(NO_RUNTIME)?;
    let started = hooks.begin_save(schedule).map_err(|text| Fail::with(format!("ERR {text}")))?;
    ctx.out.simple(if started { "Background saving started" } else { "Background saving scheduled" });
    Ok(())
}

/// BGREWRITEAOF
pub fn bgrewriteaof(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    let hooks = ctx.server.hooks.get().ok_or(NO_RUNTIME)?;
    let begun = hooks.begin_rewrite().map_err(|text| Fail::with(format!("ERR {text}")))?;
    ctx.out.simple(begun);
    Ok(())
}

/// SAVE. The session waits until the snapshot is written; other clients go on.
pub fn save(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    begin(ctx, SaveWork::Save)
}

/// Has `work` done and answered.
pub fn begin(ctx: &mut Context<'_>, work: SaveWork) -> Outcome {
    let hooks = ctx.server.hooks.get().ok_or(NO_RUNTIME)?;
    let waiter = Waiter::new(ctx.session, ctx.out.protocol, 0, None);
    ctx.session.request = Some(Request::Block(waiter.clone()));
    hooks.save(work, waiter);
    Ok(())
}

/// LASTSAVE: Unix seconds.
pub fn lastsave(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    let last_ms = ctx.server.hooks.get().map_or(ctx.server.started_ms, |hooks| hooks.last_save_ms());
    ctx.out.unsigned(last_ms / 1000);
    Ok(())
}
