//! MONITOR: clients that see every command as it runs.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use crate::resp::Writer;

use super::arguments::is_word;
use super::outbox::Message;
use super::session::ReplyMode;
use super::spec::Flags;
use super::{Client, Context, Fail, Outcome, Server, Session, Spec};

/// The clients that see every command.
#[derive(Debug, Default)]
pub struct Monitors {
    is_on: AtomicBool,
    clients: Mutex<Vec<Arc<Client>>>,
}

impl Monitors {
    /// Whether there are any.
    #[inline]
    pub fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Relaxed)
    }

    fn add(&self, client: &Arc<Client>) {
        self.clients.lock().push(client.clone());
        self.is_on.store(true, Ordering::Release);
    }

    fn remove(&self, client: &Client) {
        let mut clients = self.clients.lock();
        clients.retain(|one| one.id != client.id);
        self.is_on.store(!clients.is_empty(), Ordering::Release);
    }
}

pub fn monitor(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    if ctx.session.in_exec {
        return Err(Fail::new("ERR MONITOR isn't allowed for DENY BLOCKING client"));
    }
    if !ctx.session.follows.monitor {
        ctx.session.follows.monitor = true;
        ctx.session.follows.update();
        ctx.session.client.is_monitor.store(true, Ordering::Relaxed);
        ctx.server.monitors.add(&ctx.session.client);
    }
    ctx.session.keeps_reply = ctx.session.reply_mode != ReplyMode::On;
    ctx.out.ok();
    Ok(())
}

/// Lets a session see no more commands.
pub fn leave(server: &Server, session: &mut Session) {
    if std::mem::take(&mut session.follows.monitor) {
        server.monitors.remove(&session.client);
        session.client.is_monitor.store(false, Ordering::Relaxed);
        session.follows.update();
    }
}

/// Where a command comes from.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    Session(&'a Client),
    Script,
}

impl Server {
    /// Shows a command that has run, unless it is one of those that are kept to themselves.
    #[cold]
    pub fn show(&self, session: &Session, spec: &Spec, args: &[&[u8]]) {
        let is_hidden = spec.flags.has(Flags::ADMIN.or(Flags::SKIP_MONITOR));
        if !is_hidden && !session.retrying {
            self.show_all(session.db, Source::Session(&session.client), args);
        }
    }

    /// Shows a command whatever it is.
    #[cold]
    pub fn show_all(&self, db: usize, source: Source<'_>, args: &[&[u8]]) {
        let clients = self.monitors.clients.lock();
        let line = line(self.clock.now_us(), db, source, args);
        let write = |out: &mut Writer| out.raw(&line);
        let message = Message::new(&write);
        clients.iter().for_each(|client| self.pubsub.push(client, &message));
    }
}

/// `+time [database source] "verb" "argument" …`.
fn line(now_us: u64, db: usize, source: Source<'_>, args: &[&[u8]]) -> Vec<u8> {
    let mut text = format!("+{}.{:06} [{db} ", now_us / 1_000_000, now_us % 1_000_000);
    let _ = match source {
        Source::Script => write!(text, "lua"),
        Source::Session(client) if client.fd < 0 => write!(text, "in-process:{}", client.id),
        Source::Session(client) if client.address.starts_with('/') => {
            write!(text, "unix:{}", client.address.trim_end_matches(":0"))
        }
        Source::Session(client) => write!(text, "{}", client.address),
    };
    text.push(']');
    for (at, arg) in args.iter().enumerate() {
        text.push_str(" \"");
        if is_secret(args, at) {
            text.push_str("(redacted)");
        } else {
            quote(&mut text, arg);
        }
        text.push('"');
    }
    text.push_str("\r\n");
    text.into_bytes()
}

/// Whether an argument is one that proves who somebody is.
fn is_secret(args: &[&[u8]], at: usize) -> bool {
    let is = |at: usize, word: &str| args.get(at).is_some_and(|arg| is_word(arg, word));
    let behind = |word: &str, count: usize| (1..=count).any(|back| at >= back && is(at - back, word));
    match at {
        0 => false,
        _ if is(0, "AUTH") => true,
        2.. if is(0, "HELLO") => behind("AUTH", 2),
        5.. if is(0, "MIGRATE") => behind("AUTH", 1) || behind("AUTH2", 2),
        _ => false,
    }
}

fn quote(text: &mut String, arg: &[u8]) {
    for &byte in arg {
        let _ = match byte {
            b'\\' | b'"' => write!(text, "\\{}", byte as char),
            b'\n' => write!(text, "\\n"),
            b'\r' => write!(text, "\\r"),
            b'\t' => write!(text, "\\t"),
            7 => write!(text, "\\a"),
            8 => write!(text, "\\b"),
            b' '..=b'~' => write!(text, "{}", byte as char),
            _ => write!(text, "\\x{byte:02x}"),
        };
    }
}
