//! CLIENT: what a connection may say and ask about itself and the others.

use std::sync::atomic::Ordering;

use crate::base::number::parse_i64;
use crate::command::arguments::{integer, is_word};
use crate::command::client::ClientKind;
use crate::command::help::{container, help, wrong_count};
use crate::command::pause::{Purpose, Reach};
use crate::command::session::ReplyMode;
use crate::command::table::connection as rows;
use crate::command::{Command, Context, Fail, Outcome};

use super::client_kill::kill;
use super::client_line::push_line;
use super::client_tracking;

/// CLIENT and its subcommands.
pub const CLIENT: Command = Command::container(rows::CLIENT, container, SUBCOMMANDS);

static SUBCOMMANDS: &[Command] = &[
    Command::new(rows::CLIENT_CACHING, client_tracking::caching),
    Command::new(rows::CLIENT_GETNAME, getname),
    Command::new(rows::CLIENT_GETREDIR, client_tracking::getredir),
    Command::new(rows::CLIENT_HELP, help),
    Command::new(rows::CLIENT_ID, id),
    Command::new(rows::CLIENT_INFO, info),
    Command::new(rows::CLIENT_KILL, kill),
    Command::new(rows::CLIENT_LIST, list),
    Command::new(rows::CLIENT_NO_EVICT, no_evict),
    Command::new(rows::CLIENT_NO_TOUCH, no_touch),
    Command::new(rows::CLIENT_PAUSE, pause),
    Command::new(rows::CLIENT_REPLY, reply),
    Command::new(rows::CLIENT_SETINFO, setinfo),
    Command::new(rows::CLIENT_SETNAME, setname),
    Command::new(rows::CLIENT_TRACKING, client_tracking::tracking),
    Command::new(rows::CLIENT_TRACKINGINFO, client_tracking::trackinginfo),
    Command::new(rows::CLIENT_UNBLOCK, unblock),
    Command::new(rows::CLIENT_UNPAUSE, unpause),
];

/// True where every byte is a printable ASCII character other than a space.
fn is_plain(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_graphic)
}

/// Refuses names that would break the lines of CLIENT LIST.
pub fn check_name(name: &[u8]) -> Outcome {
    if is_plain(name) {
        Ok(())
    } else {
        Err(Fail::new("ERR Client names cannot contain spaces, newlines or special characters."))
    }
}

/// The kind of client that `word` names.
pub fn kind_of(word: &[u8]) -> Result<ClientKind, Fail> {
    let kinds = [
        ("normal", ClientKind::Normal),
        ("slave", ClientKind::Replica),
        ("replica", ClientKind::Replica),
        ("pubsub", ClientKind::Pubsub),
        ("master", ClientKind::Primary),
    ];
    let found = kinds.into_iter().find(|(name, _)| is_word(word, name)).map(|(_, kind)| kind);
    found.ok_or_else(|| Fail::quoting("ERR Unknown client type '{}'", word))
}

fn on_or_off(word: &[u8]) -> Result<bool, Fail> {
    match word {
        word if is_word(word, "ON") => Ok(true),
        word if is_word(word, "OFF") => Ok(false),
        _ => Err(Fail::SYNTAX),
    }
}

fn id(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    ctx.out.unsigned(ctx.session.client.id);
    Ok(())
}

fn getname(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    let text = ctx.session.client.text.lock();
    if text.name.is_empty() {
        ctx.out.null();
    } else {
        ctx.out.bulk(&text.name);
    }
    Ok(())
}

fn setname(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    check_name(args[2])?;
    args[2].clone_into(&mut ctx.session.client.text.lock().name);
    ctx.out.ok();
    Ok(())
}

fn setinfo(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (option, value) = (args[2], args[3]);
    let mut text = ctx.session.client.text.lock();
    let target = match option {
        option if is_word(option, "LIB-NAME") => &mut text.library_name,
        option if is_word(option, "LIB-VER") => &mut text.library_version,
        option => return Err(Fail::quoting("ERR Unrecognized option '{}'", option)),
    };
    if !is_plain(value) {
        return Err(Fail::quoting("ERR {} cannot contain spaces, newlines or special characters.", option));
    }
    value.clone_into(target);
    ctx.out.ok();
    Ok(())
}

/// Shows what this session is at, which its owner does only now and then. The command under way is still in its
/// query buffer.
fn publish(ctx: &Context<'_>, args: &[&[u8]]) {
    let client = &ctx.session.client;
    let digits = |number: usize| number.max(1).ilog10() as usize + 1;
    let encoded = |arg: &&[u8]| digits(arg.len()) + arg.len() + 5;
    let query =
        if client.fd < 0 { 0 } else { digits(args.len()) + 3 + args.iter().map(encoded).sum::<usize>() };
    ctx.session.publish(query, client.output_buffer.load(Ordering::Relaxed), ctx.out.protocol);
    client.args_memory.store(args.iter().map(|arg| arg.len()).sum(), Ordering::Relaxed);
}

fn info(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    publish(ctx, args);
    let mut line = Vec::new();
    push_line(&mut line, &ctx.session.client, ctx.server, ctx.now);
    ctx.out.verbatim("txt", &line);
    Ok(())
}

fn list(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    publish(ctx, args);
    let clients = match &args[2..] {
        [] => ctx.server.clients.list(),
        [word, kind] if is_word(word, "TYPE") => {
            let kind = kind_of(kind)?;
            let mut clients = ctx.server.clients.list();
            clients.retain(|client| client.kind() == kind);
            clients
        }
        [word, ids @ ..] if is_word(word, "ID") && !ids.is_empty() => {
            let mut clients = Vec::new();
            for id in ids {
                let id = parse_i64(id).ok_or(Fail::new("ERR Invalid client ID"))?;
                clients.extend(u64::try_from(id).ok().and_then(|id| ctx.server.clients.get(id)));
            }
            clients
        }
        _ => return Err(Fail::SYNTAX),
    };
    let mut lines = Vec::new();
    for client in clients {
        push_line(&mut lines, &client, ctx.server, ctx.now);
    }
    ctx.out.verbatim("txt", &lines);
    Ok(())
}

fn reply(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let mode = &mut ctx.session.reply_mode;
    match args[2] {
        word if is_word(word, "ON") => {
            *mode = ReplyMode::On;
            ctx.out.ok();
        }
        word if is_word(word, "OFF") => *mode = ReplyMode::Off,
        word if is_word(word, "SKIP") => {
            if *mode != ReplyMode::Off {
                *mode = ReplyMode::SkipNext;
            }
        }
        _ => return Err(Fail::SYNTAX),
    }
    Ok(())
}

fn unblock(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    const UNBLOCKED: &str = "UNBLOCKED client unblocked via CLIENT UNBLOCK";
    let error = match args[3..] {
        [] => None,
        [word] if is_word(word, "TIMEOUT") => None,
        [word] if is_word(word, "ERROR") => Some(UNBLOCKED),
        [_] => return Err(Fail::new("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")),
        _ => return Err(wrong_count(args[0], args[1])),
    };
    let client = u64::try_from(integer(args[2])?).ok().and_then(|id| ctx.server.clients.get(id));
    let waiter = client.and_then(|client| client.waiter());
    ctx.out.integer(waiter.is_some_and(|waiter| waiter.unblock(error)).into());
    Ok(())
}

fn no_evict(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let on = on_or_off(args[2])?;
    ctx.session.client.no_evict.store(on, Ordering::Relaxed);
    ctx.out.ok();
    Ok(())
}

fn no_touch(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let on = on_or_off(args[2])?;
    ctx.session.no_touch = on;
    ctx.session.client.no_touch.store(on, Ordering::Relaxed);
    ctx.out.ok();
    Ok(())
}

fn pause(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let reach = match args[3..] {
        [] => Reach::All,
        [word] if is_word(word, "WRITE") => Reach::Writes,
        [word] if is_word(word, "ALL") => Reach::All,
        [_] => return Err(Fail::new("ERR CLIENT PAUSE mode must be WRITE or ALL")),
        _ => return Err(wrong_count(args[0], args[1])),
    };
    let ms = parse_i64(args[2]).ok_or(Fail::new("ERR timeout is not an integer or out of range"))?;
    let ms = u64::try_from(ms).map_err(|_| Fail::new("ERR timeout is negative"))?;
    let until = ctx.server.clock.now_ms().saturating_add(ms);
    let end = ctx.server.pause(Purpose::Command, reach, until);
    ctx.every().into_iter().for_each(|partition| partition.keyspace.freeze(end));
    ctx.out.ok();
    Ok(())
}

fn unpause(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    let end = ctx.server.unpause(Purpose::Command);
    ctx.every().into_iter().for_each(|partition| partition.keyspace.freeze(end));
    ctx.out.ok();
    Ok(())
}
