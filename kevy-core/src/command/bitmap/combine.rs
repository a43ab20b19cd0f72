//! Strings combined bit by bit.

use crate::command::arguments::is_word;
use crate::command::notify::event;
use crate::command::string::text;
use crate::command::{Context, Fail, Outcome};
use crate::store::Value;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Operation {
    And,
    Or,
    Xor,
    Not,
    /// Set in the first string and in no other.
    Diff,
    /// Set in any other string and not in the first.
    Diff1,
    /// Set in the first string and in any other.
    AndOr,
    /// Set in exactly one string.
    One,
}

const OPERATIONS: [(&str, Operation); 8] = [
    ("AND", Operation::And),
    ("OR", Operation::Or),
    ("XOR", Operation::Xor),
    ("NOT", Operation::Not),
    ("DIFF", Operation::Diff),
    ("DIFF1", Operation::Diff1),
    ("ANDOR", Operation::AndOr),
    ("ONE", Operation::One),
];

impl Operation {
    /// The operation of a name, with a number of strings that it takes.
    fn parse(arg: &[u8], sources: usize) -> Result<Self, Fail> {
        let (name, operation) =
            OPERATIONS.into_iter().find(|(name, _)| is_word(arg, name)).ok_or(Fail::SYNTAX)?;
        match operation {
            Self::Not if sources != 1 => {
                Err(Fail::new("ERR BITOP NOT must be called with a single source key."))
            }
            Self::Diff | Self::Diff1 | Self::AndOr if sources < 2 => {
                Err(Fail::with(format!("ERR BITOP {name} must be called with at least two source keys.")))
            }
            _ => Ok(operation),
        }
    }
}

/// The strings combined so far, which come one by one: none is kept, as each may lie on another shard.
#[derive(Debug)]
struct Combined {
    operation: Operation,
    /// The first string, for operations that set it against all others together.
    first: Option<Vec<u8>>,
    is_begun: bool,
    result: Vec<u8>,
    /// Bits set in several strings, for [`Operation::One`].
    several: Vec<u8>,
}

impl Combined {
    fn new(operation: Operation) -> Self {
        Self { operation, first: None, is_begun: false, result: Vec::new(), several: Vec::new() }
    }

    fn add(&mut self, text: &[u8]) {
        let is_first = !std::mem::replace(&mut self.is_begun, true);
        let result = &mut self.result;
        match self.operation {
            Operation::Diff | Operation::Diff1 | Operation::AndOr if is_first => {
                self.first = Some(text.to_vec());
            }
            _ if is_first => result.extend_from_slice(text),
            Operation::And => {
                each(result, text, |one, other| one & other);
                result[text.len()..].fill(0);
            }
            Operation::One => {
                grow(&mut self.several, text.len().min(result.len()));
                for (several, (one, other)) in self.several.iter_mut().zip(result.iter().zip(text)) {
                    *several |= one & other;
                }
                each(result, text, |one, other| one ^ other);
                // A bit that was in two strings before is in none of those that were combined last.
                for (one, several) in result.iter_mut().zip(&self.several) {
                    *one &= !several;
                }
            }
            Operation::Xor => each(result, text, |one, other| one ^ other),
            _ => each(result, text, |one, other| one | other),
        }
    }

    fn finish(mut self) -> Vec<u8> {
        let result = &mut self.result;
        if let Some(first) = self.first {
            // What is missing of the first string is zeros.
            grow(result, first.len());
            let (within, behind) = result.split_at_mut(first.len());
            match self.operation {
                Operation::Diff => {
                    each_of(within, &first, |others, first| first & !others);
                    behind.fill(0);
                }
                Operation::AndOr => {
                    each_of(within, &first, |others, first| first & others);
                    behind.fill(0);
                }
                _ => each_of(within, &first, |others, first| others & !first),
            }
        } else if self.operation == Operation::Not {
            result.iter_mut().for_each(|byte| *byte = !*byte);
        }
        self.result
    }
}

/// Makes each byte of `into`, which becomes as long as `text`, what `combine` makes of it and that of `text`.
fn each(into: &mut Vec<u8>, text: &[u8], combine: impl Fn(u8, u8) -> u8) {
    grow(into, text.len());
    each_of(into, text, combine);
}

fn each_of(into: &mut [u8], text: &[u8], combine: impl Fn(u8, u8) -> u8) {
    for (one, other) in into.iter_mut().zip(text) {
        *one = combine(*one, *other);
    }
}

fn grow(bytes: &mut Vec<u8>, len: usize) {
    if bytes.len() < len {
        bytes.resize(len, 0);
    }
}

/// BITOP operation destkey key [key ...]
pub fn bitop(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now) = (context.session.db, context.now);
    let (destination, keys) = (args[2], &args[3..]);
    let mut combined = Combined::new(Operation::parse(args[1], keys.len())?);
    for key in keys {
        match text(context.read(key).1)? {
            Some(text) => combined.add(&text),
            None => combined.add(&[]),
        }
    }
    let result = combined.finish();
    let len = result.len();
    let is_told_by_keys = keys.iter().all(|key| context.told_together(destination, key));
    let partition = context.partitions.at(destination);
    if len == 0 {
        if partition.keyspace.remove(db, destination, now) {
            partition.effects.push(db, &[b"DEL", destination]);
            partition.notify(db, event::DEL, destination);
        }
    } else {
        if is_told_by_keys {
            partition.effects.push(db, args);
        } else {
            // The stream of this shard does not tell of the other shards' strings.
            partition.effects.push(db, &[b"SET", destination, &result]);
        }
        partition.keyspace.put(db, destination, Value::Bytes(result).into(), now);
        partition.notify(db, event::SET, destination);
    }
    context.out.unsigned(len as u64);
    Ok(())
}
