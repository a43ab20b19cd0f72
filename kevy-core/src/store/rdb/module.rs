//! Values of module types: JSON documents, as RedisJSON saves them, and vector sets in a form of our own.
//!
//! Format: `rdbSaveObject` of Redis for modules (type 7): an id of 64 bits, values that each follow a code for their
//! type, and a code for the end. The id is nine characters of six bits and a version of ten. RedisJSON saves version 3:
//! one string, the text of the document.
//!
//! Vector sets have an id of their own, because Redis saves its graph as it lies in memory, and would take ours for it.
//! Five numbers come first: the dimension, how components are kept (0 floats, 1 bytes, 2 bits), the links that an
//! element wants, the dimension before projection or 0, and how many elements follow. An element is three strings: name,
//! attributes, and components as 32-bit floats.

use std::borrow::Cow;

use super::RdbError;
use super::reader::Reader;
use super::string::{write_length, write_uncompressed};
use crate::store::collection::ValueType as _;
use crate::store::json::{self, Json};
use crate::store::value::Value;
use crate::store::vector_set::{DIM_MAX, EF_DEFAULT, Form, M_RANGE, Quantization, VectorSet};

const CODE_END: u64 = 0;
const CODE_NUMBER: u64 = 2;
const CODE_STRING: u64 = 5;

const JSON_ID: u64 = module_id(b"ReJSON-RL", 3);
const VECTOR_SET_ID: u64 = module_id(b"kevy-vset", 1);

/// Which type of value a module saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Module {
    Json,
    VectorSet,
}

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

pub(super) fn write_vector_set(out: &mut Vec<u8>, set: &VectorSet) {
    write_length(out, VECTOR_SET_ID);
    let Some(form) = set.form() else { return };
    let quantization = match form.quantization {
        Quantization::None => 0,
        Quantization::Bytes => 1,
        Quantization::Bits => 2,
    };
    let input_dim = form.input_dim.unwrap_or_default();
    for number in [form.dim, quantization, form.m, input_dim, set.len()] {
        write_length(out, CODE_NUMBER);
        write_length(out, number as u64);
    }
    for number in 0..set.len() as u32 {
        let Some(vector) = set.vector(number) else { continue };
        let components: Vec<u8> = vector.components().iter().flat_map(|c| c.to_le_bytes()).collect();
        for text in [set.name(number), set.attributes(number).unwrap_or_default(), &components] {
            write_length(out, CODE_STRING);
            write_uncompressed(out, text);
        }
    }
    write_length(out, CODE_END);
}

/// Reads which module a value is of.
pub fn read_module(reader: &mut Reader<'_>) -> Result<Module, RdbError> {
    match reader.length()? {
        JSON_ID => Ok(Module::Json),
        VECTOR_SET_ID => Ok(Module::VectorSet),
        _ => Err(RdbError::UnknownType(super::TYPE_MODULE)),
    }
}

fn expect(reader: &mut Reader<'_>, code: u64) -> Result<(), RdbError> {
    if reader.length()? == code { Ok(()) } else { Err(RdbError::Malformed) }
}

fn number(reader: &mut Reader<'_>) -> Result<u64, RdbError> {
    expect(reader, CODE_NUMBER)?;
    reader.length()
}

fn string<'a>(reader: &mut Reader<'a>) -> Result<Cow<'a, [u8]>, RdbError> {
    expect(reader, CODE_STRING)?;
    reader.string()
}

/// Reads the end of a value.
pub fn read_module_end(reader: &mut Reader<'_>) -> Result<(), RdbError> {
    expect(reader, CODE_END)
}

/// Reads a document behind its id.
pub fn read_json(reader: &mut Reader<'_>) -> Result<Json, RdbError> {
    let text = string(reader)?;
    let root = std::str::from_utf8(&text).ok().and_then(|text| json::parse(text).ok());
    let root = root.ok_or(RdbError::Malformed)?;
    read_module_end(reader)?;
    Ok(Json::new(root))
}

/// Reads the form of a vector set behind its id, and how many elements follow.
pub fn read_vector_form(reader: &mut Reader<'_>) -> Result<(Form, u64), RdbError> {
    let dimension =
        |number: u64| usize::try_from(number).ok().filter(|dim| *dim <= DIM_MAX).ok_or(RdbError::Malformed);
    let dim = dimension(number(reader)?)?;
    let quantization = match number(reader)? {
        0 => Quantization::None,
        1 => Quantization::Bytes,
        2 => Quantization::Bits,
        _ => return Err(RdbError::Malformed),
    };
    let m = i64::try_from(number(reader)?).ok().filter(|m| M_RANGE.contains(m)).ok_or(RdbError::Malformed)?;
    let input_dim = dimension(number(reader)?)?;
    let count = number(reader)?;
    if dim == 0 || count == 0 || input_dim != 0 && input_dim < dim {
        return Err(RdbError::Malformed);
    }
    let input_dim = (input_dim != 0).then_some(input_dim);
    Ok((Form { quantization, dim, input_dim, m: m as usize }, count))
}

/// An element of a vector set: its name, its attributes if there are any bytes of them, and its components as bytes.
pub type VectorElement<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>, Cow<'a, [u8]>);

/// Reads an element of a vector set of `dim` components.
pub fn read_vector_element<'a>(reader: &mut Reader<'a>, dim: usize) -> Result<VectorElement<'a>, RdbError> {
    let element = (string(reader)?, string(reader)?, string(reader)?);
    let (components, []) = element.2.as_chunks::<4>() else { return Err(RdbError::Malformed) };
    let is_right = components.len() == dim && components.iter().all(|c| f32::from_le_bytes(*c).is_finite());
    if is_right { Ok(element) } else { Err(RdbError::Malformed) }
}

/// Reads a value of a module type.
pub(super) fn read(reader: &mut Reader<'_>) -> Result<Value, RdbError> {
    if read_module(reader)? == Module::Json {
        return read_json(reader).map(Value::Json);
    }
    let (form, count) = read_vector_form(reader)?;
    let mut set = VectorSet::default();
    for _ in 0..count {
        let (name, attributes, components) = read_vector_element(reader, form.dim)?;
        let components: Vec<f32> = components.as_chunks().0.iter().map(|c| f32::from_le_bytes(*c)).collect();
        if !set.add(&name, &components, Some(&attributes), EF_DEFAULT, form) {
            return Err(RdbError::Malformed);
        }
    }
    read_module_end(reader)?;
    Ok(Value::VectorSet(set))
}
