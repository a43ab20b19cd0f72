//! Values of module types: JSON documents, as RedisJSON saves them.
//!
//! Format: `rdbSaveObject` of Redis for modules (type 7): an id of 64 bits, values that each follow a code for their
//! type, and a code for the end. The id is nine characters of six bits and a version of ten. RedisJSON saves version 3:
//! one string, the text of the document.

use super::RdbError;
use super::reader::Reader;
use super::string::write_length;
use crate::store::json::{self, Json};

const CODE_END: u64 = 0;
const CODE_STRING: u64 = 5;

const JSON_ID: u64 = module_id(b"ReJSON-RL", 3);

/// The id of a module type.
const fn module_id(name: &[u8; 9], version: u64) -> u64 {
    let mut id = 0;
    let mut at = 0;
    while at < name.len() {
        let digit = match name[at] {
            byte @ b'A'..=b'Z' => byte - b'A',
            byte @ b'a'..=b'z' => byte - b'a' + 26,
            byte @ b'0'..=b'9' => byte - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => panic!("no character of a module type"),
        };
        id = id << 6 | digit as u64;
        at += 1;
    }
    id << 10 | version
}

pub(super) fn write_json(out: &mut Vec<u8>, json: &Json, write_string: fn(&mut Vec<u8>, &[u8])) {
    write_length(out, JSON_ID);
    write_length(out, CODE_STRING);
    write_string(out, &json.to_text());
    write_length(out, CODE_END);
}

/// Reads a value of a module type, of which there is one.
pub(super) fn read(value_type: u8, reader: &mut Reader<'_>) -> Result<Json, RdbError> {
    if reader.length()? != JSON_ID {
        return Err(RdbError::UnknownType(value_type));
    }
    if reader.length()? != CODE_STRING {
        return Err(RdbError::Malformed);
    }
    let text = reader.string()?;
    let root = std::str::from_utf8(&text).ok().and_then(|text| json::parse(text).ok());
    let root = root.ok_or(RdbError::Malformed)?;
    if reader.length()? != CODE_END {
        return Err(RdbError::Malformed);
    }
    Ok(Json::new(root))
}
