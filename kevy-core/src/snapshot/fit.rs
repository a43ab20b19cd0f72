//! Making the payload of a value one that an older server takes.

use crate::store::rdb::{self, Format};
use crate::store::{Kind, Limits, Seed};

/// What a payload becomes.
#[derive(Debug, PartialEq, Eq)]
pub enum Fitted {
    /// It can be taken as it is.
    AsItIs,
    /// The same value in an older form, perhaps without what that has no place for.
    Changed { payload: Vec<u8>, is_reduced: bool },
    /// There is no form of it.
    Impossible,
}

/// The latest type that readers of [`Format::FOR_REDIS`] know, a stream with its counters.
const TYPE_KNOWN_MAX: u8 = 19;

/// The type of the value in a payload of DUMP, which was made here; `None` where it cannot be told.
pub fn kind_of(payload: &[u8]) -> Option<Kind> {
    // Of the types that values are written as, those of modules alone say more further on.
    match *payload.first()? {
        rdb::TYPE_STRING => Some(Kind::String),
        rdb::TYPE_LIST | rdb::TYPE_LIST_QUICKLIST | rdb::TYPE_LIST_QUICKLIST_2 => Some(Kind::List),
        rdb::TYPE_SET => Some(Kind::Set),
        rdb::TYPE_SORTED_SET => Some(Kind::SortedSet),
        rdb::TYPE_HASH | rdb::TYPE_HASH_METADATA => Some(Kind::Hash),
        _ => {
            let value = rdb::restore(payload, &Limits::default(), &Seed::new(0)).ok()?;
            Some(value.as_ref().kind())
        }
    }
}

/// Fits a payload of DUMP, which was made here, to readers of [`Format::FOR_REDIS`].
pub fn fit(payload: &[u8]) -> Fitted {
    match payload.first() {
        Some(&rdb::TYPE_MODULE) | None => return Fitted::Impossible,
        Some(0..=TYPE_KNOWN_MAX) => return Fitted::AsItIs,
        Some(_) => {}
    }
    let Ok(value) = rdb::restore(payload, &Limits::default(), &Seed::new(0)) else {
        return Fitted::Impossible;
    };
    let value = value.as_ref();
    let is_reduced = rdb::loses_something(&value, Format::FOR_REDIS);
    Fitted::Changed { payload: rdb::dump_as(&value, Format::FOR_REDIS), is_reduced }
}
