//! REPLCONF, PSYNC and SYNC, what a replica says before its connection becomes a feed, and FAILOVER, which makes one a primary.

use super::arguments::{integer, integer_in, is_word};
use super::client::ClientKind;
use super::replication::check_copy;
use super::session::Request;
use super::table::server as rows;
use super::{Command, Context, Fail, Outcome};

pub static COMMANDS: &[Command] = &[
    Command::new(rows::FAILOVER, failover),
    Command::new(rows::PSYNC, psync),
    Command::new(rows::REPLCONF, replconf),
    Command::new(rows::SYNC, psync),
];

/// What a replica has said of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Introduction {
    /// The port that its clients connect to; 0 where it did not say.
    pub port: u16,
    /// The address that it wants to be shown by.
    pub address: Option<String>,
    /// `capa eof`, `capa psync2`
    pub eof: bool,
    pub psync2: bool,
    pub rdb_only: bool,
    /// `rdb-filter-only` names nothing: a copy without keys is wanted.
    pub no_keys: bool,
    /// What keys begin with that its user may copy, any of these; `None` for all keys. Set by the handshake.
    pub part: Option<Vec<Vec<u8>>>,
}

/// The longest address that a replica may give itself, as in Redis.
const ADDRESS_LEN_MAX: usize = 254;

/// The opening is checked by whoever makes the feed, which answers it.
fn psync(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    check_copy(ctx, args)?;
    if ctx.session.client.kind() != ClientKind::Replica {
        ctx.session.request = Some(Request::Replicate);
    }
    Ok(())
}

fn replconf(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    if args.len().is_multiple_of(2) {
        return Err(Fail::SYNTAX);
    }
    for pair in args[1..].chunks(2) {
        let [name, value] = *pair else { return Err(Fail::SYNTAX) };
        let introduction = &mut ctx.session.introduction;
        match name {
            name if is_word(name, "listening-port") => {
                let port = integer(value)?;
                introduction.port = u16::try_from(port).unwrap_or_default();
            }
            name if is_word(name, "ip-address") => {
                if value.len() > ADDRESS_LEN_MAX {
                    return Err(Fail::new(
                        "ERR REPLCONF ip-address provided by replica instance is too long",
                    ));
                }
                let is_plain = value.iter().all(|byte| byte.is_ascii_graphic() && *byte != b',');
                introduction.address = is_plain
                    .then(|| String::from_utf8_lossy(value).into_owned())
                    .filter(|text| !text.is_empty());
            }
            name if is_word(name, "capa") => {
                introduction.eof |= is_word(value, "eof");
                introduction.psync2 |= is_word(value, "psync2");
            }
            name if is_word(name, "version") => {}
            name if is_word(name, "rdb-only") => {
                introduction.rdb_only =
                    integer_in(value, 0..=1, "ERR value is out of range, value must between 0 and 1")? == 1;
            }
            name if is_word(name, "rdb-filter-only") => {
                for word in value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
                    if !is_word(word, "functions") {
                        return Err(Fail::quoting("ERR Unsupported rdb-filter-only option: {}", word));
                    }
                }
                introduction.no_keys = true;
            }
            // Said where they mean nothing; no answer is waited for.
            name if is_word(name, "ack") || is_word(name, "getack") => return Ok(()),
            _ => return Err(Fail::quoting("ERR Unrecognized REPLCONF option: {}", name)),
        }
    }
    ctx.out.ok();
    Ok(())
}

/// A planned change of primaries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailoverOrder {
    /// The replica that shall be the primary, by its address and port; any where there is none.
    pub target: Option<(String, u16)>,
    /// After the timeout the target becomes the primary even if it has not everything.
    pub force: bool,
    /// Milliseconds, 0 for ever.
    pub timeout_ms: u64,
}

/// FAILOVER [TO host port [FORCE]] [ABORT] [TIMEOUT milliseconds]
fn failover(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let hooks = ctx.server.hooks.get().ok_or(Fail::new("ERR FAILOVER requires connected replicas."))?;
    let (mut order, mut abort, mut rest) = (FailoverOrder::default(), false, &args[1..]);
    loop {
        rest = match rest {
            [] => break,
            [word, rest @ ..] if is_word(word, "ABORT") && args.len() == 2 => {
                abort = true;
                rest
            }
            [word, timeout, rest @ ..] if is_word(word, "TIMEOUT") && order.timeout_ms == 0 => {
                let timeout = integer(timeout)?;
                if timeout <= 0 {
                    return Err(Fail::new("ERR FAILOVER timeout must be greater than 0"));
                }
                order.timeout_ms = timeout as u64;
                rest
            }
            [word, host, port, rest @ ..] if is_word(word, "TO") && order.target.is_none() => {
                let port = u16::try_from(integer(port)?).unwrap_or_default();
                order.target = Some((String::from_utf8_lossy(host).into_owned(), port));
                rest
            }
            [word, rest @ ..] if is_word(word, "FORCE") && !order.force => {
                order.force = true;
                rest
            }
            _ => return Err(Fail::SYNTAX),
        };
    }
    let done = if abort { hooks.abort_failover() } else { hooks.begin_failover(order) };
    match done {
        Ok(()) => {
            ctx.out.ok();
            Ok(())
        }
        Err(text) => Err(Fail::quoting("{}", text.as_bytes())),
    }
}
