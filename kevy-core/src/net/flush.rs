//! Sending what connections have ready.

use crate::io::{Moved, Sent};

use super::connection::{Connection, Fate};

/// A buffer that has grown beyond this is given back once it is empty.
const KEEP_BYTES_MAX: usize = 64 * 1024;
/// How much an upgraded connection may have waiting to be sent.
const UPGRADE_OUTPUT_BYTES: usize = 256 * 1024;

/// The limits of `client-output-buffer-limit` for one class of clients; 0 for none.
#[derive(Clone, Copy, Debug, Default)]
pub struct OutputLimit {
    pub hard_bytes: usize,
    pub soft_bytes: usize,
    pub soft_ms: u64,
}

/// Asks the connection's upgrade for bytes until it has none or enough wait. True where it has more.
pub fn fill(connection: &mut Connection, now: u64) -> bool {
    let Some(upgrade) = &mut connection.upgrade else { return false };
    if connection.out.buf.len() - connection.sent >= UPGRADE_OUTPUT_BYTES
        && matches!(upgrade.output(&mut connection.out.buf, 0, now), Sent::Close | Sent::Abort)
    {
        // A peer that takes nothing would never take the rest either.
        connection.fate = Fate::Close;
    }
    while connection.out.buf.len() - connection.sent < UPGRADE_OUTPUT_BYTES && connection.fate == Fate::Open {
        let budget = UPGRADE_OUTPUT_BYTES - (connection.out.buf.len() - connection.sent);
        match upgrade.output(&mut connection.out.buf, budget, now) {
            Sent::More => {}
            Sent::Later => break,
            Sent::Idle => return false,
            Sent::Close => connection.fate = Fate::CloseWhenSent,
            Sent::Abort => connection.fate = Fate::Close,
        }
    }
    connection.fate == Fate::Open
}

/// Sends as much as the socket takes and returns how much it was. What the ring sends goes first.
pub fn flush(connection: &mut Connection) -> usize {
    let mut total = 0;
    if connection.writable && connection.socket.has_pending() {
        if connection.socket.flush().is_err() {
            connection.fate = Fate::Close;
            return 0;
        }
        connection.writable = !connection.socket.has_pending();
    }
    while connection.writable && connection.flight.is_none() && connection.sent < connection.safe {
        match connection.socket.send(&connection.out.buf[connection.sent..connection.safe]) {
            Ok(Moved::Bytes(n)) => {
                connection.sent += n;
                total += n;
            }
            Ok(Moved::Later) => connection.writable = false,
            Ok(Moved::Closed) | Err(_) => {
                connection.fate = Fate::Close;
                return total;
            }
        }
    }
    if connection.sent == connection.out.buf.len() {
        connection.out.buf.clear();
        (connection.sent, connection.safe) = (0, 0);
        if connection.out.buf.capacity() > KEEP_BYTES_MAX {
            connection.out.buf.shrink_to(KEEP_BYTES_MAX);
        }
    } else if connection.sent > KEEP_BYTES_MAX && connection.sent * 2 > connection.out.buf.len() {
        connection.out.buf.drain(..connection.sent);
        connection.safe -= connection.sent;
        for held in &mut connection.held_for_disk {
            held.end -= connection.sent;
        }
        connection.sent = 0;
    }
    total
}

/// Closes a connection whose unread replies pass its limit. True where it is over.
pub fn enforce(connection: &mut Connection, limit: &OutputLimit, now: u64) -> bool {
    let unsent = connection.owed();
    let over_soft = limit.soft_bytes > 0 && unsent > limit.soft_bytes;
    let since = if over_soft { Some(connection.over_soft_limit_since.unwrap_or(now)) } else { None };
    connection.over_soft_limit_since = since;
    let over = (limit.hard_bytes > 0 && unsent > limit.hard_bytes)
        || since.is_some_and(|since| now.saturating_sub(since) > limit.soft_ms);
    if over {
        connection.fate = Fate::Close;
    }
    over
}
