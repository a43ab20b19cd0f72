//! The `struct` library: numbers and strings as packed bytes, with the formats of Lua's struct 0.2.

use mlua::{Function, Lua, Result, Value};

use super::answer::{Answer, bad_argument, broken, check_bytes, check_number, function};

/// The widest integer, and what alignment is at most without being asked for.
const INTEGER_SIZE_MAX: usize = 32;
const ALIGNMENT_MAX: usize = 8;
/// The most values of one format: what Lua's stack takes.
const RESULTS_MAX: usize = 7_000;
/// The most bytes that one call packs.
const PACKED_BYTES_MAX: usize = 512 << 20;

type Checked<T> = std::result::Result<T, String>;

/// Every function of the library by its name.
pub fn functions(lua: &Lua) -> Result<Vec<(&'static str, Function)>> {
    Ok(vec![
        function(lua, "pack", pack)?,
        function(lua, "unpack", unpack)?,
        function(lua, "size", |_, args| Ok(vec![Value::Number(size(args)? as f64)]))?,
    ])
}

/// A format that is being read.
struct Format<'a> {
    rest: &'a [u8],
    big_endian: bool,
    alignment: usize,
    function: &'static str,
}

/// A letter of a format with its size.
#[derive(Clone, Copy)]
struct Item {
    letter: u8,
    size: usize,
}

impl<'a> Format<'a> {
    fn new(text: &'a [u8], function: &'static str) -> Self {
        Self { rest: text, big_endian: false, alignment: 1, function }
    }

    /// A number that stands next, or else `default`.
    fn number(&mut self, default: usize) -> Checked<usize> {
        let digits = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return Ok(default);
        }
        let (number, rest) = self.rest.split_at(digits);
        self.rest = rest;
        number.iter().try_fold(0usize, |value, digit| {
            let next = value * 10 + usize::from(digit - b'0');
            if next > i32::MAX as usize { Err("integral size overflow".to_owned()) } else { Ok(next) }
        })
    }

    /// The next letter that stands for a value or for padding; those that only set something are followed.
    fn next(&mut self) -> Checked<Option<Item>> {
        while let Some((&letter, rest)) = self.rest.split_first() {
            self.rest = rest;
            let size = match letter {
                b'B' | b'b' | b'x' => 1,
                b'H' | b'h' => 2,
                b'L' | b'l' | b'T' | b'd' => 8,
                b'f' => 4,
                b'c' => self.number(1)?,
                b's' => 0,
                b'i' | b'I' => {
                    let size = self.number(4)?;
                    if size > INTEGER_SIZE_MAX {
                        return Err(format!(
                            "integral size {size} is larger than limit of {INTEGER_SIZE_MAX}"
                        ));
                    }
                    size
                }
                _ => {
                    self.set(letter)?;
                    continue;
                }
            };
            return Ok(Some(Item { letter, size }));
        }
        Ok(None)
    }

    fn set(&mut self, letter: u8) -> Checked<()> {
        match letter {
            b' ' => {}
            b'>' => self.big_endian = true,
            b'<' => self.big_endian = false,
            b'!' => {
                let alignment = self.number(ALIGNMENT_MAX)?;
                if !alignment.is_power_of_two() {
                    return Err(format!("alignment {alignment} is not a power of 2"));
                }
                self.alignment = alignment;
            }
            other if other.is_ascii_alphanumeric() && self.function == "size" => {}
            other => {
                let why = format!("invalid format option '{}'", char::from(other));
                return Err(bad_argument(1, self.function, &why));
            }
        }
        Ok(())
    }

    /// How many bytes an item that would stand at `at` is moved on.
    fn padding(&self, at: usize, item: Item) -> usize {
        if item.size == 0 || item.letter == b'c' {
            return 0;
        }
        let to = item.size.min(self.alignment);
        // As in the original, a size that is no power of two aligns by its bits.
        to.wrapping_sub(at & (to - 1)) & (to - 1)
    }
}

fn pack(lua: &Lua, args: &[Value]) -> Answer {
    // A nil stands behind the arguments.
    let args = &[args, &[Value::Nil]].concat();
    let format = check_bytes(args, 0, "pack")?;
    let mut format = Format::new(&format, "pack");
    let mut out = Vec::new();
    let mut at = 1;
    while let Some(item) = format.next()? {
        let end = out.len() + format.padding(out.len(), item);
        out.resize(end, 0);
        match item.letter {
            b'x' => out.push(0),
            b'f' => {
                push(&mut out, &(check_number(args, at, "pack")? as f32).to_le_bytes(), format.big_endian)
            }
            b'd' => push(&mut out, &check_number(args, at, "pack")?.to_le_bytes(), format.big_endian),
            b'c' | b's' => {
                let text = check_bytes(args, at, "pack")?;
                let size = if item.size == 0 { text.len() } else { item.size };
                let part =
                    text.get(..size).ok_or_else(|| bad_argument(at + 2, "pack", "string too short"))?;
                out.extend_from_slice(part);
                if item.letter == b's' {
                    out.push(0);
                }
            }
            _ => {
                let number = check_number(args, at, "pack")?;
                let word = if number < 0.0 { number as i64 as u64 } else { number as u64 };
                let mut bytes = [0; INTEGER_SIZE_MAX];
                bytes[..8].copy_from_slice(&word.to_le_bytes());
                push(&mut out, &bytes[..item.size], format.big_endian);
            }
        }
        at += usize::from(item.letter != b'x');
        if out.len() > PACKED_BYTES_MAX {
            return Err("not enough memory".to_owned());
        }
    }
    Ok(vec![Value::String(lua.create_string(&out).map_err(|error| broken(&error))?)])
}

fn push(out: &mut Vec<u8>, little_endian: &[u8], big_endian: bool) {
    let start = out.len();
    out.extend_from_slice(little_endian);
    if big_endian {
        out[start..].reverse();
    }
}

fn unpack(lua: &Lua, args: &[Value]) -> Answer {
    let format = check_bytes(args, 0, "unpack")?;
    let data = check_bytes(args, 1, "unpack")?;
    let start = if args.len() > 2 { check_number(args, 2, "unpack")? } else { 1.0 };
    let too_short = || bad_argument(2, "unpack", "data string too short");
    if start == 0.0 {
        return Err(bad_argument(3, "unpack", "offset must be 1 or greater"));
    }
    if start < 1.0 {
        return Err(too_short());
    }
    let mut at = start as usize - 1;
    let mut format = Format::new(&format, "unpack");
    let mut results = Vec::new();
    while let Some(item) = format.next()? {
        at = at.checked_add(format.padding(at, item)).ok_or_else(too_short)?;
        let part = part_of(&data, at, item.size).ok_or_else(too_short)?;
        let mut size = item.size;
        match item.letter {
            b'x' => {}
            b'f' => results.push(Value::Number(f64::from(f32::from_le_bytes(ordered(part, &format))))),
            b'd' => results.push(Value::Number(f64::from_le_bytes(ordered(part, &format)))),
            b'c' | b's' => {
                let mut text = part;
                if item.letter == b's' {
                    let rest = data.get(at..).unwrap_or_default();
                    let len = memchr::memchr(0, rest).ok_or("unfinished string in data")?;
                    text = &rest[..len];
                    size = len + 1;
                } else if size == 0 {
                    let previous = match results.pop() {
                        Some(Value::Number(number)) => number,
                        _ => return Err("format 'c0' needs a previous size".to_owned()),
                    };
                    size = previous as usize;
                    text = part_of(&data, at, size).ok_or_else(too_short)?;
                }
                results.push(Value::String(lua.create_string(text).map_err(|error| broken(&error))?));
            }
            letter => results.push(Value::Number(integer(part, letter.is_ascii_lowercase(), &format))),
        }
        at += size;
        if results.len() > RESULTS_MAX {
            return Err("stack overflow (too many results)".to_owned());
        }
    }
    results.push(Value::Number(at as f64 + 1.0));
    Ok(results)
}

fn part_of(data: &[u8], at: usize, size: usize) -> Option<&[u8]> {
    data.get(at..at.checked_add(size)?)
}

/// Bytes of a number, least significant first.
fn ordered<const N: usize>(part: &[u8], format: &Format<'_>) -> [u8; N] {
    let mut bytes = [0; N];
    for (to, from) in bytes.iter_mut().zip(part) {
        *to = *from;
    }
    if format.big_endian {
        bytes.reverse();
    }
    bytes
}

/// An integer of any size, of which the lowest eight bytes count.
fn integer(part: &[u8], is_signed: bool, format: &Format<'_>) -> f64 {
    let byte = |index: usize| if format.big_endian { part[part.len() - 1 - index] } else { part[index] };
    let word = (0..part.len().min(8)).fold(0, |word, index| word | u64::from(byte(index)) << (8 * index));
    if !is_signed {
        return word as f64;
    }
    let unused = 64 - 8 * part.len().clamp(1, 8) as u32;
    ((word << unused) as i64 >> unused) as f64
}

fn size(args: &[Value]) -> Checked<usize> {
    let format = check_bytes(args, 0, "size")?;
    let mut format = Format::new(&format, "size");
    let mut at: usize = 0;
    while let Some(item) = format.next()? {
        match item {
            Item { letter: b's', .. } => {
                return Err(bad_argument(1, "size", "option 's' has no fixed size"));
            }
            Item { letter: b'c', size: 0 } => {
                return Err(bad_argument(1, "size", "option 'c0' has no fixed size"));
            }
            _ => at = at.saturating_add(format.padding(at, item)).saturating_add(item.size),
        }
    }
    Ok(at)
}
