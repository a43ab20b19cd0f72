//! Sorted sets in RDB.

use super::string::write_length;
use super::{
    Format, RdbError, Reader, TYPE_SORTED_SET, TYPE_SORTED_SET_LISTPACK, TYPE_SORTED_SET_TEXT,
    TYPE_SORTED_SET_ZIPLIST, VERSION_PLAIN, legacy,
};
use crate::base::number::parse_f64;
use crate::store::listpack::Listpack;
use crate::store::seed::Seed;
use crate::store::sorted_set::{SortedSet, SortedSetLimits};

pub(super) fn type_of(set: &SortedSet, format: Format) -> u8 {
    let is_packed = set.as_listpack().is_some() && format.knows(VERSION_PLAIN);
    if is_packed { TYPE_SORTED_SET_LISTPACK } else { TYPE_SORTED_SET }
}

/// The highest score comes first, so that Redis inserts every element at the head of its list.
pub(super) fn write(out: &mut Vec<u8>, set: &SortedSet, format: Format) {
    let write_string = format.write_string;
    if let Some(list) = set.as_listpack()
        && format.knows(VERSION_PLAIN)
    {
        write_string(out, list.as_bytes());
        return;
    }
    write_length(out, set.len() as u64);
    for element in set.iter().rev() {
        write_string(out, &element.member);
        out.extend_from_slice(&element.score.to_le_bytes());
    }
}

pub(super) fn read(
    value_type: u8,
    reader: &mut Reader<'_>,
    limits: &SortedSetLimits,
    seed: &Seed,
) -> Result<SortedSet, RdbError> {
    let mut set = match value_type {
        TYPE_SORTED_SET => read_elements(reader, limits, seed, binary_score)?,
        TYPE_SORTED_SET_TEXT => read_elements(reader, limits, seed, text_score)?,
        TYPE_SORTED_SET_LISTPACK => {
            SortedSet::from_listpack(Listpack::from_bytes(reader.string()?.into_owned())?)?
        }
        TYPE_SORTED_SET_ZIPLIST => {
            let items = legacy::ziplist(&reader.string()?).filter(|items| !items.is_empty());
            let items = items.ok_or(RdbError::Malformed)?;
            let (pairs, []) = items.as_chunks::<2>() else { return Err(RdbError::Malformed) };
            let mut set = SortedSet::default();
            for [member, score] in pairs {
                let score = parse_f64(score).ok_or(RdbError::Malformed)?;
                add(&mut set, member, score, limits, seed)?;
            }
            set
        }
        _ => return Err(RdbError::UnknownType(value_type)),
    };
    set.fit(limits, seed);
    Ok(set)
}

fn read_elements(
    reader: &mut Reader<'_>,
    limits: &SortedSetLimits,
    seed: &Seed,
    score: fn(&mut Reader<'_>) -> Result<f64, RdbError>,
) -> Result<SortedSet, RdbError> {
    let count = reader.length()?;
    if count == 0 {
        return Err(RdbError::Malformed);
    }
    let mut set = SortedSet::default();
    for _ in 0..count {
        let member = reader.string()?;
        add(&mut set, &member, score(reader)?, limits, seed)?;
    }
    Ok(set)
}

fn add(
    set: &mut SortedSet,
    member: &[u8],
    score: f64,
    limits: &SortedSetLimits,
    seed: &Seed,
) -> Result<(), RdbError> {
    // A member that comes twice makes a payload that no set was saved as.
    if set.set(member, score, limits, seed).is_some() { Err(RdbError::Malformed) } else { Ok(()) }
}

/// The score behind a member, as eight bytes.
pub fn binary_score(reader: &mut Reader<'_>) -> Result<f64, RdbError> {
    Some(reader.double()?).filter(|score| !score.is_nan()).ok_or(RdbError::Malformed)
}

/// The score behind a member, as Redis wrote it before 4.0: the length of a text and the text, or one of three
/// lengths that stand for what is no number.
pub fn text_score(reader: &mut Reader<'_>) -> Result<f64, RdbError> {
    match reader.byte()? {
        255 => Ok(f64::NEG_INFINITY),
        254 => Ok(f64::INFINITY),
        253 => Err(RdbError::Malformed),
        length => parse_f64(reader.take(length.into())?).ok_or(RdbError::Malformed),
    }
}
