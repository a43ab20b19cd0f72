//! Sets of RDB, in all the forms they have had.

use super::reader::Reader;
use super::string::write_length;
use super::{Format, RdbError, TYPE_SET, TYPE_SET_INTSET, TYPE_SET_LISTPACK, VERSION_SET_LISTPACK};
use crate::store::listpack::Listpack;
use crate::store::seed::Seed;
use crate::store::set::{IntSet, Set, SetLimits};

pub(super) fn type_of(set: &Set, format: Format) -> u8 {
    if set.as_intset().is_some() {
        TYPE_SET_INTSET
    } else if set.as_listpack().is_some() && format.knows(VERSION_SET_LISTPACK) {
        TYPE_SET_LISTPACK
    } else {
        TYPE_SET
    }
}

pub(super) fn write(out: &mut Vec<u8>, set: &Set, format: Format) {
    let write_string = format.write_string;
    if let Some(ints) = set.as_intset() {
        write_string(out, ints.as_bytes());
    } else if let Some(list) = set.as_listpack()
        && format.knows(VERSION_SET_LISTPACK)
    {
        write_string(out, list.as_bytes());
    } else {
        write_length(out, set.len() as u64);
        set.iter().for_each(|member| write_string(out, &member));
    }
}

pub(super) fn read(
    value_type: u8,
    reader: &mut Reader<'_>,
    limits: &SetLimits,
    seed: &Seed,
) -> Result<Set, RdbError> {
    let mut set = match value_type {
        TYPE_SET => read_members(reader, limits, seed)?,
        TYPE_SET_INTSET => Set::from_intset(IntSet::from_bytes(reader.string()?.into_owned())?),
        TYPE_SET_LISTPACK => Set::from_listpack(Listpack::from_bytes(reader.string()?.into_owned())?)?,
        _ => return Err(RdbError::UnknownType(value_type)),
    };
    set.fit(limits, seed);
    Ok(set)
}

fn read_members(reader: &mut Reader<'_>, limits: &SetLimits, seed: &Seed) -> Result<Set, RdbError> {
    let count = reader.length()?;
    if count == 0 {
        return Err(RdbError::Malformed);
    }
    let mut set = Set::default();
    for _ in 0..count {
        if !set.add(&reader.string()?, limits, seed) {
            return Err(RdbError::Malformed);
        }
    }
    Ok(set)
}
