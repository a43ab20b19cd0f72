//! Values in the form in which Redis saves them: for DUMP and RESTORE, and for whoever frames whole RDB streams.
//!
//! Format: rdb.h and rdb.c of Redis 7 and 8, which is also what "RDB File Format" of the redis-rdb-tools wiki
//! describes. A value is a type byte, written apart from it, and a body that depends on the type.

pub mod dump;
pub mod functions;
mod hash;
mod legacy;
mod list;
mod lzf;
mod module;
mod reader;
mod set;
mod sorted_set;
pub mod stream;
mod string;

use std::fmt;

pub use dump::{dump, dump_as, restore, unseal};
pub use hash::read_valkey_hash;
pub use list::{read_list_len, read_list_part};
pub use module::{
    Module, VectorElement, read_json, read_module, read_module_end, read_vector_element, read_vector_form,
};
pub use reader::Reader;
pub use sorted_set::{binary_score, text_score};
pub use string::{write_length, write_string, write_uncompressed};

use super::limits::Limits;
use super::seed::Seed;
use super::value::{Value, ValueRef};

/// The latest version whose values can be read.
pub const VERSION_MAX: u16 = 13;
/// The version that brought modules and streams, and has no listpacks outside of them.
const VERSION_OLD: u16 = 9;
/// The version that all values can be read by but those that need a later one.
const VERSION_PLAIN: u16 = 10;
/// The version that brought sets in listpacks.
const VERSION_SET_LISTPACK: u16 = 11;
/// The version that brought the time at which a consumer of a stream was last active.
const VERSION_CONSUMER_ACTIVITY: u16 = 11;
/// The version that brought fields that expire.
const VERSION_FIELD_EXPIRY: u16 = 12;

pub const TYPE_STRING: u8 = 0;
/// Elements one by one, of versions before 3.2.
pub const TYPE_LIST: u8 = 1;
pub const TYPE_SET: u8 = 2;
/// Members with scores, these as text.
pub const TYPE_SORTED_SET_TEXT: u8 = 3;
pub const TYPE_HASH: u8 = 4;
/// Members with scores, these as eight bytes.
pub const TYPE_SORTED_SET: u8 = 5;
/// A value of a module, told by an id.
pub const TYPE_MODULE: u8 = 7;
const TYPE_HASH_ZIPMAP: u8 = 9;
/// A list that is one ziplist.
pub const TYPE_LIST_ZIPLIST: u8 = 10;
const TYPE_SET_INTSET: u8 = 11;
const TYPE_SORTED_SET_ZIPLIST: u8 = 12;
const TYPE_HASH_ZIPLIST: u8 = 13;
/// A list of ziplists.
pub const TYPE_LIST_QUICKLIST: u8 = 14;
/// A stream of Redis 5: nodes, two counters, groups.
const TYPE_STREAM: u8 = 15;
const TYPE_HASH_LISTPACK: u8 = 16;
const TYPE_SORTED_SET_LISTPACK: u8 = 17;
/// A list of listpacks and of large elements, each after a number that tells which.
pub const TYPE_LIST_QUICKLIST_2: u8 = 18;
const TYPE_SET_LISTPACK: u8 = 20;
/// As [`TYPE_STREAM`] with all counters of Redis 7.0.
const TYPE_STREAM_COUNTED: u8 = 19;
/// As [`TYPE_STREAM_COUNTED`] with the time at which each consumer was last active.
const TYPE_STREAM_ACTIVITY: u8 = 21;
/// As [`TYPE_HASH_METADATA`], of release candidates of 7.4: expiries are absolute and no first one precedes them.
pub const TYPE_HASH_METADATA_PRE_GA: u8 = 22;
/// As [`TYPE_HASH_LISTPACK_EX`], of release candidates of 7.4: no first expiry precedes it.
const TYPE_HASH_LISTPACK_EX_PRE_GA: u8 = 23;
/// Fields with expiries, each before its field and relative to the first one.
pub const TYPE_HASH_METADATA: u8 = 24;
/// A listpack of triples.
const TYPE_HASH_LISTPACK_EX: u8 = 25;

/// Bytes that are not a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RdbError {
    /// They end before the value does.
    Truncated,
    /// They contradict the format, or themselves.
    Malformed,
    /// The type is not one that is known here.
    UnknownType(u8),
    /// The file's version is not one that is known here.
    UnknownVersion(u16),
}

impl fmt::Display for RdbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Truncated => f.write_str("the value is cut short"),
            Self::Malformed => f.write_str("the value is damaged"),
            Self::UnknownType(number) => write!(f, "values of RDB type {number} are not supported"),
            Self::UnknownVersion(number) => write!(f, "RDB version {number} is not supported"),
        }
    }
}

impl std::error::Error for RdbError {}

/// How values are written.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// A version of RDB that the reader knows. Where nothing is lost by it a value takes a form of that version.
    pub version: u16,
    /// What the version has no form for is left out: the expiry of fields, the activity of a stream's consumers, and
    /// whole values of the types that Redis has no form of its own for ([`is_foreign`]).
    pub is_strict: bool,
    /// How strings are written.
    pub write_string: fn(&mut Vec<u8>, &[u8]),
}

impl Format {
    /// For readers that know everything that is written here, with long strings compressed.
    pub const COMPRESSED: Self = Self { version: VERSION_FIELD_EXPIRY, is_strict: false, write_string };
    /// As [`Format::COMPRESSED`], without the time that compressing takes.
    pub const PLAIN: Self =
        Self { version: VERSION_FIELD_EXPIRY, is_strict: false, write_string: write_uncompressed };
    /// For replicas that say nothing of themselves, which may be as old as Redis 7.0.
    pub const FOR_REDIS: Self =
        Self { version: VERSION_PLAIN, is_strict: true, write_string: write_uncompressed };

    fn knows(self, version: u16) -> bool {
        self.version >= version
    }

    /// Whether a value is written with what only this version has, or has to do without it.
    fn writes(self, version: u16) -> bool {
        !self.is_strict || self.knows(version)
    }
}

/// Whether Redis has no form of its own for such a value.
pub fn is_foreign(value: &ValueRef<'_>) -> bool {
    matches!(value, ValueRef::Json(_) | ValueRef::VectorSet(_))
}

/// Whether something of a value is left out in a format.
pub fn loses_something(value: &ValueRef<'_>, format: Format) -> bool {
    match value {
        ValueRef::Hash(hash) => hash.next_expiry().is_some() && !format.writes(VERSION_FIELD_EXPIRY),
        _ => is_foreign(value) && format.is_strict,
    }
}

/// The version of RDB that a reader of this value has to know.
pub fn version_of(value: &ValueRef<'_>, format: Format) -> u16 {
    match value {
        ValueRef::Hash(hash) if hash::writes_expiry(hash, format) => VERSION_FIELD_EXPIRY,
        ValueRef::Set(set) if set::type_of(set, format) == TYPE_SET_LISTPACK => VERSION_SET_LISTPACK,
        ValueRef::Stream(stream) if stream::has_activity(stream, format) => VERSION_CONSUMER_ACTIVITY,
        ValueRef::Stream(_) => VERSION_PLAIN,
        _ if !format.knows(VERSION_PLAIN) => VERSION_OLD,
        _ => VERSION_PLAIN,
    }
}

/// The type byte of a value.
pub fn type_of(value: &ValueRef<'_>, format: Format) -> u8 {
    match value {
        ValueRef::Int(_) | ValueRef::Bytes(_) => TYPE_STRING,
        ValueRef::List(_) if format.knows(VERSION_PLAIN) => TYPE_LIST_QUICKLIST_2,
        ValueRef::List(_) => TYPE_LIST,
        ValueRef::Hash(hash) => hash::type_of(hash, format),
        ValueRef::SortedSet(set) => sorted_set::type_of(set, format),
        ValueRef::Json(_) | ValueRef::VectorSet(_) => TYPE_MODULE,
        ValueRef::Set(set) => set::type_of(set, format),
        ValueRef::Stream(stream) if stream::has_activity(stream, format) => TYPE_STREAM_ACTIVITY,
        ValueRef::Stream(_) => TYPE_STREAM_COUNTED,
    }
}

/// Appends the body of a value.
pub fn write_value(out: &mut Vec<u8>, value: &ValueRef<'_>, format: Format) {
    match value {
        ValueRef::Int(value) => string::write_int(out, *value),
        ValueRef::Bytes(bytes) => (format.write_string)(out, bytes),
        ValueRef::List(list) if format.knows(VERSION_PLAIN) => list::write(out, list, format.write_string),
        ValueRef::List(list) => list::write_elements(out, list, format.write_string),
        ValueRef::Hash(hash) => hash::write(out, hash, format),
        ValueRef::SortedSet(set) => sorted_set::write(out, set, format),
        ValueRef::Json(json) => module::write_json(out, json, format.write_string),
        ValueRef::Set(set) => set::write(out, set, format),
        ValueRef::Stream(stream) => stream::write(out, stream, format),
        ValueRef::VectorSet(set) => module::write_vector_set(out, set),
    }
}

/// Reads the body of a value of a type. Never allocates more than a small multiple of what was read.
pub fn read_value(
    value_type: u8,
    reader: &mut Reader<'_>,
    limits: &Limits,
    seed: &Seed,
) -> Result<Value, RdbError> {
    match value_type {
        TYPE_STRING => Ok(Value::of_string(reader.string()?.into_owned())),
        TYPE_LIST | TYPE_LIST_ZIPLIST | TYPE_LIST_QUICKLIST | TYPE_LIST_QUICKLIST_2 => {
            list::read(value_type, reader, limits.list).map(Value::List)
        }
        TYPE_HASH
        | TYPE_HASH_ZIPMAP
        | TYPE_HASH_ZIPLIST
        | TYPE_HASH_LISTPACK
        | TYPE_HASH_METADATA_PRE_GA..=TYPE_HASH_LISTPACK_EX => {
            hash::read(value_type, reader, &limits.hash, seed).map(Value::Hash)
        }
        TYPE_SORTED_SET_TEXT | TYPE_SORTED_SET | TYPE_SORTED_SET_ZIPLIST | TYPE_SORTED_SET_LISTPACK => {
            sorted_set::read(value_type, reader, &limits.sorted_set, seed).map(Value::SortedSet)
        }
        TYPE_MODULE => module::read(reader),
        TYPE_SET | TYPE_SET_INTSET | TYPE_SET_LISTPACK => {
            set::read(value_type, reader, &limits.set, seed).map(Value::Set)
        }
        _ => match stream::Form::of_type(value_type) {
            Some(form) => stream::read(form, reader).map(Value::Stream),
            None => Err(RdbError::UnknownType(value_type)),
        },
    }
}
