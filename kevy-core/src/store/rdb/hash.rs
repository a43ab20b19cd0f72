//! Hashes of RDB, in all the forms they have had.

use super::reader::Reader;
use super::string::write_length;
use super::{
    Format, RdbError, TYPE_HASH, TYPE_HASH_LISTPACK, TYPE_HASH_LISTPACK_EX, TYPE_HASH_LISTPACK_EX_PRE_GA,
    TYPE_HASH_METADATA, TYPE_HASH_METADATA_PRE_GA, TYPE_HASH_ZIPLIST, TYPE_HASH_ZIPMAP, VERSION_FIELD_EXPIRY,
    VERSION_PLAIN, legacy,
};
use crate::store::Expire;
use crate::store::hash::{Hash, HashEdit, HashLimits};
use crate::store::listpack::{Listpack, Malformed};
use crate::store::seed::Seed;

impl From<Malformed> for RdbError {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

/// Whether some field expires, and the format says so.
pub(super) fn writes_expiry(hash: &Hash, format: Format) -> bool {
    hash.next_expiry().is_some() && format.writes(VERSION_FIELD_EXPIRY)
}

pub(super) fn type_of(hash: &Hash, format: Format) -> u8 {
    if hash.as_pairs().is_some() && format.knows(VERSION_PLAIN) {
        TYPE_HASH_LISTPACK
    } else if !writes_expiry(hash, format) {
        TYPE_HASH
    } else if hash.as_triples().is_some() {
        TYPE_HASH_LISTPACK_EX
    } else {
        TYPE_HASH_METADATA
    }
}

pub(super) fn write(out: &mut Vec<u8>, hash: &Hash, format: Format) {
    let write_string = format.write_string;
    if let Some(list) = hash.as_pairs()
        && format.knows(VERSION_PLAIN)
    {
        write_string(out, list.as_bytes());
        return;
    }
    let first = hash.next_expiry().filter(|_| format.writes(VERSION_FIELD_EXPIRY));
    if let Some(first) = first {
        out.extend_from_slice(&first.to_le_bytes());
        if let Some(list) = hash.as_triples() {
            write_string(out, list.as_bytes());
            return;
        }
    }
    write_length(out, hash.len() as u64);
    for field in hash.iter(0) {
        if let Some(first) = first {
            // 0 stands for none, so the others count from 1.
            write_length(out, field.expire_at.map_or(0, |at| at - first + 1));
        }
        write_string(out, &field.name);
        write_string(out, &field.value);
    }
}

pub(super) fn read(
    value_type: u8,
    reader: &mut Reader<'_>,
    limits: &HashLimits,
    seed: &Seed,
) -> Result<Hash, RdbError> {
    let mut hash = match value_type {
        TYPE_HASH => read_fields(reader, limits, seed, |_| Ok(None))?,
        TYPE_HASH_METADATA_PRE_GA => {
            read_fields(reader, limits, seed, |reader| Ok(Some(reader.length()?).filter(|&at| at > 0)))?
        }
        TYPE_HASH_METADATA => {
            let first = reader.milliseconds()?;
            read_fields(reader, limits, seed, |reader| match reader.length()? {
                0 => Ok(None),
                after => first.checked_add(after - 1).map(Some).ok_or(RdbError::Malformed),
            })?
        }
        TYPE_HASH_LISTPACK => Hash::from_pairs(Listpack::from_bytes(reader.string()?.into_owned())?)?,
        TYPE_HASH_LISTPACK_EX_PRE_GA | TYPE_HASH_LISTPACK_EX => {
            if value_type == TYPE_HASH_LISTPACK_EX {
                reader.milliseconds()?;
            }
            Hash::from_triples(Listpack::from_bytes(reader.string()?.into_owned())?)?
        }
        TYPE_HASH_ZIPMAP => from_legacy(legacy::zipmap(&reader.string()?), limits, seed)?,
        TYPE_HASH_ZIPLIST => from_legacy(legacy::ziplist(&reader.string()?), limits, seed)?,
        _ => return Err(RdbError::UnknownType(value_type)),
    };
    hash.fit(limits, seed);
    Ok(hash)
}

/// Reads a hash as Valkey 9 writes it where fields expire: each field and value is followed by its expiry, -1 for none.
pub fn read_valkey_hash(reader: &mut Reader<'_>, limits: &HashLimits, seed: &Seed) -> Result<Hash, RdbError> {
    let count = reader.length()?;
    if count == 0 {
        return Err(RdbError::Malformed);
    }
    let mut hash = Hash::default();
    let mut edit = HashEdit::new(&mut hash, limits, seed, 0);
    for _ in 0..count {
        let (name, value) = (reader.string()?, reader.string()?);
        let expire = match reader.milliseconds()? {
            u64::MAX => Expire::Clear,
            at => Expire::At(at),
        };
        if !edit.set(&name, &value, expire) {
            return Err(RdbError::Malformed);
        }
    }
    hash.fit(limits, seed);
    Ok(hash)
}

/// Reads a count and as many fields, each after whatever `expiry` reads.
fn read_fields(
    reader: &mut Reader<'_>,
    limits: &HashLimits,
    seed: &Seed,
    mut expiry: impl FnMut(&mut Reader<'_>) -> Result<Option<u64>, RdbError>,
) -> Result<Hash, RdbError> {
    let count = reader.length()?;
    if count == 0 {
        return Err(RdbError::Malformed);
    }
    let mut hash = Hash::default();
    let mut edit = HashEdit::new(&mut hash, limits, seed, 0);
    for _ in 0..count {
        let expire = expiry(reader)?.map_or(Expire::Clear, Expire::At);
        let (name, value) = (reader.string()?, reader.string()?);
        if !edit.set(&name, &value, expire) {
            return Err(RdbError::Malformed);
        }
    }
    Ok(hash)
}

fn from_legacy(items: Option<Vec<Vec<u8>>>, limits: &HashLimits, seed: &Seed) -> Result<Hash, RdbError> {
    let items = items.filter(|items| !items.is_empty()).ok_or(RdbError::Malformed)?;
    let (pairs, rest) = items.as_chunks::<2>();
    let mut hash = Hash::default();
    let mut edit = HashEdit::new(&mut hash, limits, seed, 0);
    for [name, value] in pairs {
        if !edit.set(name, value, Expire::Clear) {
            return Err(RdbError::Malformed);
        }
    }
    if rest.is_empty() { Ok(hash) } else { Err(RdbError::Malformed) }
}
