//! The `cmsgpack` library: MessagePack, as lua-cmsgpack 0.4.0 writes and reads it.

use mlua::{Function, Lua, Result, Table, Value};

use super::answer::{Answer, OF_CORE, bad_argument, broken, check_bytes, check_number, function};

/// How deep tables are packed; what lies deeper becomes nil.
const PACK_DEPTH_MAX: usize = 16;
/// How deep packed data may nest: each level takes some of the stack of the thread.
const UNPACK_DEPTH_MAX: usize = 250;
/// The most values that one call returns: what Lua's stack takes.
const RESULTS_MAX: usize = 7_000;

type Checked<T> = std::result::Result<T, String>;

/// Every function of the library by its name.
pub fn functions(lua: &Lua) -> Result<Vec<(&'static str, Function)>> {
    Ok(vec![
        function(lua, "pack", pack)?,
        function(lua, "unpack", |lua, args| unpack(lua, args, "unpack", None, 0))?,
        function(lua, "unpack_one", |lua, args| {
            let offset = optional(args, 1, "unpack_one")?;
            unpack(lua, args, "unpack_one", Some(1), offset)
        })?,
        function(lua, "unpack_limit", |lua, args| {
            let limit = check_number(args, 1, "unpack_limit")? as i64;
            let offset = optional(args, 2, "unpack_limit")?;
            // Without either it is `unpack`.
            let limit = (limit != 0 || offset != 0).then_some(limit);
            unpack(lua, args, "unpack_limit", limit, offset)
        })?,
    ])
}

fn optional(args: &[Value], at: usize, name: &str) -> Checked<i64> {
    match args.get(at) {
        None | Some(Value::Nil) => Ok(0),
        Some(_) => Ok(check_number(args, at, name)? as i64),
    }
}

fn pack(lua: &Lua, args: &[Value]) -> Answer {
    if args.is_empty() {
        return Err(bad_argument(0, "pack", "MessagePack pack needs input."));
    }
    let mut out = Vec::new();
    for value in args {
        write(&mut out, value, 0).map_err(|error| broken(&error))?;
    }
    Ok(vec![Value::String(lua.create_string(&out).map_err(|error| broken(&error))?)])
}

fn write(out: &mut Vec<u8>, value: &Value, depth: usize) -> Result<()> {
    match value {
        Value::String(text) => {
            let text = text.as_bytes();
            match text.len() {
                len @ 0..32 => out.push(0xa0 | len as u8),
                len @ 32..0x100 => out.extend_from_slice(&[0xd9, len as u8]),
                len => head(out, len, 0xda),
            }
            out.extend_from_slice(&text);
        }
        Value::Boolean(value) => out.push(if *value { 0xc3 } else { 0xc2 }),
        Value::Integer(number) => write_integer(out, *number),
        Value::Number(number) => {
            let whole = *number as i64;
            if whole as f64 == *number && whole != i64::MAX {
                write_integer(out, whole);
            } else {
                write_double(out, *number);
            }
        }
        Value::Table(table) if depth < PACK_DEPTH_MAX => write_table(out, table, depth + 1)?,
        _ => out.push(0xc0),
    }
    Ok(())
}

/// A length of 16 bits with `tag`, or of 32 with the tag behind it.
fn head(out: &mut Vec<u8>, len: usize, tag: u8) {
    match u16::try_from(len) {
        Ok(len) => {
            out.push(tag);
            out.extend_from_slice(&len.to_be_bytes());
        }
        Err(_) => {
            out.push(tag + 1);
            // A state of Lua's holds fewer.
            out.extend_from_slice(&(len as u32).to_be_bytes());
        }
    }
}

fn write_integer(out: &mut Vec<u8>, number: i64) {
    match number {
        0..0x80 => out.push(number as u8),
        0x80..0x100 => out.extend_from_slice(&[0xcc, number as u8]),
        0x100..0x1_0000 => tagged(out, 0xcd, &(number as u16).to_be_bytes()),
        0x1_0000..0x1_0000_0000 => tagged(out, 0xce, &(number as u32).to_be_bytes()),
        0x1_0000_0000.. => tagged(out, 0xcf, &number.to_be_bytes()),
        -32..0 => out.push(number as i8 as u8),
        -0x80..-32 => tagged(out, 0xd0, &(number as i8).to_be_bytes()),
        -0x8000..-0x80 => tagged(out, 0xd1, &(number as i16).to_be_bytes()),
        -0x8000_0000..-0x8000 => tagged(out, 0xd2, &(number as i32).to_be_bytes()),
        _ => tagged(out, 0xd3, &number.to_be_bytes()),
    }
}

fn tagged(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    out.push(tag);
    out.extend_from_slice(bytes);
}

fn write_double(out: &mut Vec<u8>, number: f64) {
    let short = number as f32;
    if f64::from(short) == number {
        tagged(out, 0xca, &short.to_be_bytes());
    } else {
        tagged(out, 0xcb, &number.to_be_bytes());
    }
}

fn write_table(out: &mut Vec<u8>, table: &Table, depth: usize) -> Result<()> {
    if let Some(len) = array_len(table)? {
        match len {
            0..16 => out.push(0x90 | len as u8),
            len => head(out, len, 0xdc),
        }
        for at in 1..=len {
            write(out, &table.raw_get(at)?, depth)?;
        }
        return Ok(());
    }
    // Counted first: what is held of a state is bounded, and a table may have more members than that.
    let mut count = 0usize;
    for pair in table.pairs::<Value, Value>() {
        pair?;
        count += 1;
    }
    match count {
        0..16 => out.push(0x80 | count as u8),
        _ => head(out, count, 0xde),
    }
    for pair in table.pairs::<Value, Value>() {
        let (key, value) = pair?;
        write(out, &key, depth)?;
        write(out, &value, depth)?;
    }
    Ok(())
}

/// How many elements a table has whose keys are 1 to that number.
fn array_len(table: &Table) -> Result<Option<usize>> {
    let (mut count, mut greatest) = (0usize, 0f64);
    for pair in table.pairs::<Value, Value>() {
        let key = match pair?.0 {
            Value::Integer(key) => key as f64,
            Value::Number(key) => key,
            _ => return Ok(None),
        };
        if key <= 0.0 || key.fract() != 0.0 {
            return Ok(None);
        }
        count += 1;
        greatest = greatest.max(key);
    }
    Ok((greatest == count as f64).then_some(count))
}

/// Reads values from `offset` on, all of them or at most `limit`; then the next offset comes first, -1 at the end.
fn unpack(lua: &Lua, args: &[Value], name: &str, limit: Option<i64>, offset: i64) -> Answer {
    let bytes = check_bytes(args, 0, name)?;
    let len = bytes.len();
    if offset < 0 || limit.is_some_and(|limit| limit < 0) {
        return Err(format!("Invalid request to unpack with offset of {offset} and limit of {len}."));
    }
    let start = usize::try_from(offset).unwrap_or(usize::MAX);
    if start > len {
        return Err(format!("Start offset {offset} greater than input length {len}."));
    }
    let mut input = Input { bytes: &bytes, at: start, lua };
    let mut values = Vec::new();
    let most = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    while input.at < len && values.len() < most {
        values.push(input.value(0)?);
        if values.len() > RESULTS_MAX {
            return Err("stack overflow (too many results)".to_owned());
        }
    }
    if limit.is_some() {
        let next = if input.at == len { -1.0 } else { input.at as f64 };
        values.insert(0, Value::Number(next));
    }
    Ok(values)
}

struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
    lua: &'a Lua,
}

impl Input<'_> {
    fn take(&mut self, count: usize) -> Checked<&[u8]> {
        let end = self.at.checked_add(count).ok_or("Missing bytes in input.")?;
        let part = self.bytes.get(self.at..end).ok_or("Missing bytes in input.")?;
        self.at = end;
        Ok(part)
    }

    /// A big-endian number of up to eight bytes.
    fn word(&mut self, count: usize) -> Checked<u64> {
        Ok(self.take(count)?.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)))
    }

    fn len(&mut self, count: usize) -> Checked<usize> {
        Ok(usize::try_from(self.word(count)?).unwrap_or(usize::MAX))
    }

    fn value(&mut self, depth: usize) -> Checked<Value> {
        if depth > UNPACK_DEPTH_MAX {
            return Err("stack overflow (in function mp_decode_to_lua_type)".to_owned());
        }
        let tag = self.take(1)?.first().copied().unwrap_or_default();
        let number = |number: f64| Ok(Value::Number(number));
        match tag {
            0x00..=0x7f => number(f64::from(tag)),
            0xe0..=0xff => number(f64::from(tag as i8)),
            0xcc => number(self.word(1)? as f64),
            0xcd => number(self.word(2)? as f64),
            0xce => number(self.word(4)? as f64),
            // Lua 5.1 has no unsigned integers.
            0xcf => number(self.word(8)? as i64 as f64),
            0xd0 => number(f64::from(self.word(1)? as i8)),
            0xd1 => number(f64::from(self.word(2)? as i16)),
            0xd2 => number(f64::from(self.word(4)? as i32)),
            0xd3 => number(self.word(8)? as i64 as f64),
            0xc0 => Ok(Value::Nil),
            0xc2 => Ok(Value::Boolean(false)),
            0xc3 => Ok(Value::Boolean(true)),
            0xca => number(f64::from(f32::from_bits(self.word(4)? as u32))),
            0xcb => number(f64::from_bits(self.word(8)?)),
            0xa0..=0xbf => self.string(usize::from(tag & 0x1f)),
            0xd9 => self.len(1).and_then(|len| self.string(len)),
            0xda => self.len(2).and_then(|len| self.string(len)),
            0xdb => self.len(4).and_then(|len| self.string(len)),
            0x90..=0x9f => self.array(usize::from(tag & 0xf), depth),
            0xdc => self.len(2).and_then(|len| self.array(len, depth)),
            0xdd => self.len(4).and_then(|len| self.array(len, depth)),
            0x80..=0x8f => self.map(usize::from(tag & 0xf), depth),
            0xde => self.len(2).and_then(|len| self.map(len, depth)),
            0xdf => self.len(4).and_then(|len| self.map(len, depth)),
            _ => Err("Bad data format in input.".to_owned()),
        }
    }

    fn string(&mut self, len: usize) -> Checked<Value> {
        let lua = self.lua;
        let text = self.take(len)?;
        lua.create_string(text).map(Value::String).map_err(|error| broken(&error))
    }

    fn array(&mut self, len: usize, depth: usize) -> Checked<Value> {
        let table = self.lua.create_table().map_err(|error| broken(&error))?;
        for at in 1..=len {
            let value = self.value(depth + 1)?;
            table.raw_set(at, value).map_err(|error| broken(&error))?;
        }
        Ok(Value::Table(table))
    }

    fn map(&mut self, len: usize, depth: usize) -> Checked<Value> {
        let table = self.lua.create_table().map_err(|error| broken(&error))?;
        for _ in 0..len {
            let key = self.value(depth + 1)?;
            let value = self.value(depth + 1)?;
            match key {
                Value::Nil => return Err(format!("{OF_CORE} nil")),
                Value::Number(number) if number.is_nan() => return Err(format!("{OF_CORE} NaN")),
                key => table.raw_set(key, value).map_err(|error| broken(&error))?,
            }
        }
        Ok(Value::Table(table))
    }
}
