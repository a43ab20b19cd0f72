//! The types of values that are not strings: one line below and an implementation of [`ValueType`] make a type known to
//! entries, the keyspace, memory accounting, expiry and garbage.

use std::fmt::Debug;

use super::garbage::Heap;
use super::hash::Hash;
use super::json::Json;
use super::list::List;
use super::set::Set;
use super::sorted_set::SortedSet;
use super::stream::Stream;
use super::vector_set::VectorSet;

/// What the store asks of a type of value that is not a string.
pub trait ValueType: Clone + Debug + Default + Send + Sync {
    /// The type.
    const KIND: Kind;

    /// Number of parts.
    fn len(&self) -> usize;

    /// Whether the key goes, because nothing is left of its value.
    fn is_gone(&self) -> bool {
        self.len() == 0
    }

    /// Bytes allocated behind the value, without its own `size_of`. Asked before and after every change, so it must not
    /// look at the parts.
    fn memory(&self) -> usize;

    /// The name that `OBJECT ENCODING` replies.
    fn encoding(&self) -> &'static str;

    /// When the first of its parts expires, in unix milliseconds.
    fn next_expiry(&self) -> Option<u64> {
        None
    }

    /// Whether a read at `now` finds nothing in it, because all its parts are due.
    fn is_due(&self, _now: u64) -> bool {
        false
    }

    /// What of it takes many steps to be freed; whatever else there is gets freed at once.
    fn into_heap(self) -> Option<Heap>;

    /// The value in a collection of this type.
    fn of(collection: &Collection) -> Option<&Self>;

    /// As [`ValueType::of`], to be changed.
    fn of_mut(collection: &mut Collection) -> Option<&mut Self>;

    /// The value as one of all types.
    fn into_collection(self) -> Collection;
}

/// Defines [`Kind`] and [`Collection`] from lines of type, number and the name that `TYPE` replies.
macro_rules! collections {
    ($($(#[$doc:meta])* $kind:ident($type:ty) = $number:literal, $name:literal;)*) => {
        /// The type of a value, as `TYPE` names it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Kind {
            /// Bytes or an integer.
            String = 0,
            $($(#[$doc])* $kind = $number,)*
        }

        impl Kind {
            /// Every type.
            pub const ALL: &'static [Self] = &[Self::String $(, Self::$kind)*];

            #[inline]
            pub(super) fn from_bits(bits: u32) -> Self {
                match bits {
                    $($number => Self::$kind,)*
                    _ => Self::String,
                }
            }

            /// The name that `TYPE` replies.
            pub fn name(self) -> &'static str {
                match self {
                    Self::String => "string",
                    $(Self::$kind => $name,)*
                }
            }
        }

        /// A value that is not a string.
        #[derive(Clone, Debug)]
        pub enum Collection {
            $($(#[$doc])* $kind($type),)*
        }

        impl Collection {
            /// The type of the value.
            pub fn kind(&self) -> Kind {
                match self {
                    $(Self::$kind(_) => Kind::$kind,)*
                }
            }

            /// See [`ValueType::len`].
            pub fn len(&self) -> usize {
                match self {
                    $(Self::$kind(value) => ValueType::len(value),)*
                }
            }

            /// See [`ValueType::is_gone`].
            pub fn is_gone(&self) -> bool {
                match self {
                    $(Self::$kind(value) => value.is_gone(),)*
                }
            }

            /// See [`ValueType::memory`].
            pub fn memory(&self) -> usize {
                match self {
                    $(Self::$kind(value) => ValueType::memory(value),)*
                }
            }

            /// See [`ValueType::encoding`].
            pub fn encoding(&self) -> &'static str {
                match self {
                    $(Self::$kind(value) => ValueType::encoding(value),)*
                }
            }

            /// See [`ValueType::next_expiry`].
            pub fn next_expiry(&self) -> Option<u64> {
                match self {
                    $(Self::$kind(value) => ValueType::next_expiry(value),)*
                }
            }

            /// See [`ValueType::is_due`].
            pub fn is_due(&self, now: u64) -> bool {
                match self {
                    $(Self::$kind(value) => value.is_due(now),)*
                }
            }

            /// See [`ValueType::into_heap`].
            pub fn into_heap(self) -> Option<Heap> {
                match self {
                    $(Self::$kind(value) => value.into_heap(),)*
                }
            }
        }
    };
}

/// The three ways between a type and [`Collection`], for its implementation of [`ValueType`].
macro_rules! collection_casts {
    ($kind:ident) => {
        const KIND: $crate::store::Kind = $crate::store::Kind::$kind;

        #[inline]
        #[allow(unreachable_patterns, reason = "there may be one type")]
        fn of(collection: &$crate::store::collection::Collection) -> Option<&Self> {
            match collection {
                $crate::store::collection::Collection::$kind(value) => Some(value),
                _ => None,
            }
        }

        #[inline]
        #[allow(unreachable_patterns, reason = "there may be one type")]
        fn of_mut(collection: &mut $crate::store::collection::Collection) -> Option<&mut Self> {
            match collection {
                $crate::store::collection::Collection::$kind(value) => Some(value),
                _ => None,
            }
        }

        fn into_collection(self) -> $crate::store::collection::Collection {
            $crate::store::collection::Collection::$kind(self)
        }
    };
}
pub(super) use collection_casts;

// The numbers are those of Redis's object types where it has the type; four bits have room for them.
collections! {
    /// Elements in order.
    List(List) = 1, "list";
    /// Members in the order of their scores.
    SortedSet(SortedSet) = 3, "zset";
    /// Members.
    Set(Set) = 2, "set";
    /// Fields with values.
    Hash(Hash) = 4, "hash";
    /// A JSON document; the number is that of all module types.
    Json(Json) = 5, "ReJSON-RL";
    /// Entries under ascending ids, and consumer groups.
    Stream(Stream) = 6, "stream";
    /// Elements with vectors.
    VectorSet(VectorSet) = 7, "vectorset";
}
