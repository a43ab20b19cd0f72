//! What can be done to a set.

use super::read::position_in;
use super::{Form, IntSet, Set, SetLimits};
use crate::base::number::{format_i64, parse_i64};
use crate::store::listpack::{Listpack, Raw, item};
use crate::store::seed::Seed;

/// No array of integers has more than this many, as in Redis.
const INTSET_ENTRIES_MAX: usize = 1 << 30;

impl SetLimits {
    fn intset_entries(&self) -> usize {
        self.intset_entries_max.min(INTSET_ENTRIES_MAX)
    }
}

/// Digits and sign of an integer.
fn text_len(value: i64) -> usize {
    format_i64(value).as_bytes().len()
}

impl Set {
    /// Gives the set the form that up to `count` members more ask for, of which `first` is the first. The form is only
    /// a guess where members come twice, as it is in Redis.
    pub fn prepare(&mut self, first: &[u8], count: usize, limits: &SetLimits, seed: &Seed) {
        let allowed = match &self.form {
            Form::Ints(ints)
                if ints.is_empty() && parse_i64(first).is_some() && count <= limits.intset_entries_max =>
            {
                return;
            }
            Form::Ints(ints) if ints.is_empty() => {
                if count <= limits.listpack_entries_max {
                    self.form = Form::Packed(Listpack::new());
                    return;
                }
                0
            }
            Form::Ints(_) => limits.intset_entries_max,
            Form::Packed(_) => limits.listpack_entries_max,
            Form::Table(_) => return,
        };
        if count > allowed {
            self.make_table(seed);
        }
    }

    /// Adds a member; whether it is new.
    pub fn add(&mut self, member: &[u8], limits: &SetLimits, seed: &Seed) -> bool {
        match &mut self.form {
            Form::Ints(ints) => {
                if let Some(value) = parse_i64(member) {
                    let is_new = ints.add(value);
                    if is_new && ints.len() > limits.intset_entries() {
                        self.make_table(seed);
                    }
                    return is_new;
                }
                match packed_with_room(ints, member, limits) {
                    Some(mut list) => {
                        list.push(member);
                        self.form = Form::Packed(list);
                        return true;
                    }
                    None => self.make_table(seed),
                }
            }
            Form::Packed(list) => {
                if position_in(list, member).is_some() {
                    return false;
                }
                if list.len() < limits.listpack_entries_max
                    && member.len() <= limits.listpack_value_bytes_max
                    && list.has_room(member.len())
                {
                    list.push(member);
                    return true;
                }
                self.make_table(seed);
            }
            Form::Table(_) => {}
        }
        match &mut self.form {
            Form::Table(table) => table.add(member),
            Form::Ints(_) | Form::Packed(_) => false,
        }
    }

    /// Removes a member; whether it was there.
    pub fn remove(&mut self, member: &[u8]) -> bool {
        match &mut self.form {
            Form::Ints(ints) => parse_i64(member).is_some_and(|value| ints.remove(value)),
            Form::Packed(list) => match position_in(list, member) {
                Some(at) => {
                    list.delete(at, 1);
                    true
                }
                None => false,
            },
            Form::Table(table) => table.remove(member),
        }
    }

    /// Removes up to `count` members chosen at random and returns them.
    pub fn take_random(&mut self, rng: &mut fastrand::Rng, count: usize) -> Vec<Box<[u8]>> {
        let chosen: Vec<Box<[u8]>> =
            self.random_distinct(rng, count).into_iter().map(|member| (*member).into()).collect();
        match &mut self.form {
            // Both forms are arrays, which are gone through once instead of being moved for every member.
            Form::Ints(ints) if chosen.len() > 1 => {
                let mut taken: Vec<i64> = chosen.iter().filter_map(|member| parse_i64(member)).collect();
                taken.sort_unstable();
                ints.retain(|value| taken.binary_search(&value).is_err());
            }
            Form::Packed(list) if chosen.len() > 1 => {
                let taken: hashbrown::HashSet<&[u8], foldhash::fast::RandomState> =
                    chosen.iter().map(|member| &**member).collect();
                let left = list.iter().map(|(_, raw)| raw).filter(|&raw| !taken.contains(&*item(raw)));
                *list = Listpack::of(left);
            }
            Form::Ints(_) | Form::Packed(_) | Form::Table(_) => {
                for member in &chosen {
                    self.remove(member);
                }
            }
        }
        chosen
    }

    /// Makes a set of integers an array of them, whatever it was, if it is small enough for one.
    pub fn compact(&mut self, limits: &SetLimits) {
        if self.as_intset().is_some() || self.len() > limits.intset_entries() {
            return;
        }
        let values: Option<Vec<i64>> = self.iter().map(|member| parse_i64(&member)).collect();
        if let Some(mut values) = values {
            values.sort_unstable();
            self.form = Form::Ints(IntSet::from_sorted(&values));
        }
    }

    /// Makes the set a table if it has more members than its form may have.
    pub fn fit(&mut self, limits: &SetLimits, seed: &Seed) {
        let entries_max = match &self.form {
            Form::Ints(_) => limits.intset_entries(),
            Form::Packed(_) => limits.listpack_entries_max,
            Form::Table(_) => return,
        };
        if self.len() > entries_max {
            self.make_table(seed);
        }
    }
}

/// The integers as a listpack, if that may have `member` beside them.
fn packed_with_room(ints: &IntSet, member: &[u8], limits: &SetLimits) -> Option<Listpack> {
    let longest = match ints.len().checked_sub(1) {
        Some(last) => text_len(ints.get(0)?).max(text_len(ints.get(last)?)),
        None => 0,
    };
    if ints.len() >= limits.listpack_entries_max
        || longest.max(member.len()) > limits.listpack_value_bytes_max
    {
        return None;
    }
    let list = Listpack::of(ints.iter().map(Raw::Int));
    list.has_room(member.len()).then_some(list)
}
