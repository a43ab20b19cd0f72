//! Which files make up the log, in what order.
//!
//! The text is that of Redis's multi-part AOF (aof.c of Redis 7): one line for each file, made of pairs. To these pairs
//! kevy adds `shard` and `shards`, by which its own files are told from Redis's.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::base::{Error, ErrorKind, Result};
use crate::io::Disk;
use crate::snapshot::SavedHistory;

/// What a file is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// A snapshot with which all begins.
    Base,
    /// Commands as Redis writes them.
    Commands,
    /// Records of one shard of so many.
    Records { shard: usize, shards: usize },
    /// No longer part of the log; it is removed when there is time.
    History,
}

/// A line of the manifest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    /// Without a directory.
    pub name: String,
    pub sequence: u64,
    pub role: Role,
}

/// All files of the log: the base, then the others as they follow.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Manifest {
    pub parts: Vec<Part>,
    /// Where in which histories the keys are once all files, of so many bytes, have been read.
    pub history: Option<(u64, SavedHistory)>,
}

/// Lines longer than this are not a manifest's.
const LINE_BYTES_MAX: usize = 1024;

/// What a line about the history begins with: a comment to Redis.
const HISTORY: &str = "# history ";

impl Manifest {
    /// The manifest of the log called `name` in `folder`.
    pub fn path(folder: &Path, name: &str) -> PathBuf {
        folder.join(format!("{name}.manifest"))
    }

    /// Reads it; `None` where there is none.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] names the line.
    pub fn read(folder: &Path, name: &str) -> Result<Option<Self>> {
        let path = Self::path(folder, name);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io(format!("cannot read {}", path.display()), &error)),
        };
        let corrupt = |line: usize, what: &str| {
            Error::new(ErrorKind::Corrupt, format!("{}: line {line}: {what}", path.display()))
        };
        let text = String::from_utf8(text).map_err(|_| corrupt(1, "it is not text"))?;
        let mut manifest = Self::default();
        for (at, line) in text.lines().enumerate() {
            if let Some(history) = line.strip_prefix(HISTORY) {
                manifest.history = history_of(history);
            }
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let part = parse(line).map_err(|what| corrupt(at + 1, what))?;
            manifest.parts.push(part);
        }
        manifest.check().map_err(|what| corrupt(text.lines().count(), what))?;
        Ok(Some(manifest))
    }

    fn check(&self) -> std::result::Result<(), &'static str> {
        if self.parts.iter().filter(|part| part.role == Role::Base).count() > 1 {
            return Err("there are two base files");
        }
        let mut last = 0;
        for part in self.increments() {
            if part.sequence < last {
                return Err("the numbers of the files do not grow");
            }
            last = part.sequence;
        }
        if self.parts.is_empty() {
            return Err("it names no file");
        }
        Ok(())
    }

    /// Writes it in place of the one before.
    pub fn write(&self, disk: &Disk, folder: &Path, name: &str) -> io::Result<()> {
        let mut text = String::new();
        for Part { name, sequence, role } in &self.parts {
            let (kind, more) = match role {
                Role::Base => ('b', String::new()),
                Role::History => ('h', String::new()),
                Role::Commands => ('i', String::new()),
                Role::Records { shard, shards } => ('i', format!(" shard {shard} shards {shards}")),
            };
            // Writing to a string does not fail.
            let _ = writeln!(text, "file {} seq {sequence} type {kind}{more}", quoted(name));
        }
        if let Some((bytes, history)) = &self.history {
            let _ = writeln!(text, "{HISTORY}{bytes} {}", history.line());
        }
        disk.pass("manifest-write");
        let path = Self::path(folder, name);
        disk.replace(&path, &folder.join(format!("temp-{name}.manifest")), text.as_bytes())?;
        disk.pass("manifest-written");
        Ok(())
    }

    /// Bytes of all files.
    pub fn bytes(&self, folder: &Path) -> u64 {
        let size = |part: &Part| fs::metadata(folder.join(&part.name)).map_or(0, |found| found.len());
        self.parts.iter().map(size).sum()
    }

    /// The snapshot with which all begins.
    pub fn base(&self) -> Option<&Part> {
        self.parts.iter().find(|part| part.role == Role::Base)
    }

    /// What follows the base, in order.
    pub fn increments(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(|part| !matches!(part.role, Role::Base | Role::History))
    }

    /// A number that no file has.
    pub fn next_sequence(&self) -> u64 {
        self.parts.iter().map(|part| part.sequence).max().unwrap_or(0) + 1
    }
}

/// Reads what stands behind [`HISTORY`].
fn history_of(text: &str) -> Option<(u64, SavedHistory)> {
    let (bytes, line) = text.split_once(' ')?;
    Some((bytes.parse().ok()?, SavedHistory::of_line(line)))
}

fn quoted(name: &str) -> String {
    if name.bytes().any(|byte| byte == b' ' || byte == b'"') {
        format!("\"{name}\"")
    } else {
        name.to_owned()
    }
}

/// The words of a line; one in quotes may hold spaces.
fn words(line: &str) -> Option<Vec<&str>> {
    let mut words = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        let (word, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        words.push(word);
        rest = after.trim_start();
    }
    Some(words)
}

fn parse(line: &str) -> std::result::Result<Part, &'static str> {
    const BROKEN: &str = "it is no line of a manifest";
    if line.len() > LINE_BYTES_MAX {
        return Err(BROKEN);
    }
    let words = words(line).ok_or(BROKEN)?;
    let (pairs, []) = words.as_chunks::<2>() else { return Err(BROKEN) };
    let value =
        |name: &str| pairs.iter().find(|[key, _]| key.eq_ignore_ascii_case(name)).map(|[_, value]| *value);
    let number = |name: &str| value(name).map(|text| text.parse::<u64>().map_err(|_| BROKEN)).transpose();
    let name = value("file").ok_or(BROKEN)?;
    if name.is_empty() || name.contains(['/', '\0']) || name == ".." {
        return Err("a file has a name that no file in the folder can have");
    }
    let sequence = number("seq")?.filter(|sequence| *sequence > 0).ok_or(BROKEN)?;
    let role = match (value("type").ok_or(BROKEN)?, number("shard")?, number("shards")?) {
        ("b", None, None) => Role::Base,
        ("h", _, _) => Role::History,
        ("i", None, None) => Role::Commands,
        ("i", Some(shard), Some(shards)) if shard < shards && shards <= 1 << 14 => {
            Role::Records { shard: shard as usize, shards: shards as usize }
        }
        _ => return Err(BROKEN),
    };
    Ok(Part { name: name.to_owned(), sequence, role })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_of_redis_is_understood() {
        let line = "file appendonly.aof.1.base.rdb seq 1 type b startoffset 7";
        let part = Part { name: "appendonly.aof.1.base.rdb".into(), sequence: 1, role: Role::Base };
        assert_eq!(parse(line), Ok(part));
        let part = Part { name: "my log".into(), sequence: 2, role: Role::Commands };
        assert_eq!(parse("FILE \"my log\" seq 2 type i"), Ok(part));
    }

    #[test]
    fn what_is_no_manifest_is_refused() {
        for line in [
            "file",
            "file a seq 1",
            "file a seq 0 type b",
            "file a seq x type b",
            "file a/b seq 1 type b",
            "file .. seq 1 type b",
            "file a\0b seq 1 type b",
            "file a seq 1 type x",
            "file a seq 1 type i shard 2 shards 2",
            "file \"a seq 1 type i",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
