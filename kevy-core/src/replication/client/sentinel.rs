//! Asking Sentinels where a primary is now: `SENTINEL GET-MASTER-ADDR-BY-NAME`.

use crate::base::{Error, ErrorKind, Result};
use crate::resp::command::{decode_bulk, decode_count};
use crate::resp::encode_command;

use super::super::wire::shown;

/// The port of a Sentinel whose address names none.
pub const PORT_DEFAULT: u16 = 26_379;

/// The longest reply that is read.
pub const REPLY_BYTES_MAX: usize = 4096;

/// What is sent to a Sentinel.
pub fn question(name: &str, user: &str, password: &str) -> Vec<u8> {
    let mut out = Vec::new();
    match (user, password) {
        (_, "") => {}
        ("", password) => encode_command(&mut out, &[b"AUTH", password.as_bytes()]),
        (user, password) => encode_command(&mut out, &[b"AUTH", user.as_bytes(), password.as_bytes()]),
    }
    encode_command(&mut out, &[b"SENTINEL", b"GET-MASTER-ADDR-BY-NAME", name.as_bytes()]);
    out
}

/// The host and the port that a reply names; `None` where it is not there whole.
///
/// # Errors
/// Where the Sentinel does not know the primary, or answers something else.
pub fn answer(mut bytes: &[u8]) -> Result<Option<(String, u16)>> {
    let wrong = |what: &[u8]| {
        Error::new(ErrorKind::Io, format!("a Sentinel answered '{}'", shown(&what[..what.len().min(64)])))
    };
    // The reply to AUTH.
    if bytes.starts_with(b"+") {
        let Some(end) = memchr::memchr(b'\n', bytes) else { return Ok(None) };
        bytes = &bytes[end + 1..];
    }
    match bytes.first() {
        None => return Ok(None),
        Some(b'*') if bytes.starts_with(b"*-1") => {
            return Err(Error::new(ErrorKind::Io, "a Sentinel does not know a primary of that name"));
        }
        Some(b'*') => {}
        Some(_) => return Err(wrong(bytes)),
    }
    let broken = |_| wrong(bytes);
    let Some((count, at)) = decode_count(bytes, 0).map_err(broken)? else { return Ok(None) };
    if count != 2 {
        return Err(wrong(bytes));
    }
    let Some((from, to)) = decode_bulk(bytes, at).map_err(broken)? else { return Ok(None) };
    let Some((port_from, port_to)) = decode_bulk(bytes, to + 2).map_err(broken)? else { return Ok(None) };
    let text = |from: usize, to: usize| bytes.get(from..to).and_then(|text| std::str::from_utf8(text).ok());
    let host = text(from, to).filter(|host| !host.is_empty()).ok_or_else(|| wrong(bytes))?;
    let port = text(port_from, port_to).and_then(|port| port.parse().ok()).ok_or_else(|| wrong(bytes))?;
    Ok(Some((host.to_owned(), port)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_once_it_is_whole() {
        let reply = b"+OK\r\n*2\r\n$9\r\n127.0.0.1\r\n$4\r\n7001\r\n";
        for len in 0..reply.len() {
            assert_eq!(answer(&reply[..len]), Ok(None), "{len}");
        }
        assert_eq!(answer(reply), Ok(Some(("127.0.0.1".into(), 7001))));
        for reply in [&b"*-1\r\n"[..], b"-ERR no\r\n", b"*1\r\n$1\r\na\r\n", b"*2\r\n$1\r\na\r\n$1\r\nb\r\n"]
        {
            assert_eq!(answer(reply).map_err(|error| error.kind()), Err(ErrorKind::Io));
        }
    }
}
