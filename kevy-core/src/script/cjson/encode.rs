//! Lua values as JSON.

use mlua::{Table, Value};

use super::{Checked, DEPTH_LIMIT, Invalid, Settings, broken, number_text, type_name};

/// The JSON text of a value.
pub fn encode(value: &Value, settings: &Settings) -> Checked<Vec<u8>> {
    let mut out = Vec::new();
    write(&mut out, value, settings, 0)?;
    Ok(out)
}

fn refuse<T>(value: &Value, why: &str) -> Checked<T> {
    Err(format!("Cannot serialise {}: {why}", type_name(Some(value))))
}

fn write(out: &mut Vec<u8>, value: &Value, settings: &Settings, depth: usize) -> Checked<()> {
    match value {
        Value::String(text) => write_string(out, &text.as_bytes()),
        Value::Integer(number) => write_number(out, *number as f64, settings)?,
        Value::Number(number) => write_number(out, *number, settings)?,
        Value::Boolean(true) => out.extend_from_slice(b"true"),
        Value::Boolean(false) => out.extend_from_slice(b"false"),
        Value::Nil => out.extend_from_slice(b"null"),
        Value::Table(table) => {
            let depth = depth + 1;
            if depth > settings.encode_depth_max.min(DEPTH_LIMIT) {
                return Err(format!("Cannot serialise, excessive nesting ({depth})"));
            }
            match array_len(table, settings)? {
                Some(len) if len > 0 => write_array(out, table, len, settings, depth)?,
                _ => write_object(out, table, settings, depth)?,
            }
        }
        null if *null == Value::NULL => out.extend_from_slice(b"null"),
        other => return refuse(other, "type not supported"),
    }
    Ok(())
}

fn write_number(out: &mut Vec<u8>, number: f64, settings: &Settings) -> Checked<()> {
    if !number.is_finite() {
        match settings.encode_invalid {
            Invalid::Error => return refuse(&Value::Number(number), "must not be NaN or Inf"),
            Invalid::Null => {
                out.extend_from_slice(b"null");
                return Ok(());
            }
            // The sign of a NaN means nothing.
            Invalid::Write if number.is_nan() => {
                out.extend_from_slice(b"nan");
                return Ok(());
            }
            Invalid::Write => {}
        }
    }
    out.extend_from_slice(number_text(number, settings).as_bytes());
    Ok(())
}

/// The greatest key of a table that has only whole positive keys; `None` for one that becomes an object.
fn array_len(table: &Table, settings: &Settings) -> Checked<Option<usize>> {
    let (mut count, mut greatest) = (0u64, 0f64);
    for pair in table.pairs::<Value, Value>() {
        let key = match pair.map_err(|error| broken(&error))?.0 {
            Value::Integer(key) => key as f64,
            Value::Number(key) => key,
            _ => return Ok(None),
        };
        if key < 1.0 || key.fract() != 0.0 {
            return Ok(None);
        }
        count += 1;
        greatest = greatest.max(key);
    }
    let is_sparse = settings.sparse_ratio > 0
        && greatest > count as f64 * f64::from(settings.sparse_ratio)
        && greatest > f64::from(settings.sparse_safe);
    match is_sparse {
        true if !settings.sparse_convert => {
            Err("Cannot serialise table: excessively sparse array".to_owned())
        }
        true => Ok(None),
        false => Ok(Some(greatest as usize)),
    }
}

fn write_array(
    out: &mut Vec<u8>,
    table: &Table,
    len: usize,
    settings: &Settings,
    depth: usize,
) -> Checked<()> {
    out.push(b'[');
    for at in 1..=len {
        if at > 1 {
            out.push(b',');
        }
        let value: Value = table.raw_get(at).map_err(|error| broken(&error))?;
        write(out, &value, settings, depth)?;
    }
    out.push(b']');
    Ok(())
}

fn write_object(out: &mut Vec<u8>, table: &Table, settings: &Settings, depth: usize) -> Checked<()> {
    out.push(b'{');
    let mut is_first = true;
    for pair in table.pairs::<Value, Value>() {
        let (key, value) = pair.map_err(|error| broken(&error))?;
        if !std::mem::take(&mut is_first) {
            out.push(b',');
        }
        let number = match key {
            Value::String(text) => {
                write_string(out, &text.as_bytes());
                None
            }
            Value::Integer(number) => Some(number as f64),
            Value::Number(number) => Some(number),
            key => return refuse(&key, "table key must be a number or string"),
        };
        if let Some(number) = number {
            out.push(b'"');
            write_number(out, number, settings)?;
            out.push(b'"');
        }
        out.push(b':');
        write(out, &value, settings, depth)?;
    }
    out.push(b'}');
    Ok(())
}

fn write_string(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    for &byte in text {
        match byte {
            b'"' | b'\\' | b'/' => out.extend_from_slice(&[b'\\', byte]),
            8 => out.extend_from_slice(b"\\b"),
            9 => out.extend_from_slice(b"\\t"),
            10 => out.extend_from_slice(b"\\n"),
            12 => out.extend_from_slice(b"\\f"),
            13 => out.extend_from_slice(b"\\r"),
            0..32 | 127 => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}
