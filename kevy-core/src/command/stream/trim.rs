//! XTRIM, and the trimming that XADD does.

use crate::base::number::format_u64;
use crate::command::arguments::{integer, is_word};
use crate::command::notify::event;
use crate::command::{Context, Fail, Origin, Outcome};
use crate::store::stream::StreamLimits;
use crate::store::{Limits, Nodes, References, Stream, Trim, TrimTo};

use super::effects::push_dropped;
use super::id;

/// What is trimmed at most by a `~` without LIMIT, in nodes, and the bounds of that in entries.
const NODES_MAX: u64 = 100;
const ENTRIES_DEFAULT: u64 = 10_000;
const ENTRIES_MAX: u64 = 1_000_000;

/// How a stream is to be trimmed, as far as arguments tell.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TrimArguments {
    to: Option<TrimTo>,
    is_approximate: bool,
    limit: Option<u64>,
    references: Option<References>,
}

/// What a word says of references to entries that go.
pub(super) fn references(word: &[u8]) -> Option<References> {
    let words = [("KEEPREF", References::Keep), ("DELREF", References::Delete), ("ACKED", References::Acked)];
    words.into_iter().find(|(name, _)| is_word(word, name)).map(|(_, meaning)| meaning)
}

impl TrimArguments {
    /// Reads one option at the beginning of `args` and returns the rest; `None` where there is no option of trimming.
    pub(super) fn take<'a, 'b>(&mut self, args: &'a [&'b [u8]]) -> Result<Option<&'a [&'b [u8]]>, Fail> {
        if let [word, rest @ ..] = args
            && self.references.is_none()
            && let Some(meaning) = references(word)
        {
            self.references = Some(meaning);
            return Ok(Some(rest));
        }
        let (word, rest) = match args {
            [word, rest @ ..] if !rest.is_empty() => (word, rest),
            _ => return Ok(None),
        };
        if is_word(word, "LIMIT") {
            let limit = u64::try_from(integer(rest[0])?);
            self.limit = Some(limit.map_err(|_| Fail::new("ERR The LIMIT argument must be >= 0."))?);
            return Ok(Some(&rest[1..]));
        }
        let is_length = is_word(word, "MAXLEN");
        if !is_length && !is_word(word, "MINID") {
            return Ok(None);
        }
        if self.to.is_some() {
            return Err(Fail::new(
                "ERR syntax error, MAXLEN and MINID options at the same time are not compatible",
            ));
        }
        let (is_approximate, rest) = match rest {
            [b"~", rest @ ..] if !rest.is_empty() => (true, rest),
            [b"=", rest @ ..] if !rest.is_empty() => (false, rest),
            _ => (false, rest),
        };
        self.is_approximate = is_approximate;
        self.to = Some(if is_length {
            let max = u64::try_from(integer(rest[0])?);
            TrimTo::Length(max.map_err(|_| Fail::new("ERR The MAXLEN argument must be >= 0."))?)
        } else {
            TrimTo::Id(id::exact(rest[0], 0)?)
        });
        Ok(Some(&rest[1..]))
    }

    /// What becomes of references to the entries that go.
    pub(super) fn references(&self) -> References {
        self.references.unwrap_or_default()
    }

    /// What the options come to. `must` says that there has to be something.
    pub(super) fn finish(
        self,
        origin: Origin,
        limits: &StreamLimits,
        must: bool,
    ) -> Result<Option<Trim>, Fail> {
        if self.to.is_none() && self.limit.is_some_and(|limit| limit > 0) {
            return Err(Fail::new(
                "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy",
            ));
        }
        if self.to.is_none() && must {
            return Err(Fail::new("ERR syntax error, XTRIM must be called with a trimming strategy"));
        }
        // A primary has resolved what it sends.
        if origin == Origin::Client && self.limit.is_some() && !self.is_approximate {
            return Err(Fail::new("ERR syntax error, LIMIT cannot be used without the special ~ option"));
        }
        let limit = match self.limit {
            _ if origin == Origin::Replica || !self.is_approximate => None,
            Some(limit) => Some(limit).filter(|limit| *limit > 0),
            None => {
                let entries = limits.node_entries_max.map_or(0, |max| max.saturating_mul(NODES_MAX));
                Some(if entries == 0 { ENTRIES_DEFAULT } else { entries.min(ENTRIES_MAX) })
            }
        };
        Ok(self.to.map(|to| Trim { to, is_approximate: self.is_approximate, limit }))
    }
}

/// The options of a trim that comes to what `trim` came to, now that it is done.
pub(super) fn resolved(trim: &Trim, nodes: &Nodes) -> [Vec<u8>; 3] {
    let (word, threshold) = match trim.to {
        TrimTo::Length(max) => {
            let max = if trim.is_approximate { nodes.len } else { max };
            (&b"MAXLEN"[..], format_u64(max).as_bytes().to_vec())
        }
        // Where nothing is left there is no first id.
        TrimTo::Id(_) if trim.is_approximate && nodes.len > 0 => (&b"MINID"[..], nodes.first_id.to_text()),
        TrimTo::Id(min) => (&b"MINID"[..], min.to_text()),
    };
    [word.to_vec(), b"=".to_vec(), threshold]
}

/// XTRIM key MAXLEN|MINID [=|~] threshold [LIMIT count] [KEEPREF|DELREF|ACKED]
pub fn xtrim(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now, key) = (context.session.db, context.now, args[1]);
    let mut options = TrimArguments::default();
    let mut rest = &args[2..];
    while !rest.is_empty() {
        rest = options.take(rest)?.ok_or(Fail::SYNTAX)?;
    }
    let origin = context.origin;
    let partition = context.at(key);
    let trim = options.finish(origin, &partition.keyspace.limits().stream, true)?.ok_or(Fail::SYNTAX)?;
    let done = partition.keyspace.edit(db, key, now, false, |stream: &mut Stream, _: &Limits, _| {
        let dropped = stream.trim(&trim, options.references());
        let resolved = (dropped.trimmed > 0).then(|| resolved(&trim, stream.nodes()));
        let changed = dropped.is_some();
        ((dropped, resolved), changed)
    })?;
    let (dropped, resolved) = done.unwrap_or_default();
    push_dropped(&mut partition.effects, db, key, &dropped);
    if let Some([word, sign, threshold]) = resolved {
        partition.effects.push(db, &[b"XTRIM", key, &word, &sign, &threshold]);
    }
    if dropped.is_some() {
        partition.notify(db, event::XTRIM, key);
    }
    context.out.unsigned(dropped.len());
    Ok(())
}
