//! Lists of RDB, in all the forms they have had.

use super::reader::Reader;
use super::string::write_length;
use super::{RdbError, TYPE_LIST, TYPE_LIST_QUICKLIST, TYPE_LIST_QUICKLIST_2, TYPE_LIST_ZIPLIST, legacy};
use crate::store::list::{Chunk, End, List, ListLimits};
use crate::store::listpack::{Listpack, item};

const CONTAINER_PLAIN: u64 = 1;
const CONTAINER_PACKED: u64 = 2;

/// A part of a list that is read on its own.
#[derive(Debug)]
pub enum ListPart {
    /// One element.
    Element(Vec<u8>),
    /// Some elements, perhaps none.
    Packed(Listpack),
    /// Some elements that were a ziplist, perhaps none.
    Elements(Vec<Vec<u8>>),
}

impl ListPart {
    /// Passes on every element.
    pub fn for_each(&self, mut emit: impl FnMut(&[u8])) {
        match self {
            Self::Element(element) => emit(element),
            Self::Packed(list) => list.iter().for_each(|(_, raw)| emit(&item(raw))),
            Self::Elements(elements) => elements.iter().for_each(|element| emit(element)),
        }
    }
}

/// Reads how many parts a list of a type has: at least one.
pub fn read_list_len(value_type: u8, reader: &mut Reader<'_>) -> Result<u64, RdbError> {
    match value_type {
        TYPE_LIST_ZIPLIST => Ok(1),
        _ => Some(reader.length()?).filter(|&len| len > 0).ok_or(RdbError::Malformed),
    }
}

/// Reads the next part of a list of a type.
pub fn read_list_part(value_type: u8, reader: &mut Reader<'_>) -> Result<ListPart, RdbError> {
    match value_type {
        TYPE_LIST => Ok(ListPart::Element(reader.string()?.into_owned())),
        TYPE_LIST_ZIPLIST | TYPE_LIST_QUICKLIST => {
            let elements = legacy::ziplist(&reader.string()?).ok_or(RdbError::Malformed)?;
            Ok(ListPart::Elements(elements))
        }
        TYPE_LIST_QUICKLIST_2 => match reader.length()? {
            CONTAINER_PLAIN => Ok(ListPart::Element(reader.string()?.into_owned())),
            CONTAINER_PACKED => Ok(ListPart::Packed(Listpack::from_bytes(reader.string()?.into_owned())?)),
            _ => Err(RdbError::Malformed),
        },
        _ => Err(RdbError::UnknownType(value_type)),
    }
}

pub(super) fn write(out: &mut Vec<u8>, list: &List, write_string: fn(&mut Vec<u8>, &[u8])) {
    write_length(out, list.chunks_len() as u64);
    for chunk in list.chunks() {
        match chunk {
            Chunk::Packed(list) => {
                write_length(out, CONTAINER_PACKED);
                write_string(out, list.as_bytes());
            }
            Chunk::Plain(bytes) => {
                write_length(out, CONTAINER_PLAIN);
                write_string(out, bytes);
            }
        }
    }
}

/// Appends a list of the form without packed nodes.
pub(super) fn write_elements(out: &mut Vec<u8>, list: &List, write_string: fn(&mut Vec<u8>, &[u8])) {
    write_length(out, list.len() as u64);
    list.iter().for_each(|element| write_string(out, &element));
}

pub(super) fn read(value_type: u8, reader: &mut Reader<'_>, limits: ListLimits) -> Result<List, RdbError> {
    let mut list = List::default();
    for _ in 0..read_list_len(value_type, reader)? {
        match read_list_part(value_type, reader)? {
            ListPart::Packed(part) => list.append(part, limits),
            part => part.for_each(|element| list.push(End::Tail, element, limits)),
        }
    }
    list.fit(limits);
    if list.is_empty() { Err(RdbError::Malformed) } else { Ok(list) }
}
