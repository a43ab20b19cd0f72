//! WAIT and WAITAOF. The waiting itself is done by the session's owner.

use crate::command::arguments::{integer, timeout_ms};
use crate::command::session::Request;
use crate::command::{Context, Fail, Outcome};

pub fn wait(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let replicas = integer(args[1])?;
    let timeout_ms = timeout_ms(args[2], ctx.now)?;
    let replicas = usize::try_from(replicas).unwrap_or_default();
    let in_sync = ctx.server.hooks.get().map_or(0, |hooks| hooks.replicas_in_sync());
    if in_sync >= replicas || ctx.session.in_exec {
        ctx.out.unsigned(in_sync as u64);
    } else {
        ctx.session.request = Some(Request::WaitReplicas { replicas, timeout_ms });
    }
    Ok(())
}

/// What WAITAOF replies where there is nothing of its own to wait for.
pub const NO_LOG: Fail =
    Fail::new("ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.");

pub fn waitaof(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let local = integer(args[1])?;
    if !(0..=1).contains(&local) {
        return Err(Fail::new("ERR value is out of range, value must between 0 and 1"));
    }
    let replicas = integer(args[2])?;
    let replicas =
        usize::try_from(replicas).map_err(|_| Fail::new("ERR value is out of range, must be positive"))?;
    let timeout_ms = timeout_ms(args[3], ctx.now)?;
    if local > 0 && !ctx.server.options.read().appendonly {
        return Err(NO_LOG);
    }
    let is_synced = ctx.server.hooks.get().is_some_and(|hooks| hooks.is_log_synced());
    if replicas == 0 && (local == 0 || is_synced) || ctx.session.in_exec {
        ctx.out.array(2);
        ctx.out.integer(i64::from(is_synced));
        ctx.out.integer(0);
    } else {
        ctx.session.request = Some(Request::WaitDurable { local: local > 0, replicas, timeout_ms });
    }
    Ok(())
}
