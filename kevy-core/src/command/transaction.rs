//! MULTI, DISCARD, WATCH and UNWATCH. Dispatch queues commands and runs EXEC.

use super::session::Transaction;
use super::table::transactions as rows;
use super::{Command, Context, Fail, Outcome};

/// The verbs of transactions.
pub static COMMANDS: &[Command] = &[
    Command::new(rows::DISCARD, discard),
    Command::new(rows::EXEC, exec),
    Command::new(rows::MULTI, multi),
    Command::new(rows::UNWATCH, unwatch),
    Command::new(rows::WATCH, watch),
];

fn multi(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    if ctx.session.transaction.is_some() {
        return Err(Fail::new("ERR MULTI calls can not be nested"));
    }
    ctx.session.transaction = Some(Transaction::default());
    ctx.out.ok();
    Ok(())
}

/// EXEC outside a transaction; dispatch runs the others.
fn exec(_: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    Err(Fail::new("ERR EXEC without MULTI"))
}

fn discard(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    if ctx.session.transaction.take().is_none() {
        return Err(Fail::new("ERR DISCARD without MULTI"));
    }
    forget_watches(ctx);
    ctx.out.ok();
    Ok(())
}

fn watch(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    if ctx.session.transaction.is_some() {
        return Err(Fail::new("ERR WATCH inside MULTI is not allowed"));
    }
    let (db, now) = (ctx.session.db, ctx.now);
    for &key in &args[1..] {
        if ctx.session.watched.insert((db, key.to_vec())) {
            let broken = ctx.session.watch_broken.clone();
            ctx.at(key).keyspace.watch(db, key, broken, now);
        }
    }
    ctx.out.ok();
    Ok(())
}

fn unwatch(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    forget_watches(ctx);
    ctx.out.ok();
    Ok(())
}

/// Ends all watches of the session. The shards of the watched keys are part of the command.
pub fn forget_watches(ctx: &mut Context<'_>) {
    for (db, key) in std::mem::take(&mut ctx.session.watched) {
        let broken = ctx.session.watch_broken.clone();
        ctx.at(&key).keyspace.unwatch(db, &key, &broken);
    }
    ctx.session.watch_broken = Default::default();
}
