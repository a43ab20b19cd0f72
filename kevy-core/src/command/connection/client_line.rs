//! The line that CLIENT LIST and CLIENT INFO show of a client.

use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::command::client::ClientKind;
use crate::command::{Client, Server};

fn load(number: &AtomicUsize) -> usize {
    number.load(Ordering::Relaxed)
}

/// How much of a client's output Redis keeps in the client itself. `obl` counts that, `oll` and `omem` what is more.
const REPLY_BUFFER_BYTES: usize = 16 * 1024;

/// Appends the line of `client`, its line end included. Fields and their order are those of Redis 7.2.
pub fn push_line(out: &mut Vec<u8>, client: &Client, server: &Server, now: u64) {
    let text = client.text.lock().clone();
    let seconds = |since: u64| now.saturating_sub(since) / 1000;
    let (query, query_free, output) =
        (load(&client.query_buffer), load(&client.query_buffer_free), load(&client.output_buffer));
    let total = client.memory();
    let output = output + client.outbox.bytes();
    let (fixed, list) = if output > REPLY_BUFFER_BYTES { (REPLY_BUFFER_BYTES, output) } else { (output, 0) };
    let (argv, multi) = (load(&client.args_memory), load(&client.queue_memory));
    let number = load(&client.last_command);
    let command = if number < server.commands.count() { server.commands.name(number) } else { "NULL" };
    let user = String::from_utf8_lossy(&text.user);
    let _ = write!(
        out,
        "id={} addr={} laddr={} fd={}",
        client.id, client.address, client.local_address, client.fd
    );
    let _ = write!(out, " name={}", text.name.escape_ascii());
    let _ = write!(
        out,
        " age={} idle={} flags={} db={} sub={} psub={} ssub={} multi={}",
        seconds(client.created_ms),
        seconds(client.last_active_ms.load(Ordering::Relaxed)),
        flags(client),
        load(&client.db),
        load(&client.subscriptions),
        load(&client.pattern_subscriptions),
        load(&client.shard_subscriptions),
        client.queued.load(Ordering::Relaxed),
    );
    let _ = write!(
        out,
        " qbuf={query} qbuf-free={query_free} argv-mem={argv} multi-mem={multi} \
         rbs={REPLY_BUFFER_BYTES} rbp={fixed} obl={fixed} oll={} omem={list} tot-mem={total} events={} cmd={command} user={user} redir={} resp={}",
        list.div_ceil(REPLY_BUFFER_BYTES),
        events(client, output),
        client.tracking.load(Ordering::Relaxed),
        client.protocol.load(Ordering::Relaxed),
    );
    let _ = writeln!(
        out,
        " lib-name={} lib-ver={}",
        text.library_name.escape_ascii(),
        text.library_version.escape_ascii()
    );
}

/// What the reactor waits for on the client's socket; nothing for a session without one.
fn events(client: &Client, output: usize) -> &'static str {
    match (client.fd, output) {
        (..0, _) => "",
        (_, 0) => "r",
        _ => "rw",
    }
}

fn flags(client: &Client) -> String {
    let mut flags = String::new();
    match client.kind() {
        ClientKind::Normal if client.is_monitor.load(Ordering::Relaxed) => flags.push('O'),
        ClientKind::Normal => {}
        ClientKind::Replica => flags.push('S'),
        ClientKind::Primary => flags.push('M'),
        ClientKind::Pubsub => flags.push('P'),
    }
    let is_unix = client.fd >= 0 && client.address.starts_with('/');
    let shown = [
        (client.queued.load(Ordering::Relaxed) >= 0, 'x'),
        (client.is_blocked(), 'b'),
        (client.tracking.load(Ordering::Relaxed) >= 0, 't'),
        (client.is_redirect_broken.load(Ordering::Relaxed), 'R'),
        (client.is_tracking_broadcast.load(Ordering::Relaxed), 'B'),
        (client.is_killed(), 'A'),
        (is_unix, 'U'),
        (client.no_evict.load(Ordering::Relaxed), 'e'),
        (client.no_touch.load(Ordering::Relaxed), 'T'),
    ];
    flags.extend(shown.into_iter().filter(|(set, _)| *set).map(|(_, flag)| flag));
    if flags.is_empty() { "N".to_owned() } else { flags }
}
