//! The lines of the native protocol that are not frames, written and read.
//!
//! | line | from | meaning |
//! | --- | --- | --- |
//! | `REPLICATE FROM <offset> ID <id> [CAPA …]` | replica | begin; without a generation only a snapshot is safe |
//! | `REPLICATE FROM <generation> <offsets> ID <id> [CAPA …]` | replica | continue with these frames |
//! | `+ACK [<generation>] <offsets>` | primary | these frames come next |
//! | `+CAPA <word> …` | primary | what it does of that which the replica named in its handshake |
//! | `+RESYNC <reason>` | primary | the position cannot be continued; a snapshot follows |
//! | `+REBASE <generation> <offsets>` | primary | the place named in the handshake, of another history, is the acknowledged one here |
//! | `+SNAPSHOT`, `$<len>` chunks, `+SNAPSHOT_END <offsets>` | primary | an RDB, then the frames from there |
//! | `+SHARD <shard>` | primary | the frames that follow are of this shard |
//! | `+SKIP <offsets>` | primary | what lies before and was not sent is left out; these frames come next |
//! | `+PING <generation> <offsets>` | primary | nothing happened; these frames come next |
//! | `REPLCONF ACK <offsets> [APPLIED <offsets>]` | replica | everything before was received, applied |
//! | `-<error>` | primary | the link ends |
//!
//! `<offsets>` is one offset, or with `CAPA mux` one for each shard in ascending order, separated by commas. An
//! offset always names the next frame wanted or sent. A generation is a random identity of one history, at most
//! 53 bits; 0 stands for none. Peers that say `CAPA resync` are sent `+RESYNC` lines; those that say `CAPA rebase` may go on in
//! the history of another primary that this one has followed, or that it was before a restart, and are told by a `+REBASE`
//! line behind `+ACK`. Their databases stay as they were where the number of shards is the same; else each shard's next
//! frame names its database.
//!
//! A replica that follows a part of the keyspace says so with `CAPA prefix=<bytes>`, as often as there are prefixes, and
//! `CAPA type=<type>` likewise. A primary that knows these words answers `+CAPA filter` before `+ACK` and sends only what
//! concerns such keys, in the snapshot as well; offsets then leave gaps, and `+SKIP` tells of one that no frame follows soon.
//! A transaction of which nothing is sent vanishes, and one over several shards is sent of all of them or of none.
//!
//! With `CAPA batch` whatever follows the `+CAPA … batch` line comes in blocks (see [`super::block`]), which find damage on the
//! way; with `CAPA batch lz4` or `CAPA batch zstd` these are compressed where that pays, as the `+CAPA` line says. Such a line
//! inside a block changes nothing about that.

use smallvec::SmallVec;

use crate::base::number::{parse_i64, push_u64};

use super::block::Packing;
use super::selection::{PREFIXES_MAX, Selection, kind_named};

/// One offset for each shard of a link.
pub type Offsets = SmallVec<[u64; 8]>;

/// The longest line that is read: enough for the offsets of every possible shard.
pub const LINE_LEN_MAX: usize = 512 << 10;
/// The most shards a primary can have, one for each slot.
pub const SHARDS_MAX: usize = 16_384;
/// The largest generation, which a double still holds exactly.
pub const GENERATION_MAX: u64 = (1 << 53) - 1;
/// The longest id of a replica.
pub const ID_LEN_MAX: usize = 128;

/// A number without sign in canonical decimal form.
pub fn number(text: &[u8]) -> Option<u64> {
    parse_i64(text).and_then(|value| u64::try_from(value).ok())
}

/// Offsets separated by commas.
pub fn parse_offsets(text: &[u8]) -> Option<Offsets> {
    let offsets: Offsets = text.split(|byte| *byte == b',').map(number).collect::<Option<_>>()?;
    (offsets.len() <= SHARDS_MAX).then_some(offsets)
}

/// Appends offsets separated by commas.
pub fn push_offsets(out: &mut Vec<u8>, offsets: &[u64]) {
    for (at, offset) in offsets.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        push_u64(out, *offset);
    }
}

/// Offsets as text.
pub fn offsets_text(offsets: &[u64]) -> Vec<u8> {
    let mut text = Vec::new();
    push_offsets(&mut text, offsets);
    text
}

/// A line that a primary sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    Ack {
        generation: Option<u64>,
        offsets: Offsets,
    },
    Resync(String),
    Rebase {
        generation: u64,
        offsets: Offsets,
    },
    Snapshot,
    SnapshotEnd(Offsets),
    Shard(usize),
    Ping {
        generation: u64,
        offsets: Offsets,
    },
    /// The words that the primary took of the handshake.
    Capa(String),
    Skip(Offsets),
}

impl Line {
    /// Reads a line without its `+` and its end.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (word, rest) = match memchr::memchr(b' ', text) {
            Some(at) => (&text[..at], &text[at + 1..]),
            None => (text, &b""[..]),
        };
        match word {
            b"ACK" => {
                let (generation, offsets) = match memchr::memchr(b' ', rest) {
                    Some(at) => (Some(parse_generation(&rest[..at])?), &rest[at + 1..]),
                    None => (None, rest),
                };
                Some(Self::Ack { generation, offsets: parse_offsets(offsets)? })
            }
            b"RESYNC" => Some(Self::Resync(String::from_utf8_lossy(rest).into_owned())),
            b"CAPA" => Some(Self::Capa(String::from_utf8_lossy(rest).into_owned())),
            b"SKIP" => Some(Self::Skip(parse_offsets(rest)?)),
            b"SNAPSHOT" if rest.is_empty() => Some(Self::Snapshot),
            b"SNAPSHOT_END" => Some(Self::SnapshotEnd(parse_offsets(rest)?)),
            b"SHARD" => {
                let shard = usize::try_from(number(rest)?).ok()?;
                (shard < SHARDS_MAX).then_some(Self::Shard(shard))
            }
            b"PING" | b"REBASE" => {
                let at = memchr::memchr(b' ', rest)?;
                let generation = parse_generation(&rest[..at])?;
                let offsets = parse_offsets(&rest[at + 1..])?;
                Some(match word {
                    b"PING" => Self::Ping { generation, offsets },
                    _ => Self::Rebase { generation, offsets },
                })
            }
            _ => None,
        }
    }

    /// Appends the line with its `+` and its end.
    pub fn write(&self, out: &mut Vec<u8>) {
        let mut words = |word: &[u8], generation: Option<u64>, offsets: &[u64]| {
            out.push(b'+');
            out.extend_from_slice(word);
            if let Some(generation) = generation {
                out.push(b' ');
                push_offsets(out, &[generation]);
            }
            if !offsets.is_empty() {
                out.push(b' ');
                push_offsets(out, offsets);
            }
        };
        match self {
            Self::Ack { generation, offsets } => words(b"ACK", *generation, offsets),
            Self::Resync(reason) => {
                words(b"RESYNC ", None, &[]);
                out.extend_from_slice(reason.as_bytes());
            }
            Self::Capa(taken) => {
                words(b"CAPA ", None, &[]);
                out.extend_from_slice(taken.as_bytes());
            }
            Self::Skip(offsets) => words(b"SKIP", None, offsets),
            Self::Rebase { generation, offsets } => words(b"REBASE", Some(*generation), offsets),
            Self::Snapshot => words(b"SNAPSHOT", None, &[]),
            Self::SnapshotEnd(offsets) => words(b"SNAPSHOT_END", None, offsets),
            Self::Shard(shard) => words(b"SHARD", Some(*shard as u64), &[]),
            Self::Ping { generation, offsets } => words(b"PING", Some(*generation), offsets),
        }
        out.extend_from_slice(b"\r\n");
    }
}

fn parse_generation(text: &[u8]) -> Option<u64> {
    number(text).filter(|generation| *generation <= GENERATION_MAX)
}

/// What a replica asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// The history that the offsets belong to; `None` in the form without one.
    pub generation: Option<u64>,
    /// The next frame wanted of each shard.
    pub offsets: Offsets,
    /// The name under which the primary remembers the replica.
    pub id: String,
    /// All shards over one link.
    pub mux: bool,
    /// Takes `+RESYNC` lines.
    pub resync: bool,
    /// Takes a `+REBASE` line.
    pub rebase: bool,
    /// The part of the keyspace that is followed.
    pub selection: Selection,
    /// Takes blocks, packed so where that pays.
    pub blocks: Option<Packing>,
}

impl Handshake {
    /// Reads the arguments of REPLICATE, the verb first.
    ///
    /// # Errors
    /// The text of an error reply, which names the value that is wrong.
    pub fn parse(args: &[&[u8]]) -> Result<Self, String> {
        let Some(end) = args.iter().position(|arg| arg.eq_ignore_ascii_case(b"ID")) else {
            return Err("ERR wrong number of arguments for 'replicate' command".into());
        };
        if args.len() < end + 2 || end < 3 {
            return Err("ERR wrong number of arguments for 'replicate' command".into());
        }
        if !args[1].eq_ignore_ascii_case(b"FROM") {
            return Err(format!("ERR REPLICATE expects FROM, got '{}'", shown(args[1])));
        }
        let generation = match end {
            3 => None,
            4 => Some(parse_generation(args[2]).ok_or_else(|| {
                format!(
                    "ERR REPLICATE: '{}' is not a generation, a number of at most 53 bits",
                    shown(args[2])
                )
            })?),
            _ => return Err(format!("ERR REPLICATE expects ID, got '{}'", shown(args[4]))),
        };
        let text = args[end - 1];
        let offsets = parse_offsets(text)
            .ok_or_else(|| format!("ERR REPLICATE: '{}' is not an offset", shown(text)))?;
        let id = args[end + 1];
        if id.is_empty() || id.len() > ID_LEN_MAX || !id.iter().all(u8::is_ascii_graphic) {
            return Err(format!(
                "ERR REPLICATE: '{}' is not an id, 1 to {ID_LEN_MAX} printable characters without spaces",
                shown(id)
            ));
        }
        let (mut mux, mut resync, mut rebase, mut batch) = (false, false, false, false);
        let rest = &args[end + 2..];
        if let Some(word) = rest.first().filter(|word| !word.eq_ignore_ascii_case(b"CAPA")) {
            return Err(format!("ERR REPLICATE expects CAPA, got '{}'", shown(word)));
        }
        let mut selection = Selection::default();
        for word in rest {
            match memchr::memchr(b'=', word).map(|at| (&word[..at], &word[at + 1..])) {
                Some((name, prefix)) if name.eq_ignore_ascii_case(b"prefix") => {
                    selection.prefixes.push(prefix.to_vec());
                }
                Some((name, kind)) if name.eq_ignore_ascii_case(b"type") => {
                    let kind = kind_named(kind)
                        .ok_or_else(|| format!("ERR REPLICATE: '{}' is not a type", shown(kind)))?;
                    if !selection.kinds.contains(&kind) {
                        selection.kinds.push(kind);
                    }
                }
                _ => {}
            }
            mux |= word.eq_ignore_ascii_case(b"mux");
            resync |= word.eq_ignore_ascii_case(b"resync");
            rebase |= word.eq_ignore_ascii_case(b"rebase");
            batch |= word.eq_ignore_ascii_case(b"batch");
        }
        if offsets.len() > 1 && !mux {
            return Err(format!("ERR REPLICATE: offsets '{}' of several shards need CAPA mux", shown(text)));
        }
        if selection.prefixes.len() > PREFIXES_MAX {
            return Err(format!("ERR REPLICATE: more than {PREFIXES_MAX} prefixes"));
        }
        let id = String::from_utf8_lossy(id).into_owned();
        let is_named =
            |packing: &Packing| rest.iter().any(|word| word.eq_ignore_ascii_case(packing.name().as_bytes()));
        let blocks = batch.then(|| Packing::ALL.into_iter().find(is_named).unwrap_or_default());
        Ok(Self { generation, offsets, id, mux, resync, rebase, selection, blocks })
    }
}

/// A peer's value as an error shows it, cut to a sensible length.
pub fn shown(value: &[u8]) -> String {
    value[..value.len().min(64)].escape_ascii().to_string()
}

/// What a replica says it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    pub received: Offsets,
    pub applied: Option<Offsets>,
}

impl Acknowledged {
    /// Reads the arguments of `REPLCONF ACK`; `None` where they are something else.
    pub fn parse(args: &[&[u8]]) -> Option<Self> {
        match args {
            [verb, what, received, rest @ ..]
                if verb.eq_ignore_ascii_case(b"REPLCONF") && what.eq_ignore_ascii_case(b"ACK") =>
            {
                let applied = match rest {
                    [] => None,
                    [word, applied] if word.eq_ignore_ascii_case(b"APPLIED") => Some(parse_offsets(applied)?),
                    _ => return None,
                };
                Some(Self { received: parse_offsets(received)?, applied })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handshake(line: &str) -> Result<Handshake, String> {
        Handshake::parse(&line.split(' ').map(str::as_bytes).collect::<Vec<_>>())
    }

    #[test]
    fn every_line_reads_back_as_it_was_written() {
        let offsets = Offsets::from_slice(&[0, 7, i64::MAX as u64]);
        let lines = [
            Line::Ack { generation: None, offsets: Offsets::from_slice(&[3]) },
            Line::Ack { generation: Some(GENERATION_MAX), offsets: offsets.clone() },
            Line::Resync("the backlog begins at 9".into()),
            Line::Rebase { generation: 7, offsets: offsets.clone() },
            Line::Snapshot,
            Line::SnapshotEnd(offsets.clone()),
            Line::Shard(SHARDS_MAX - 1),
            Line::Ping { generation: 12, offsets: offsets.clone() },
            Line::Capa("filter".into()),
            Line::Skip(offsets),
        ];
        for line in lines {
            let mut out = Vec::new();
            line.write(&mut out);
            let text = out.strip_prefix(b"+").and_then(|text| text.strip_suffix(b"\r\n")).expect("a line");
            assert_eq!(Line::parse(text), Some(line));
        }
    }

    #[test]
    fn lines_that_are_wrong_are_refused() {
        for text in [
            "",
            "ACK",
            "ACK x",
            "ACK 1 2 3",
            "ACK -1",
            "ACK 01",
            "ACK 1,",
            "ACK ,1",
            "SNAPSHOT 1",
            "SNAPSHOT_END",
            "SHARD",
            "SHARD -1",
            "SHARD 16384",
            "PING 1",
            "PING 9007199254740992 1",
            "ACK 9223372036854775808",
            "HELLO",
        ] {
            assert_eq!(Line::parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn both_forms_of_the_handshake_are_understood() {
        let short = handshake("REPLICATE FROM 12 ID a").expect("five arguments");
        assert_eq!((short.generation, &short.offsets[..], &short.id[..]), (None, &[12][..], "a"));
        let long = handshake("replicate from 5 12 id a").expect("six arguments");
        assert_eq!(
            (long.generation, &long.offsets[..], long.mux, long.resync),
            (Some(5), &[12][..], false, false)
        );
        let mux = handshake("REPLICATE FROM 5 12,13 ID a CAPA mux resync lz4").expect("all shards");
        assert_eq!((&mux.offsets[..], mux.mux, mux.resync), (&[12, 13][..], true, true));
    }

    #[test]
    fn a_wrong_handshake_is_told_what_is_wrong() {
        for (line, text) in [
            ("REPLICATE", "wrong number of arguments"),
            ("REPLICATE FROM 1", "wrong number of arguments"),
            ("REPLICATE FROM 1 ID", "wrong number of arguments"),
            ("REPLICATE ID 1", "wrong number of arguments"),
            ("REPLICATE TO 1 ID a", "got 'TO'"),
            ("REPLICATE FROM -1 ID a", "'-1' is not an offset"),
            ("REPLICATE FROM 1,2 ID a", "need CAPA mux"),
            ("REPLICATE FROM 1 2 3 ID a", "got '3'"),
            ("REPLICATE FROM 9007199254740992 2 ID a", "'9007199254740992' is not a generation"),
            ("REPLICATE FROM 1 ID a mux", "got 'mux'"),
            ("REPLICATE FROM 1 ID \u{7f}", "is not an id"),
        ] {
            let error = handshake(line).expect_err(line);
            assert!(error.starts_with("ERR ") && error.contains(text), "{line}: {error}");
        }
    }

    #[test]
    fn acknowledgements_are_read() {
        let parse = |line: &str| Acknowledged::parse(&line.split(' ').map(str::as_bytes).collect::<Vec<_>>());
        let received = parse("REPLCONF ACK 4,5").expect("received");
        assert_eq!((&received.received[..], received.applied), (&[4, 5][..], None));
        let applied = parse("replconf ack 4 applied 3").expect("applied").applied.expect("offsets");
        assert_eq!(&applied[..], [3]);
        for line in ["REPLCONF GETACK *", "REPLCONF ACK", "REPLCONF ACK x", "REPLCONF ACK 1 DONE 1", "PING"] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
