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
    let counted = Counted::parse(&args[2..])?;
    let (out, found) = context.read(args[1]);
    let count = text(found)?.map_or(0, |text| bits::count(&text, counted.range(text.len())));
    out.unsigned(count);
    Ok(())
}

/// The range that the arguments behind BITCOUNT's key tell.
struct Counted(Option<(i64, i64, Unit)>);

impl Counted {
    fn parse(args: &[&[u8]]) -> Result<Self, Fail> {
        let (start, end, unit) = match args {
            [] => return Ok(Self(None)),
            [start, end] => (start, end, None),
            [start, end, unit] => (start, end, Some(unit)),
            _ => return Err(Fail::SYNTAX),
        };
        let (start, end) = (integer(start)?, integer(end)?);
        let unit = unit.map_or(Ok(Unit::Byte), |unit| Unit::parse(unit))?;
        Ok(Self(Some((start, end, unit))))
    }

    /// The range within `len` bytes.
    fn range(&self, len: usize) -> Range<u64> {
        match self.0 {
            None => all(len),
            Some((start, end, _)) if start < 0 && end < 0 && start > end => 0..0,
            Some((start, end, unit)) => unit.bits(start, end, len),
        }
    }
}

/// BITPOS key bit [start [end [BYTE | BIT]]]
pub fn bitpos(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let wanted = match integer(args[2])? {
        0 => false,
        1 => true,
        _ => return Err(Fail::new("ERR The bit argument must be 1 or 0.")),
    };
    let searched = Searched::parse(&args[3..])?;
    let (out, found) = context.read(args[1]);
    let Some(text) = text(found)? else {
        // Nothing is as good as zeros without end.
        out.integer(if wanted { -1 } else { 0 });
        return Ok(());
    };
    let (range, has_end) = match searched {
        None => (all(text.len()), false),
        Some(Searched { start, end, unit }) => {
            (unit.bits(start, end.unwrap_or(-1), text.len()), end.is_some())
        }
    };
    let at = match bits::find(&text, range.clone(), wanted) {
        Some(at) => i64::try_from(at).unwrap_or(i64::MAX),
        // Behind the end of a string all bits are clear, unless the range ends before.
        None if !wanted && !has_end && !range.is_empty() => i64::try_from(range.end).unwrap_or(i64::MAX),
        None => -1,
    };
    out.integer(at);
    Ok(())
}

/// The range that the arguments behind BITPOS's bit tell.
struct Searched {
    start: i64,
    end: Option<i64>,
    unit: Unit,
}

impl Searched {
    fn parse(args: &[&[u8]]) -> Result<Option<Self>, Fail> {
        let (start, end, unit) = match args {
            [] => return Ok(None),
            [start] => (start, None, None),
            [start, end] => (start, Some(end), None),
            [start, end, unit] => (start, Some(end), Some(unit)),
            _ => return Err(Fail::SYNTAX),
        };
        let start = integer(start)?;
        let unit = unit.map_or(Ok(Unit::Byte), |unit| Unit::parse(unit))?;
        let end = end.map(|end| integer(end)).transpose()?;
        Ok(Some(Self { start, end, unit }))
    }
}
