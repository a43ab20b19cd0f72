//! A digest of the keyspace: equal for equal contents, whatever the order, the encoding and the number of shards.
//!
//! The construction is that of Redis's DEBUG DIGEST (SHA-1 of the parts, combined by exclusive or where order
//! must not matter) down to its numbers, so that copies on either side can be compared. That a key or field expires is
//! part of it, and when it does is not.

use sha1::{Digest as _, Sha1};

use crate::base::number::format_i64;
use crate::base::slot::{shard_of_slot, slot_of};
use crate::command::Partition;
use crate::store::collection::ValueType as _;
use crate::store::json::Node;
use crate::store::vector_set::Vector;
use crate::store::{Keyspace, StreamId, ValueRef};

/// 160 bits that stand for some contents.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Digest([u8; 20]);

impl Digest {
    /// Adds a part whose order among its neighbours does not matter.
    fn add(&mut self, part: &[u8]) {
        for (byte, other) in self.0.iter_mut().zip(Sha1::digest(part)) {
            *byte ^= other;
        }
    }

    /// Adds a part that follows what has been added.
    fn follow(&mut self, part: &[u8]) {
        self.add(part);
        self.0 = Sha1::digest(self.0).into();
    }

    /// Forty hexadecimal digits.
    pub fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn follow_value(digest: &mut Digest, value: ValueRef<'_>, expire_at: Option<u64>, now: u64) {
    // The number of a type is that of Redis, where it is part of the digest too.
    digest.follow(&(value.kind() as u32).to_be_bytes());
    match value {
        ValueRef::Int(number) => digest.follow(format_i64(number).as_bytes()),
        ValueRef::Bytes(bytes) => digest.follow(bytes),
        ValueRef::List(list) => list.iter().for_each(|element| digest.follow(&element)),
        ValueRef::Hash(hash) => {
            for field in hash.iter(now) {
                let mut part = Digest::default();
                part.follow(&field.name);
                part.follow(&field.value);
                if field.expire_at.is_some() {
                    part.add(b"!!hexpire!!");
                }
                digest.add(&part.0);
            }
        }
        ValueRef::SortedSet(set) => {
            for element in set.iter() {
                let mut part = Digest::default();
                part.follow(&element.member);
                part.follow(seventeen_digits(element.score).as_bytes());
                digest.add(&part.0);
            }
        }
        ValueRef::Json(json) => follow_node(digest, json.root()),
        ValueRef::Set(set) => set.iter().for_each(|member| digest.add(&member)),
        ValueRef::Stream(stream) => {
            for entry in stream.nodes().range(StreamId::MIN, StreamId::MAX) {
                digest.follow(format!("{}.{}", entry.id.ms, entry.id.seq).as_bytes());
                for (field, value) in entry.fields() {
                    digest.follow(&field);
                    digest.follow(&value);
                }
            }
        }
        ValueRef::VectorSet(set) => {
            for number in 0..set.len() as u32 {
                let mut part = Digest::default();
                part.follow(set.name(number));
                part.follow(set.attributes(number).unwrap_or_default());
                let components = set.vector(number).map(Vector::components).unwrap_or_default();
                let bytes: Vec<u8> =
                    components.iter().flat_map(|component| component.to_le_bytes()).collect();
                part.follow(&bytes);
                digest.add(&part.0);
            }
        }
    }
    if expire_at.is_some() {
        digest.add(b"!!expire!!");
    }
}

/// A number as C's `%.17g` writes it.
fn seventeen_digits(number: f64) -> String {
    const DIGITS: i32 = 17;
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{number:.16e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let trim = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if (-4..DIGITS).contains(&exponent) {
        return trim(&format!("{number:.*}", (DIGITS - 1 - exponent) as usize));
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", trim(mantissa), exponent.abs())
}

/// Follows a JSON value; the order of an object's members does not matter.
fn follow_node(digest: &mut Digest, node: &Node) {
    digest.follow(node.type_name().as_bytes());
    match node {
        Node::Null => {}
        Node::Bool(value) => digest.follow(&[u8::from(*value)]),
        Node::Int(value) => digest.follow(&value.to_be_bytes()),
        Node::Unsigned(value) => digest.follow(&value.to_be_bytes()),
        Node::Float(value) => digest.follow(&value.to_be_bytes()),
        Node::String(text) => digest.follow(text.as_bytes()),
        Node::Array(elements) => elements.iter().for_each(|element| follow_node(digest, element)),
        Node::Object(members) => {
            let mut all = Digest::default();
            for (name, member) in &**members {
                let mut part = Digest::default();
                part.follow(name.as_bytes());
                follow_node(&mut part, member);
                all.add(&part.0);
            }
            digest.follow(&all.0);
        }
    }
    // Where an array ends is part of what it is.
    digest.follow(&[]);
}

/// The digest of one key's value; zeros where there is none.
pub fn of_value(keyspace: &mut Keyspace, db: usize, key: &[u8], now: u64) -> Digest {
    let mut digest = Digest::default();
    if let Some(found) = keyspace.peek(db, key, now) {
        follow_value(&mut digest, found.value(), found.expire_at(), now);
    }
    digest
}

/// The digest of all databases on all given shards.
pub fn of_everything(partitions: &[&mut Partition], databases: usize, now: u64) -> Digest {
    let mut digest = Digest::default();
    for db in 0..databases {
        let mut keys = Digest::default();
        for partition in partitions {
            for found in partition.keyspace.iterate(db, now) {
                let mut part = Digest::default();
                part.follow(found.key());
                follow_value(&mut part, found.value(), found.expire_at(), now);
                keys.add(&part.0);
            }
        }
        // The same keys in another database are other contents.
        if keys != Digest::default() {
            digest.follow(&(db as u32).to_be_bytes());
            for (byte, other) in digest.0.iter_mut().zip(keys.0) {
                *byte ^= other;
            }
        }
    }
    digest
}

/// The digests of `count` shards, whatever the number of those that hold the keys: of the slots that would belong to each.
pub fn of_shards(partitions: &[&mut Partition], count: usize, databases: usize, now: u64) -> Vec<Digest> {
    let mut digests = vec![Digest::default(); count];
    for db in 0..databases {
        for partition in partitions {
            for found in partition.keyspace.iterate(db, now) {
                let mut part = Digest::default();
                part.follow(&(db as u32).to_be_bytes());
                part.follow(found.key());
                follow_value(&mut part, found.value(), found.expire_at(), now);
                if let Some(digest) = digests.get_mut(shard_of_slot(slot_of(found.key()), count)) {
                    digest.add(&part.0);
                }
            }
        }
    }
    digests
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_written_as_in_c() {
        for (number, text) in [
            (1.0, "1"),
            (0.1, "0.10000000000000001"),
            (-2.5, "-2.5"),
            (0.0, "0"),
            (-0.0, "-0"),
            (1e20, "1e+20"),
            (123_456_789_012_345_680.0, "1.2345678901234568e+17"),
            (12_345_678_901_234_568.0, "12345678901234568"),
            (1e-5, "1.0000000000000001e-05"),
            (0.0001, "0.0001"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(seventeen_digits(number), text);
        }
    }
}
