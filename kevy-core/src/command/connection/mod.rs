//! The verbs about the connection itself.

mod authenticate;
mod client;
mod client_kill;
mod client_line;
mod client_tracking;

pub use client_line::push_line;

use std::sync::atomic::Ordering;

use crate::resp::Protocol;

use super::acl::User;
use super::arguments::database;
use super::session::{ReplyMode, Request, unfollow};
use super::table::connection as rows;
use super::transaction::forget_watches;
use super::{Command, Context, Fail, Outcome, Session};

/// The verbs of this group.
pub static COMMANDS: &[Command] = &[
    Command::new(rows::AUTH, authenticate::auth),
    client::CLIENT,
    Command::new(rows::ECHO, echo),
    Command::new(rows::HELLO, authenticate::hello),
    Command::new(rows::PING, ping),
    Command::new(rows::QUIT, quit),
    Command::new(rows::RESET, reset),
    Command::new(rows::SELECT, select),
];

fn ping(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    if ctx.session.is_confined(ctx.out.protocol) && args.len() < 3 {
        ctx.out.array(2);
        ctx.out.bulk(b"pong");
        ctx.out.bulk(args.get(1).copied().unwrap_or_default());
        return Ok(());
    }
    match args {
        [_] => ctx.out.simple("PONG"),
        [_, message] => ctx.out.bulk(message),
        _ => return Err(Fail::arity("ping")),
    }
    Ok(())
}

fn echo(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    ctx.out.bulk(args[1]);
    Ok(())
}

fn select(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let db = database(args[1], ctx.server.options.read().databases as usize)?;
    if db != 0 && ctx.session.node.is_some() {
        return Err(Fail::new("ERR SELECT is not allowed in cluster mode"));
    }
    ctx.session.db = db;
    ctx.session.client.db.store(db, Ordering::Relaxed);
    ctx.out.ok();
    Ok(())
}

fn quit(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    ctx.session.request = Some(Request::Close);
    ctx.out.ok();
    Ok(())
}

fn reset(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    forget_watches(ctx);
    unfollow(ctx.server, ctx.session);
    ctx.session.take_messages(ctx.out);
    let Session { client, db, reply_mode, no_touch, transaction, .. } = &mut *ctx.session;
    *transaction = None;
    *db = 0;
    client.db.store(0, Ordering::Relaxed);
    *reply_mode = ReplyMode::On;
    *no_touch = false;
    client.no_touch.store(false, Ordering::Relaxed);
    client.no_evict.store(false, Ordering::Relaxed);
    client.text.lock().name.clear();
    if client.fd < 0 {
        // An in-process session is its host's own, which has nothing to prove.
        ctx.session.log_in(User::owner());
    } else {
        ctx.session.log_out(&ctx.server.acl);
    }
    set_protocol(ctx, Protocol::Resp2);
    ctx.out.simple("RESET");
    Ok(())
}

fn set_protocol(ctx: &mut Context<'_>, protocol: Protocol) {
    ctx.out.protocol = protocol;
    ctx.session.client.protocol.store(version(protocol), Ordering::Relaxed);
}

fn version(protocol: Protocol) -> u32 {
    match protocol {
        Protocol::Resp2 => 2,
        Protocol::Resp3 => 3,
    }
}
