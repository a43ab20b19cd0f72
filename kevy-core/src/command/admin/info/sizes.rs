//! How many keys of each type have which size, in powers of two.

use std::fmt::Write as _;

use crate::command::Context;
use crate::store::ValueRef;

/// Powers of two that are told apart.
const POWERS: usize = 64;

/// What is counted of each type: bytes of strings, elements of the others.
const NAMES: [&str; 5] = ["strings_sizes", "lists_items", "sets_items", "zsets_items", "hashes_items"];

/// One database.
#[derive(Clone, Debug)]
pub struct Sizes([[u64; POWERS]; NAMES.len()]);

fn bin(size: usize) -> usize {
    size.checked_ilog2().map_or(0, |power| power as usize + 1).min(POWERS - 1)
}

/// Goes through all keys of the first `databases` databases.
pub fn of_databases(ctx: &mut Context<'_>, databases: usize) -> Vec<Sizes> {
    let now = ctx.now;
    let partitions = ctx.every();
    let of_database = |db| {
        let mut sizes = Sizes([[0; POWERS]; NAMES.len()]);
        for found in partitions.iter().flat_map(|partition| partition.keyspace.iterate(db, now)) {
            let (kind, size) = match found.value() {
                ValueRef::Int(number) => (0, crate::base::number::format_i64(number).as_bytes().len()),
                ValueRef::Bytes(bytes) => (0, bytes.len()),
                ValueRef::List(list) => (1, list.len()),
                ValueRef::Set(set) => (2, set.len()),
                ValueRef::SortedSet(set) => (3, set.len()),
                ValueRef::Hash(hash) => (4, hash.len()),
                ValueRef::Stream(_) | ValueRef::Json(_) | ValueRef::VectorSet(_) => continue,
            };
            sizes.0[kind][bin(size)] += 1;
        }
        sizes
    };
    (0..databases).map(of_database).collect()
}

/// `1`, `512`, `1K`, `4M`: the least size of a bin.
fn label(bin: usize) -> String {
    let Some(power) = bin.checked_sub(1) else { return "0".to_owned() };
    let units = ["", "K", "M", "G", "T", "P", "E"];
    format!("{}{}", 1 << (power % 10), units[power / 10])
}

impl Sizes {
    /// A name and its bins for every type that has any.
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let mut lines = Vec::new();
        for (name, bins) in NAMES.iter().zip(&self.0) {
            let mut text = String::new();
            for (bin, count) in bins.iter().enumerate().filter(|(_, count)| **count > 0) {
                let comma = if text.is_empty() { "" } else { "," };
                let _ = write!(text, "{comma}{}={count}", label(bin));
            }
            if !text.is_empty() {
                lines.push((*name, text));
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_named_after_their_least_size() {
        let labels = |sizes: &[usize]| sizes.iter().map(|size| label(bin(*size))).collect::<Vec<_>>();
        assert_eq!(
            labels(&[0, 1, 2, 3, 4, 1023, 1024, 5 << 20]),
            ["0", "1", "2", "2", "4", "512", "1K", "4M"]
        );
    }
}
