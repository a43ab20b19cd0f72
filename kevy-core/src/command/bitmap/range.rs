//! Counting and finding bits in a part of a string.

use std::ops::Range;

use crate::command::arguments::{integer, is_word};
use crate::command::string::text;
use crate::command::{Context, Fail, Outcome};

use super::bits;

/// What the ends of a range count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Byte,
    Bit,
}

impl Unit {
    fn parse(arg: &[u8]) -> Result<Self, Fail> {
        match arg {
            _ if is_word(arg, "BYTE") => Ok(Self::Byte),
            _ if is_word(arg, "BIT") => Ok(Self::Bit),
            _ => Err(Fail::SYNTAX),
        }
    }

    /// The bits of a string of `len` bytes from `start` to `end`, both included and counted from the end where negative.
    fn bits(self, start: i64, end: i64, len: usize) -> Range<u64> {
        let each = if self == Self::Byte { 8 } else { 1 };
        let total = len as u64 * 8 / each;
        let position = |at: i64| {
            if at < 0 { total.saturating_sub(at.unsigned_abs()) } else { at.unsigned_abs() }
        };
        let (start, end) = (position(start), position(end).saturating_add(1).min(total));
        if start < end { start * each..end * each } else { 0..0 }
    }
}

/// All bits of a string of `len` bytes.
fn all(len: usize) -> Range<u64> {
    0..len as u64 * 8
}

/// BITCOUNT key [start end [BYTE | BIT]]
pub fn bitcount(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (out, found) = context.read(args[1]);
    // As in Redis, the range of a key that is not there is not looked at.
    let count = match text(found)? {
        None => 0,
        Some(text) => bits::count(&text, counted(&args[2..], text.len())?),
    };
    out.unsigned(count);
    Ok(())
}

/// The range that the arguments behind BITCOUNT's key tell.
fn counted(args: &[&[u8]], len: usize) -> Result<Range<u64>, Fail> {
    let (start, end, unit) = match args {
        [] => return Ok(all(len)),
        [start, end] => (start, end, None),
        [start, end, unit] => (start, end, Some(unit)),
        _ => return Err(Fail::SYNTAX),
    };
    let (start, end) = (integer(start)?, integer(end)?);
    if start < 0 && end < 0 && start > end {
        return Ok(0..0);
    }
    let unit = unit.map_or(Ok(Unit::Byte), |unit| Unit::parse(unit))?;
    Ok(unit.bits(start, end, len))
}

/// BITPOS key bit [start [end [BYTE | BIT]]]
pub fn bitpos(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let wanted = match integer(args[2])? {
        0 => false,
        1 => true,
        _ => return Err(Fail::new("ERR The bit argument must be 1 or 0.")),
    };
    let (out, found) = context.read(args[1]);
    let Some(text) = text(found)? else {
        // Nothing is as good as zeros without end.
        out.integer(if wanted { -1 } else { 0 });
        return Ok(());
    };
    let (range, has_end) = searched(&args[3..], text.len())?;
    let at = match bits::find(&text, range.clone(), wanted) {
        Some(at) => i64::try_from(at).unwrap_or(i64::MAX),
        // Behind the end of a string all bits are clear, unless the range ends before.
        None if !wanted && !has_end && !range.is_empty() => i64::try_from(range.end).unwrap_or(i64::MAX),
        None => -1,
    };
    out.integer(at);
    Ok(())
}

/// The range that the arguments behind BITPOS's bit tell, and whether they tell its end.
fn searched(args: &[&[u8]], len: usize) -> Result<(Range<u64>, bool), Fail> {
    let (start, end, unit) = match args {
        [] => return Ok((all(len), false)),
        [start] => (start, None, None),
        [start, end] => (start, Some(end), None),
        [start, end, unit] => (start, Some(end), Some(unit)),
        _ => return Err(Fail::SYNTAX),
    };
    let start = integer(start)?;
    let unit = unit.map_or(Ok(Unit::Byte), |unit| Unit::parse(unit))?;
    let has_end = end.is_some();
    let end = end.map_or(Ok(-1), |end| integer(end))?;
    Ok((unit.bits(start, end, len), has_end))
}
