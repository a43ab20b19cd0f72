//! Reading what a connection sent, and running it.

use std::sync::atomic::Ordering;

use crate::base::log_sink;
use crate::io::Moved;
use crate::resp::Batch;

use super::connection::{Connection, Fate};
use super::serve::Counter;

/// Bytes read from one connection at a time.
pub const READ_BYTES: usize = 32 * 1024;
/// The most that a connection's own buffer grows ahead of the bytes received.
const READ_AHEAD_BYTES_MAX: usize = 1 << 20;

/// Reads into `arena`, or into the connection's own buffer where an argument is half received. Returns how many
/// bytes are in the arena.
pub fn read(connection: &mut Connection, arena: &mut [u8]) -> usize {
    if connection.stalled || connection.fate != Fate::Open || !connection.readable {
        return 0;
    }
    let own = connection.want > READ_BYTES / 2;
    let (start, moved) = if own {
        let start = connection.input.len();
        let room = connection.want.clamp(READ_BYTES, READ_AHEAD_BYTES_MAX);
        connection.input.resize(start + room, 0);
        (start, connection.socket.receive(&mut connection.input[start..]))
    } else {
        (0, connection.socket.receive(&mut arena[..READ_BYTES]))
    };
    let got = match moved {
        Ok(Moved::Bytes(n)) => n,
        Ok(Moved::Later) => 0,
        Ok(Moved::Closed) | Err(_) => {
            connection.ended = true;
            0
        }
    };
    let offered = if own { connection.input.len() - start } else { READ_BYTES };
    // A short read has emptied the socket, unless its end stands behind what was read.
    connection.readable = got == offered || (connection.ending && got > 0) || connection.socket.has_more();
    if own {
        connection.input.truncate(start + got);
        0
    } else {
        got
    }
}

/// Runs what a connection sent, now and before.
pub fn serve_connection(
    counter: &mut Counter<'_>,
    connection: &mut Connection,
    key: usize,
    bytes: &[u8],
    batch: &mut Batch,
    now: u64,
) {
    let client = connection.session.client.clone();
    client.last_active_ms.store(now, Ordering::Relaxed);
    if connection.upgrade.is_some() {
        connection.input.extend_from_slice(bytes);
    } else if connection.input.is_empty() {
        let used = counter.serve(connection, key, bytes, batch);
        connection.input.extend_from_slice(&bytes[used..]);
    } else {
        let mut input = std::mem::take(&mut connection.input);
        input.extend_from_slice(bytes);
        let used = counter.serve(connection, key, &input, batch);
        input.drain(..used);
        // A buffer that one large argument grew is given back once that is done.
        if !input.is_empty() || input.capacity() <= READ_BYTES {
            connection.input = input;
        }
    }
    if let Some(upgrade) = &mut connection.upgrade {
        match upgrade.input(&connection.input, now) {
            Ok(used) => {
                connection.input.drain(..used);
            }
            Err(text) => {
                log_sink::warning(format_args!("the link of {} is closed: {text}", connection.socket.peer));
                connection.fate = Fate::Close;
            }
        }
    }
    if connection.ended && !connection.stalled && connection.fate == Fate::Open {
        connection.fate = Fate::CloseWhenSent;
    }
    connection.session.publish(connection.input.len(), connection.kept(), connection.out.protocol);
}

/// Puts a connection among those whose replies are to be sent, where it has any.
#[inline]
pub fn mark_dirty(dirty: &mut Vec<usize>, connection: &mut Connection, key: usize) {
    let due = connection.unsent() > 0
        || connection.upgrade.is_some()
        || connection.fate != Fate::Open
        || connection.stalled
        || connection.socket.has_pending();
    if due && !connection.dirty {
        connection.dirty = true;
        dirty.push(key);
    }
}

/// Puts a connection among those that are to be read.
#[inline]
pub fn list(readable: &mut Vec<usize>, connection: &mut Connection, key: usize) {
    if !connection.listed {
        connection.listed = true;
        readable.push(key);
    }
}
