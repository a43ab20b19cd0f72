//! A short string that may have been stored as an integer.

use std::hash::{Hash, Hasher};
use std::ops::Deref;

use crate::base::number::{NumberText, format_i64, parse_i64};

/// A field, a value or an element of a collection: bytes either way, to be read through `Deref`.
#[derive(Clone)]
pub enum Item<'a> {
    /// Bytes inside the collection.
    Bytes(&'a [u8]),
    /// The text of an integer that the collection stores as such.
    Digits(NumberText),
}

impl Item<'_> {
    /// The text of `value`.
    #[inline]
    pub fn of_int(value: i64) -> Self {
        Self::Digits(format_i64(value))
    }

    /// The integer whose canonical text this is.
    #[inline]
    pub fn as_int(&self) -> Option<i64> {
        parse_i64(self)
    }
}

impl Deref for Item<'_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Digits(text) => text.as_bytes(),
        }
    }
}

impl AsRef<[u8]> for Item<'_> {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl PartialEq for Item<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Item<'_> {}

impl Hash for Item<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl std::fmt::Debug for Item<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\"{}\"", self.escape_ascii())
    }
}
