//! The part of a keyspace that a replica follows: which effects concern it, and which keys of a snapshot.
//!
//! A feed asks here before it sends. Effects that tell of each key by itself can be judged one by one; while such a replica
//! is known, shards record no others (see [`crate::shard::Shard::tell_by_value`]).

use std::sync::{Arc, OnceLock};

use smallvec::SmallVec;

use crate::command::{CommandSet, Commands, keys};
use crate::resp::encode_command;
pub use crate::snapshot::Kind;
use crate::snapshot::{Chosen, fit};

/// The most prefixes that one replica names.
pub const PREFIXES_MAX: usize = 1024;

/// Verbs that replace what a key holds, whatever that was.
const REPLACING: [&[u8]; 12] = [
    b"SET",
    b"MSET",
    b"SETEX",
    b"PSETEX",
    b"SETNX",
    b"GETSET",
    b"MSETNX",
    b"RESTORE",
    b"BITOP",
    b"SINTERSTORE",
    b"SUNIONSTORE",
    b"SDIFFSTORE",
];
/// Verbs whose keys change their names or databases, so that what a key becomes is not told.
const TRANSFERS: [&[u8]; 4] = [b"RENAME", b"RENAMENX", b"COPY", b"MOVE"];

/// What a replica has named. Nothing is left out by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// What keys begin with, any of these; every key if empty.
    pub prefixes: Vec<Vec<u8>>,
    /// The types of values; every type if empty.
    pub kinds: Vec<Kind>,
}

/// What becomes of an effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is sent as it is.
    Whole,
    /// It concerns no key that is followed.
    Without,
    /// This command is sent in its place.
    Instead(Vec<u8>),
    /// It gives a key that is followed a value that only a copy of the others could tell.
    Untold,
}

/// Keys of an effect: where they stand, and whether they are written to.
type Keys = SmallVec<[(usize, bool); 4]>;

impl Selection {
    /// True where everything is followed.
    pub fn is_all(&self) -> bool {
        self.prefixes.is_empty() && self.kinds.is_empty()
    }

    /// What a handshake says of it.
    pub fn words(&self) -> Vec<Vec<u8>> {
        let prefixes = self.prefixes.iter().map(|prefix| [b"prefix=", &prefix[..]].concat());
        let kinds = self.kinds.iter().map(|kind| format!("type={}", kind.name()).into_bytes());
        prefixes.chain(kinds).collect()
    }

    fn has_key(&self, key: &[u8]) -> bool {
        self.prefixes.is_empty() || self.prefixes.iter().any(|prefix| key.starts_with(prefix))
    }

    fn has_kind(&self, kind: Kind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }

    /// Which keys a snapshot holds; `None` for all.
    pub fn chosen(self: &Arc<Self>) -> Option<Chosen> {
        let this = Arc::clone(self);
        let is_chosen = move |key: &[u8], value: &crate::snapshot::ValueRef<'_>| {
            this.has_key(key) && this.has_kind(value.kind())
        };
        (!self.is_all()).then(|| Chosen(Arc::new(is_chosen)))
    }

    /// What becomes of the effect with these arguments. One without keys concerns everybody.
    pub fn judge(&self, args: &[&[u8]]) -> Verdict {
        let commands = commands();
        let (Some(verb), Some(number)) = (args.first(), commands.find(args)) else { return Verdict::Whole };
        let spec = &commands.command(number).spec;
        let mut all = Keys::new();
        let visited = keys::each_key(spec, args, |at, key| {
            if !key.flags.contains(&"not_key") {
                all.push((at, !key.flags.contains(&"RO")));
            }
        });
        if visited.is_err() || all.is_empty() {
            return Verdict::Whole;
        }
        let is_followed = |&&(at, _): &&(usize, bool)| args.get(at).is_some_and(|key| self.has_key(key));
        let followed: Keys = all.iter().filter(is_followed).copied().collect();
        if followed.is_empty() {
            return Verdict::Without;
        }
        if !self.kinds.is_empty() {
            if is_any(verb, &TRANSFERS) {
                return Verdict::Untold;
            }
            if !kind_of(verb, spec.group, args).is_none_or(|kind| self.has_kind(kind)) {
                // What the key held before may have been followed.
                return if is_any(verb, &REPLACING) { deletion(&followed, args) } else { Verdict::Without };
            }
        }
        if followed.len() == all.len() { Verdict::Whole } else { part(verb, &followed, args) }
    }
}

/// The table of commands that effects are looked up in.
fn commands() -> &'static CommandSet {
    static COMMANDS: OnceLock<CommandSet> = OnceLock::new();
    COMMANDS.get_or_init(CommandSet::redis)
}

fn is_any(verb: &[u8], verbs: &[&[u8]]) -> bool {
    verbs.iter().any(|other| verb.eq_ignore_ascii_case(other))
}

/// The type that an effect says its keys have, or will have; `None` where it does not.
fn kind_of(verb: &[u8], group: &str, args: &[&[u8]]) -> Option<Kind> {
    match group {
        "string" | "bitmap" | "hyperloglog" => Some(Kind::String),
        "list" => Some(Kind::List),
        "set" => Some(Kind::Set),
        "sorted-set" | "geo" => Some(Kind::SortedSet),
        "hash" => Some(Kind::Hash),
        "stream" => Some(Kind::Stream),
        "vector_set" => Some(Kind::VectorSet),
        _ if verb.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"JSON.")) => Some(Kind::Json),
        _ if verb.eq_ignore_ascii_case(b"RESTORE") => fit::kind_of(args.get(3)?),
        _ => None,
    }
}

/// The effect, as far as it concerns some of its keys.
fn part(verb: &[u8], followed: &Keys, args: &[&[u8]]) -> Verdict {
    // The arguments that belong to one key.
    let len = match verb {
        _ if is_any(verb, &[b"DEL", b"UNLINK"]) => 1,
        _ if is_any(verb, &[b"MSET"]) => 2,
        _ if is_any(verb, &[b"JSON.MSET"]) => 3,
        _ if is_any(verb, &[b"RENAME"]) && followed.iter().all(|(at, _)| *at == 1) => {
            return deletion(followed, args);
        }
        _ if followed.iter().any(|(_, is_written)| *is_written) => return Verdict::Untold,
        _ => return Verdict::Without,
    };
    let groups = followed.iter().filter_map(|(at, _)| args.get(*at..at + len)).flatten();
    let words: Vec<&[u8]> = std::iter::once(verb).chain(groups.copied()).collect();
    said(&words)
}

/// Says that the keys which the effect writes to have gone.
fn deletion(followed: &Keys, args: &[&[u8]]) -> Verdict {
    let written = followed.iter().filter(|(_, is_written)| *is_written).filter_map(|(at, _)| args.get(*at));
    let words: Vec<&[u8]> = std::iter::once(&b"DEL"[..]).chain(written.copied()).collect();
    if words.len() == 1 { Verdict::Without } else { said(&words) }
}

fn said(words: &[&[u8]]) -> Verdict {
    let mut argv = Vec::new();
    encode_command(&mut argv, words);
    Verdict::Instead(argv)
}

/// The type that `TYPE` calls so, in any case.
pub fn kind_named(name: &[u8]) -> Option<Kind> {
    Kind::ALL.iter().copied().find(|kind| name.eq_ignore_ascii_case(kind.name().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(prefixes: &[&str], kinds: &[Kind], line: &str) -> String {
        let prefixes = prefixes.iter().map(|prefix| prefix.as_bytes().to_vec()).collect();
        let selection = Selection { prefixes, kinds: kinds.to_vec() };
        let args: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        match selection.judge(&args) {
            Verdict::Whole => "whole".into(),
            Verdict::Without => "without".into(),
            Verdict::Untold => "untold".into(),
            Verdict::Instead(argv) => {
                let mut args = crate::resp::ArgVec::new();
                crate::resp::decode_command(&argv, &mut args).expect("a command").expect("whole");
                let words: Vec<_> = args.iter().map(|arg| String::from_utf8_lossy(arg)).collect();
                words.join(" ")
            }
        }
    }

    #[test]
    fn effects_are_judged_by_their_keys() {
        for (line, verdict) in [
            ("SET a:1 v", "whole"),
            ("SET c:1 v", "without"),
            ("set b:1 v", "whole"),
            ("FLUSHALL", "whole"),
            ("SWAPDB 0 1", "whole"),
            ("PUBLISH c v", "whole"),
            ("SPUBLISH c v", "whole"),
            ("FUNCTION LOAD x", "whole"),
            ("OWN.VERB c v", "whole"),
            ("DEL a:1 c:1 b:1", "DEL a:1 b:1"),
            ("UNLINK c:1 a:1", "UNLINK a:1"),
            ("DEL c:1 c:2", "without"),
            ("MSET a:1 1 c:1 2 b:1 3", "MSET a:1 1 b:1 3"),
            ("JSON.MSET c:1 $ 1 a:1 $ 2", "JSON.MSET a:1 $ 2"),
            ("RENAME a:1 c:1", "DEL a:1"),
            ("RENAME a:1 b:1", "whole"),
            ("RENAME c:1 a:1", "untold"),
            ("COPY a:1 c:1 REPLACE", "without"),
            ("COPY c:1 a:1", "untold"),
            ("SINTERSTORE c:1 a:1 a:2", "without"),
            ("SINTERSTORE a:1 c:1 a:2", "untold"),
            ("BITOP OR a:1 c:1", "untold"),
            ("LMOVE a:1 c:1 LEFT LEFT", "untold"),
        ] {
            assert_eq!(judge(&["a:", "b:"], &[], line), verdict, "{line}");
        }
    }

    #[test]
    fn effects_are_judged_by_the_type_that_they_leave_behind() {
        let payload = "RESTORE k 0 \u{0}x REPLACE ABSTTL";
        for (line, verdict) in [
            ("HSET k f v", "whole"),
            ("HPEXPIREAT k 1 FIELDS 1 f", "whole"),
            ("RPUSH k v", "without"),
            ("INCR k", "without"),
            ("PFADD k v", "without"),
            ("GEOADD k 1 1 m", "without"),
            ("JSON.SET k $ 1", "without"),
            ("SET k v", "DEL k"),
            ("MSET k v l w", "DEL k l"),
            ("BITOP OR k l m", "DEL k"),
            (payload, "DEL k"),
            ("DEL k", "whole"),
            ("PEXPIREAT k 1", "whole"),
            ("RENAME k l", "untold"),
            ("MOVE k 1", "untold"),
            ("FLUSHDB", "whole"),
        ] {
            assert_eq!(judge(&[], &[Kind::Hash], line), verdict, "{line}");
        }
        assert_eq!(judge(&["l"], &[Kind::Hash], "MSET k v l w"), "DEL l");
        assert_eq!(judge(&["l"], &[Kind::Set], "SUNIONSTORE l k"), "untold");
        assert_eq!(judge(&["l"], &[Kind::Hash], "SUNIONSTORE l k"), "DEL l");
        assert_eq!(judge(&["k"], &[Kind::Hash], "SUNIONSTORE l k"), "without");
    }
}
