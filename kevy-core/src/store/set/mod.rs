//! Sets: members without order.
//!
//! A set of integers is an array of them, another small set a listpack; past `set-max-intset-entries`,
//! `set-max-listpack-entries` or `-value` it becomes a table and stays one.

mod combine;
mod edit;
mod intset;
mod members;
mod read;

pub use combine::{difference, intersection, union};
pub use intset::IntSet;

use members::MemberTable;

use super::collection::{ValueType, collection_casts};
use super::garbage::Heap;
use super::listpack::{Listpack, Malformed, Raw};
use super::seed::Seed;
use crate::base::number::parse_i64;

/// How large a set may become before it takes another form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetLimits {
    /// `set-max-intset-entries`
    pub intset_entries_max: usize,
    /// `set-max-listpack-entries`
    pub listpack_entries_max: usize,
    /// `set-max-listpack-value`, in bytes of a member.
    pub listpack_value_bytes_max: usize,
}

impl Default for SetLimits {
    fn default() -> Self {
        Self { intset_entries_max: 512, listpack_entries_max: 128, listpack_value_bytes_max: 64 }
    }
}

/// A set.
#[derive(Clone, Debug, Default)]
pub struct Set {
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    Ints(IntSet),
    Packed(Listpack),
    Table(Box<MemberTable>),
}

impl Default for Form {
    fn default() -> Self {
        Self::Ints(IntSet::default())
    }
}

impl Set {
    /// A set of integers that came from outside.
    pub fn from_intset(ints: IntSet) -> Self {
        Self { form: Form::Ints(ints) }
    }

    /// A set of a listpack that came from outside: at least one member, none twice, none that lookups would miss.
    pub fn from_listpack(list: Listpack) -> Result<Self, Malformed> {
        let is_sound = {
            let mut members = hashbrown::HashSet::with_hasher(foldhash::fast::RandomState::default());
            list.iter().all(|(_, raw)| {
                !matches!(raw, Raw::Bytes(bytes) if parse_i64(bytes).is_some()) && members.insert(raw)
            })
        };
        if !is_sound || list.is_empty() {
            return Err(Malformed);
        }
        Ok(Self { form: Form::Packed(list) })
    }

    /// The array of integers that the set is, if it is one.
    pub fn as_intset(&self) -> Option<&IntSet> {
        match &self.form {
            Form::Ints(ints) => Some(ints),
            _ => None,
        }
    }

    /// The listpack that the set is, if it is one.
    pub fn as_listpack(&self) -> Option<&Listpack> {
        match &self.form {
            Form::Packed(list) => Some(list),
            _ => None,
        }
    }

    fn make_table(&mut self, seed: &Seed) {
        if matches!(self.form, Form::Table(_)) {
            return;
        }
        let mut table = MemberTable::new(seed);
        for member in self.iter() {
            table.insert(&member);
        }
        self.form = Form::Table(Box::new(table));
    }
}

impl ValueType for Set {
    collection_casts!(Set);

    fn len(&self) -> usize {
        self.len()
    }

    fn memory(&self) -> usize {
        match &self.form {
            Form::Ints(ints) => ints.memory(),
            Form::Packed(list) => list.memory(),
            Form::Table(table) => size_of::<MemberTable>() + table.records().memory(),
        }
    }

    fn encoding(&self) -> &'static str {
        match &self.form {
            Form::Ints(_) => "intset",
            Form::Packed(_) => "listpack",
            Form::Table(_) => "hashtable",
        }
    }

    fn into_heap(self) -> Option<Heap> {
        match self.form {
            Form::Table(table) => Heap::of_records(table.into_records()),
            Form::Ints(_) | Form::Packed(_) => None,
        }
    }
}
