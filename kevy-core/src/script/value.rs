//! Replies of commands as Lua values, and Lua values as replies.

use mlua::{Lua, LuaString, Result, Table, Value};

use crate::resp::{self, Kind, Node, Writer};

use super::number::{push_argument, to_reply_integer};

/// How deep a reply of a script may nest: what a reader of replies takes, with room for an EXEC and a batch around it.
const DEPTH_MAX: usize = resp::reply::DEPTH_MAX - 8;

/// The names of the fields that give a table a meaning, interned once.
#[derive(Debug)]
pub struct Names {
    pub err: LuaString,
    pub ok: LuaString,
    pub source: LuaString,
    pub line: LuaString,
    pub ignore_stats: LuaString,
    double: LuaString,
    map: LuaString,
    set: LuaString,
    big_number: LuaString,
    verbatim_string: LuaString,
    string: LuaString,
    format: LuaString,
}

impl Names {
    pub fn new(lua: &Lua) -> Result<Self> {
        let name = |text: &str| lua.create_string(text);
        Ok(Self {
            err: name("err")?,
            ok: name("ok")?,
            source: name("source")?,
            line: name("line")?,
            ignore_stats: name("ignore_error_stats_update")?,
            double: name("double")?,
            map: name("map")?,
            set: name("set")?,
            big_number: name("big_number")?,
            verbatim_string: name("verbatim_string")?,
            string: name("string")?,
            format: name("format")?,
        })
    }

    /// A table with one field.
    fn single(&self, lua: &Lua, name: &LuaString, value: Value) -> Result<Value> {
        let table = lua.create_table_with_capacity(0, 1)?;
        table.raw_set(name, value)?;
        Ok(Value::Table(table))
    }

    /// An error as scripts see it. `counted` says that the statistics know of it.
    pub fn error(&self, lua: &Lua, text: &[u8], counted: bool) -> Result<Value> {
        let table = lua.create_table_with_capacity(0, 4)?;
        table.raw_set(&self.err, lua.create_string(text)?)?;
        if counted {
            table.raw_set(&self.ignore_stats, true)?;
        }
        Ok(Value::Table(table))
    }

    /// A simple string as scripts see it.
    pub fn status(&self, lua: &Lua, text: &LuaString) -> Result<Value> {
        self.single(lua, &self.ok, Value::String(text.clone()))
    }

    /// The value of a command's reply. `resp3` is the protocol that it came in.
    pub fn to_lua(&self, lua: &Lua, node: Node<'_>, resp3: bool) -> Result<Value> {
        let string = |bytes: &[u8]| lua.create_string(bytes).map(Value::String);
        match node.kind() {
            Kind::Integer => Ok(Value::Number(node.integer() as f64)),
            Kind::Bulk => string(node.bytes()),
            Kind::Simple => self.single(lua, &self.ok, string(node.bytes())?),
            Kind::Error => self.error(lua, node.bytes(), true),
            // RESP2 has no null of its own, and a script that speaks it gets false.
            Kind::Null if resp3 => Ok(Value::Nil),
            Kind::Null => Ok(Value::Boolean(false)),
            Kind::Boolean => Ok(Value::Boolean(node.boolean())),
            Kind::Double => self.single(lua, &self.double, Value::Number(node.double())),
            Kind::BigNumber => self.single(lua, &self.big_number, string(node.bytes())?),
            Kind::Verbatim => {
                let inner = lua.create_table_with_capacity(0, 2)?;
                inner.raw_set(&self.string, string(node.bytes())?)?;
                inner.raw_set(&self.format, string(node.format())?)?;
                self.single(lua, &self.verbatim_string, Value::Table(inner))
            }
            Kind::Array | Kind::Push => {
                let table = lua.create_table_with_capacity(node.len(), 0)?;
                for (at, child) in node.children().enumerate() {
                    table.raw_set(at + 1, self.to_lua(lua, child, resp3)?)?;
                }
                Ok(Value::Table(table))
            }
            Kind::Map => {
                let inner = lua.create_table_with_capacity(0, node.len() / 2)?;
                let mut children = node.children();
                while let (Some(key), Some(value)) = (children.next(), children.next()) {
                    let key = self.to_lua(lua, key, resp3)?;
                    if !key.is_nil() {
                        inner.raw_set(key, self.to_lua(lua, value, resp3)?)?;
                    }
                }
                self.single(lua, &self.map, Value::Table(inner))
            }
            Kind::Set => {
                let inner = lua.create_table_with_capacity(0, node.len())?;
                for child in node.children() {
                    let key = self.to_lua(lua, child, resp3)?;
                    if !key.is_nil() {
                        inner.raw_set(key, true)?;
                    }
                }
                self.single(lua, &self.set, Value::Table(inner))
            }
            Kind::Attribute => self.to_lua(lua, node.without_attributes(), resp3),
        }
    }

    /// Writes what a script returned. `resp3` says that the script speaks RESP3 with the server.
    pub fn write(&self, out: &mut Writer, value: &Value, resp3: bool) -> Result<()> {
        self.write_at(out, value, resp3, 0)
    }

    fn write_at(&self, out: &mut Writer, value: &Value, resp3: bool, depth: usize) -> Result<()> {
        if depth > DEPTH_MAX {
            out.error("ERR reached lua stack limit");
            return Ok(());
        }
        match value {
            Value::String(text) => out.bulk(&text.as_bytes()),
            Value::Integer(number) => out.integer(*number),
            Value::Number(number) => out.integer(to_reply_integer(*number)),
            Value::Boolean(value) if resp3 => out.boolean(*value),
            Value::Boolean(true) => out.integer(1),
            Value::Table(table) => self.write_table(out, table, resp3, depth)?,
            _ => out.null(),
        }
        Ok(())
    }

    fn write_table(&self, out: &mut Writer, table: &Table, resp3: bool, depth: usize) -> Result<()> {
        if let Value::String(text) = table.raw_get(&self.err)? {
            out.error_bytes(&text.as_bytes());
        } else if let Value::String(text) = table.raw_get(&self.ok)? {
            write_line(out, b'+', &text.as_bytes());
        } else if let Some(number) = number_of(&table.raw_get(&self.double)?) {
            out.double(number);
        } else if let Value::Table(inner) = table.raw_get(&self.map)? {
            let later = out.map_later();
            let mut count = 0;
            for pair in inner.pairs::<Value, Value>() {
                let (key, value) = pair?;
                self.write_at(out, &key, resp3, depth + 1)?;
                self.write_at(out, &value, resp3, depth + 1)?;
                count += 1;
            }
            out.finish_map(later, count);
        } else if let Value::Table(inner) = table.raw_get(&self.set)? {
            let later = out.set_later();
            let mut count = 0;
            for pair in inner.pairs::<Value, Value>() {
                self.write_at(out, &pair?.0, resp3, depth + 1)?;
                count += 1;
            }
            out.finish_set(later, count);
        } else if let Value::String(digits) = table.raw_get(&self.big_number)? {
            out.big_number(&digits.to_string_lossy().replace(['\r', '\n'], " "));
        } else if let Value::Table(inner) = table.raw_get(&self.verbatim_string)? {
            match (inner.raw_get(&self.string)?, inner.raw_get(&self.format)?) {
                (Value::String(text), Value::String(format)) => {
                    out.verbatim(&format.to_string_lossy(), &text.as_bytes());
                }
                _ => self.write_array(out, table, resp3, depth)?,
            }
        } else {
            self.write_array(out, table, resp3, depth)?;
        }
        Ok(())
    }

    /// The elements from 1 up to the first nil.
    fn write_array(&self, out: &mut Writer, table: &Table, resp3: bool, depth: usize) -> Result<()> {
        let later = out.array_later();
        let mut count = 0;
        loop {
            let value: Value = table.raw_get(count + 1)?;
            if value.is_nil() {
                break;
            }
            self.write_at(out, &value, resp3, depth + 1)?;
            count += 1;
        }
        out.finish_array(later, count);
        Ok(())
    }
}

/// A simple string of any bytes; line ends in it become spaces.
fn write_line(out: &mut Writer, tag: u8, text: &[u8]) {
    out.raw(&[tag]);
    let line: Vec<u8> =
        text.iter().map(|byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { *byte }).collect();
    out.raw(&line);
    out.raw(b"\r\n");
}

fn number_of(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(number) => Some(*number as f64),
        Value::Number(number) => Some(*number),
        _ => None,
    }
}

/// Appends an argument of a command; false where it is neither a string nor a number.
pub fn push_command_argument(out: &mut Vec<u8>, value: &Value) -> bool {
    match value {
        Value::String(text) => out.extend_from_slice(&text.as_bytes()),
        Value::Integer(number) => out.extend_from_slice(itoa::Buffer::new().format(*number).as_bytes()),
        Value::Number(number) => push_argument(out, *number),
        _ => return false,
    }
    true
}
