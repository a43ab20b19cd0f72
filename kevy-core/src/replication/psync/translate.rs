//! Effects in the words that every Redis from 7.0 on understands.
//!
//! Most effects are such words. What Redis has no type for is left out, and so are the expiries of hash fields, which
//! are younger than 7.0: the fields themselves end by HDEL when their time comes. Payloads take an older form.

use crate::resp::{ArgVec, decode_command, encode_command};
use crate::snapshot::fit::{Fitted, fit};

/// How often something could not be said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Effects on values of types that Redis does not have.
    pub foreign: u64,
    /// Expiries of hash fields.
    pub field_expiries: u64,
}

/// Verbs on vector sets that change something.
const VECTOR_SET: [&[u8]; 3] = [b"VADD", b"VREM", b"VSETATTR"];
/// Verbs on the expiry of hash fields that effects use.
const FIELD_EXPIRY: [&[u8]; 2] = [b"HPEXPIREAT", b"HPERSIST"];

fn is_any(verb: &[u8], verbs: &[&[u8]]) -> bool {
    verbs.iter().any(|other| verb.eq_ignore_ascii_case(other))
}

/// Effects that concern every shard's keys at once, so that each shard records them and a merged stream has them once.
pub fn is_about_all(verb: &[u8]) -> bool {
    is_any(verb, &[b"FLUSHALL", b"FLUSHDB", b"SWAPDB"])
}

/// What an effect becomes.
#[derive(Debug, PartialEq, Eq)]
pub enum Said {
    AsItIs,
    Otherwise(Vec<u8>),
    NotAtAll,
}

/// Says the effect `argv`, whose first argument is `verb`.
#[inline]
pub fn say(verb: &[u8], argv: &[u8], left_out: &mut LeftOut) -> Said {
    match verb.first() {
        Some(b'J' | b'j' | b'V' | b'v' | b'H' | b'h' | b'R' | b'r') => say_rare(verb, argv, left_out),
        _ => Said::AsItIs,
    }
}

fn say_rare(verb: &[u8], argv: &[u8], left_out: &mut LeftOut) -> Said {
    let is_json = verb.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"JSON."));
    if is_json || is_any(verb, &VECTOR_SET) {
        left_out.foreign += 1;
        return Said::NotAtAll;
    }
    if is_any(verb, &FIELD_EXPIRY) {
        left_out.field_expiries += 1;
        return Said::NotAtAll;
    }
    if !verb.eq_ignore_ascii_case(b"RESTORE") {
        return Said::AsItIs;
    }
    let mut args = ArgVec::new();
    match (decode_command(argv, &mut args), &args[..]) {
        (Ok(Some(_)), [_, key, expire_at, payload, options @ ..]) => {
            restore(key, expire_at, payload, options, left_out)
        }
        _ => Said::AsItIs,
    }
}

fn restore(key: &[u8], expire_at: &[u8], payload: &[u8], options: &[&[u8]], left_out: &mut LeftOut) -> Said {
    let mut argv = Vec::new();
    match fit(payload) {
        Fitted::AsItIs => return Said::AsItIs,
        Fitted::Impossible => {
            // What the key held before has gone all the same.
            left_out.foreign += 1;
            encode_command(&mut argv, &[b"DEL", key]);
        }
        Fitted::Changed { payload, is_reduced } => {
            left_out.field_expiries += u64::from(is_reduced);
            let mut args: Vec<&[u8]> = vec![b"RESTORE", key, expire_at, &payload];
            args.extend(options);
            encode_command(&mut argv, &args);
        }
    }
    Said::Otherwise(argv)
}
