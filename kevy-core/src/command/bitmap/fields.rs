//! Several integers in a string, one operation after the other.

use smallvec::SmallVec;

use crate::command::arguments::{integer, is_word};
use crate::command::notify::event;
use crate::command::string::text;
use crate::command::{Context, Fail, Outcome, Server};
use crate::resp::Writer;

use super::field::{Change, Encoding, Overflow};
use super::{grow, offset};

struct Operation {
    encoding: Encoding,
    /// The number of its first bit.
    at: u64,
    /// `None` where the field is only read.
    change: Option<(Change, Overflow)>,
}

impl Operation {
    /// The number of the last bit of the field.
    fn last(&self) -> u64 {
        self.at + u64::from(self.encoding.width) - 1
    }
}

type Operations = SmallVec<[Operation; 4]>;

/// Reads the arguments behind the key.
fn parse(server: &Server, args: &[&[u8]]) -> Result<Operations, Fail> {
    let mut operations = Operations::new();
    let mut overflow = Overflow::Wrap;
    let mut rest = args;
    loop {
        let (encoding, at, change);
        (encoding, at, change, rest) = match rest {
            [] => return Ok(operations),
            [word, encoding, at, rest @ ..] if is_word(word, "GET") => (encoding, at, None, rest),
            [word, encoding, at, value, rest @ ..] if is_word(word, "SET") => {
                (encoding, at, Some((Change::Set as fn(i64) -> Change, value)), rest)
            }
            [word, encoding, at, value, rest @ ..] if is_word(word, "INCRBY") => {
                (encoding, at, Some((Change::Add as fn(i64) -> Change, value)), rest)
            }
            [word, name, behind @ ..] if is_word(word, "OVERFLOW") => {
                overflow = parse_overflow(name)?;
                rest = behind;
                continue;
            }
            _ => return Err(Fail::SYNTAX),
        };
        let encoding = Encoding::parse(encoding)?;
        let at = match at {
            [b'#', number @ ..] => offset(server, number, encoding.width)?,
            number => offset(server, number, 1)?,
        };
        let change = match change {
            Some((change, value)) => Some((change(integer(value)?), overflow)),
            None => None,
        };
        operations.push(Operation { encoding, at, change });
    }
}

fn parse_overflow(arg: &[u8]) -> Result<Overflow, Fail> {
    match arg {
        _ if is_word(arg, "WRAP") => Ok(Overflow::Wrap),
        _ if is_word(arg, "SAT") => Ok(Overflow::Sat),
        _ if is_word(arg, "FAIL") => Ok(Overflow::Fail),
        _ => Err(Fail::new("ERR Invalid OVERFLOW type specified")),
    }
}

/// BITFIELD key [GET encoding offset | [OVERFLOW WRAP | SAT | FAIL] SET encoding offset value |
/// INCRBY encoding offset increment ...]
pub fn bitfield(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let operations = parse(context.server, &args[2..])?;
    let written = operations.iter().filter(|operation| operation.change.is_some());
    let Some(last) = written.map(Operation::last).max() else {
        return read(context, args[1], &operations);
    };
    let (db, now, key) = (context.session.db, context.now, args[1]);
    let (out, partition) = (&mut *context.out, context.partitions.at(key));
    let changed = partition.keyspace.maybe_edit_string(db, key, now, true, |text| {
        let mut changed = grow(text, last);
        out.array(operations.len());
        for operation in &operations {
            changed |= apply(text, operation, out);
        }
        (changed, changed)
    })?;
    if changed.unwrap_or_default() {
        partition.effects.push(db, args);
        partition.notify(db, event::SETBIT, key);
    }
    Ok(())
}

/// Does one operation and replies; whether it changed the string.
fn apply(text: &mut [u8], operation: &Operation, out: &mut Writer) -> bool {
    let Operation { encoding, at, change } = *operation;
    let old = encoding.read(text, at);
    let Some((change, overflow)) = change else {
        out.integer(old);
        return false;
    };
    let Some(new) = encoding.changed(old, change, overflow) else {
        out.null();
        return false;
    };
    encoding.write(text, at, new);
    out.integer(if matches!(change, Change::Set(_)) { old } else { new });
    old != new
}

fn read(context: &mut Context<'_>, key: &[u8], operations: &[Operation]) -> Outcome {
    let (out, found) = context.read(key);
    let text = text(found)?;
    let text = text.as_deref().unwrap_or_default();
    out.array(operations.len());
    for operation in operations {
        out.integer(operation.encoding.read(text, operation.at));
    }
    Ok(())
}

/// BITFIELD_RO key [GET encoding offset ...]
pub fn bitfield_ro(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let operations = parse(context.server, &args[2..])?;
    if operations.iter().any(|operation| operation.change.is_some()) {
        return Err(Fail::new("ERR BITFIELD_RO only supports the GET subcommand"));
    }
    read(context, args[1], &operations)
}
