//! Values outside of a table: borrowed to be read, or owned to be moved between keys, shards and payloads.

use super::collection::ValueType;
use super::entry::{Collection, Content, Entry, INLINE_MAX, Kind, View};
use super::hash::Hash;
use super::item::Item;
use super::json::Json;
use super::list::List;
use super::set::Set;
use super::sorted_set::SortedSet;
use super::stream::Stream;
use super::vector_set::VectorSet;
use crate::base::number::parse_i64;

/// Longest string that Redis keeps in its object rather than in a buffer, and calls "embstr".
const EMBSTR_MAX: usize = 44;

/// A value in the keyspace.
#[derive(Clone, Copy, Debug)]
pub enum ValueRef<'a> {
    /// A string that is stored as the integer it spells.
    Int(i64),
    /// A string.
    Bytes(&'a [u8]),
    /// A list.
    List(&'a List),
    /// A hash, perhaps with fields that are due and not removed yet.
    Hash(&'a Hash),
    /// A sorted set.
    SortedSet(&'a SortedSet),
    /// A JSON document.
    Json(&'a Json),
    /// A set.
    Set(&'a Set),
    /// A stream.
    Stream(&'a Stream),
    /// A vector set.
    VectorSet(&'a VectorSet),
}

impl<'a> ValueRef<'a> {
    #[inline]
    pub(super) fn of(entry: &'a Entry) -> Self {
        match entry.view() {
            View::Int(value) => Self::Int(value),
            View::Inline(value) => Self::Bytes(value),
            View::Bytes(value) => Self::Bytes(value),
            View::Collection(Collection::List(list)) => Self::List(list),
            View::Collection(Collection::Hash(hash)) => Self::Hash(hash),
            View::Collection(Collection::SortedSet(set)) => Self::SortedSet(set),
            View::Collection(Collection::Json(json)) => Self::Json(json),
            View::Collection(Collection::Set(set)) => Self::Set(set),
            View::Collection(Collection::Stream(stream)) => Self::Stream(stream),
            View::Collection(Collection::VectorSet(set)) => Self::VectorSet(set),
        }
    }

    /// The type.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Int(_) | Self::Bytes(_) => Kind::String,
            Self::List(_) => Kind::List,
            Self::Hash(_) => Kind::Hash,
            Self::SortedSet(_) => Kind::SortedSet,
            Self::Json(_) => Kind::Json,
            Self::Set(_) => Kind::Set,
            Self::Stream(_) => Kind::Stream,
            Self::VectorSet(_) => Kind::VectorSet,
        }
    }

    /// The text of a string.
    #[inline]
    pub fn as_string(&self) -> Option<Item<'a>> {
        match *self {
            Self::Int(value) => Some(Item::of_int(value)),
            Self::Bytes(bytes) => Some(Item::Bytes(bytes)),
            Self::List(_)
            | Self::Hash(_)
            | Self::Set(_)
            | Self::SortedSet(_)
            | Self::Json(_)
            | Self::Stream(_)
            | Self::VectorSet(_) => None,
        }
    }

    /// A copy of the value.
    pub fn to_value(self) -> Value {
        match self {
            Self::Int(value) => Value::Int(value),
            Self::Bytes(bytes) => Value::Bytes(bytes.to_vec()),
            Self::List(list) => Value::List(list.clone()),
            Self::Hash(hash) => Value::Hash(hash.clone()),
            Self::SortedSet(set) => Value::SortedSet(set.clone()),
            Self::Json(json) => Value::Json(json.clone()),
            Self::Set(set) => Value::Set(set.clone()),
            Self::Stream(stream) => Value::Stream(stream.clone()),
            Self::VectorSet(set) => Value::VectorSet(set.clone()),
        }
    }
}

pub(super) fn encoding(entry: &Entry) -> &'static str {
    match entry.view() {
        View::Int(_) => "int",
        View::Inline(value) if value.len() <= EMBSTR_MAX => "embstr",
        View::Inline(_) | View::Bytes(_) => "raw",
        View::Collection(collection) => collection.encoding(),
    }
}

/// A value that belongs to no key.
#[derive(Clone, Debug)]
pub enum Value {
    /// A string that is stored as the integer it spells.
    Int(i64),
    /// A string.
    Bytes(Vec<u8>),
    /// A list.
    List(List),
    /// A hash.
    Hash(Hash),
    /// A sorted set.
    SortedSet(SortedSet),
    /// A JSON document.
    Json(Json),
    /// A set.
    Set(Set),
    /// A stream.
    Stream(Stream),
    /// A vector set.
    VectorSet(VectorSet),
}

impl Value {
    /// The value of a string: an integer where it spells one.
    pub fn of_string(bytes: Vec<u8>) -> Self {
        parse_i64(&bytes).map_or(Self::Bytes(bytes), Self::Int)
    }

    /// Whether nothing is left of a collection.
    pub fn is_gone(&self) -> bool {
        match self {
            Self::Int(_) | Self::Bytes(_) => false,
            Self::List(list) => list.is_gone(),
            Self::Hash(hash) => hash.is_gone(),
            Self::SortedSet(set) => set.is_gone(),
            Self::Json(json) => json.is_gone(),
            Self::Set(set) => set.is_gone(),
            Self::Stream(stream) => stream.is_gone(),
            Self::VectorSet(set) => set.is_gone(),
        }
    }

    /// The value, borrowed.
    pub fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Self::Int(value) => ValueRef::Int(*value),
            Self::Bytes(bytes) => ValueRef::Bytes(bytes),
            Self::List(list) => ValueRef::List(list),
            Self::Hash(hash) => ValueRef::Hash(hash),
            Self::SortedSet(set) => ValueRef::SortedSet(set),
            Self::Json(json) => ValueRef::Json(json),
            Self::Set(set) => ValueRef::Set(set),
            Self::Stream(stream) => ValueRef::Stream(stream),
            Self::VectorSet(set) => ValueRef::VectorSet(set),
        }
    }

    /// Passes the value on in the form in which it enters a table.
    pub(super) fn into_content<R>(self, with: impl FnOnce(Kind, Content<'_>) -> R) -> R {
        match self {
            Self::Int(value) => with(Kind::String, Content::Int(value)),
            Self::Bytes(bytes) if bytes.len() <= INLINE_MAX => with(Kind::String, Content::Inline(&bytes)),
            Self::Bytes(bytes) => with(Kind::String, Content::Bytes(bytes)),
            Self::List(list) => with(Kind::List, Content::Collection(list.into_collection())),
            Self::Hash(hash) => with(Kind::Hash, Content::Collection(hash.into_collection())),
            Self::SortedSet(set) => with(Kind::SortedSet, Content::Collection(set.into_collection())),
            Self::Json(json) => with(Kind::Json, Content::Collection(json.into_collection())),
            Self::Set(set) => with(Kind::Set, Content::Collection(set.into_collection())),
            Self::Stream(stream) => with(Kind::Stream, Content::Collection(stream.into_collection())),
            Self::VectorSet(set) => with(Kind::VectorSet, Content::Collection(set.into_collection())),
        }
    }

    pub(super) fn of_content(content: Content<'_>) -> Self {
        match content {
            Content::Int(value) => Self::Int(value),
            Content::Inline(bytes) => Self::Bytes(bytes.to_vec()),
            Content::Bytes(bytes) => Self::Bytes(bytes),
            Content::Collection(Collection::List(list)) => Self::List(list),
            Content::Collection(Collection::Hash(hash)) => Self::Hash(hash),
            Content::Collection(Collection::SortedSet(set)) => Self::SortedSet(set),
            Content::Collection(Collection::Json(json)) => Self::Json(json),
            Content::Collection(Collection::Set(set)) => Self::Set(set),
            Content::Collection(Collection::Stream(stream)) => Self::Stream(stream),
            Content::Collection(Collection::VectorSet(set)) => Self::VectorSet(set),
        }
    }
}

/// A string's content in the form in which Redis would store it: as an integer where it spells one.
#[inline]
pub(super) fn content_of_string(bytes: &[u8]) -> Content<'_> {
    match parse_i64(bytes) {
        Some(value) => Content::Int(value),
        None if bytes.len() <= INLINE_MAX => Content::Inline(bytes),
        None => Content::Bytes(bytes.to_vec()),
    }
}

/// A value with what belongs to its key, on its way from one key to another.
#[derive(Clone, Debug)]
pub struct Owned {
    /// The value.
    pub value: Value,
    /// When it expires, in unix milliseconds.
    pub expire_at: Option<u64>,
    /// The access field, or `None` to begin anew.
    pub access: Option<u32>,
}

impl From<Value> for Owned {
    fn from(value: Value) -> Self {
        Self { value, expire_at: None, access: None }
    }
}
