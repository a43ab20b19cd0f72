//! The commands that rebuild a key.

use std::collections::VecDeque;

use crate::base::ArgvBuf;
use crate::base::number::{format_f64, format_u64};
use crate::store::rdb::VectorElement;
use crate::store::vector_set::{Form, Quantization};
use crate::store::{Hash, Json, Set, SortedSet};

/// A collection is rebuilt by several commands, none of them much longer than this.
const PARTS_MAX: usize = 128;
const BYTES_MAX: usize = 64 << 10;

/// Commands in the order in which they have to be applied, in buffers that are used again.
#[derive(Debug, Default)]
pub struct Rebuild {
    ready: VecDeque<ArgvBuf>,
    spare: Vec<ArgvBuf>,
    current: ArgvBuf,
    /// The command that adds parts to the current key, and when those of them that are fields expire.
    parts: ArgvBuf,
    expiries: Vec<(usize, u64)>,
}

impl Rebuild {
    /// Goes on to the next command; false where there is none.
    pub fn next(&mut self) -> bool {
        let Some(next) = self.ready.pop_front() else { return false };
        let last = std::mem::replace(&mut self.current, next);
        self.recycle(last);
        true
    }

    /// The command that [`Rebuild::next`] came to.
    pub fn current(&self) -> &ArgvBuf {
        &self.current
    }

    fn recycle(&mut self, mut argv: ArgvBuf) {
        argv.clear();
        if self.spare.len() < 4 {
            self.spare.push(argv);
        }
    }

    fn blank(&mut self) -> ArgvBuf {
        self.spare.pop().unwrap_or_default()
    }

    /// A string.
    pub fn string(&mut self, key: &[u8], value: &[u8], expire_at: Option<u64>) {
        let mut argv = self.blank();
        argv.push(b"SET");
        argv.push(key);
        argv.push(value);
        if let Some(at) = expire_at {
            argv.push(b"PXAT");
            argv.push_number(at);
        }
        self.ready.push_back(argv);
    }

    /// A command of its own.
    pub fn command<'a>(&mut self, parts: impl IntoIterator<Item = &'a [u8]>) {
        let mut argv = self.blank();
        for part in parts {
            argv.push(part);
        }
        self.ready.push_back(argv);
    }

    /// A field of a hash.
    pub fn field(&mut self, key: &[u8], name: &[u8], value: &[u8], expire_at: Option<u64>) {
        if let Some(at) = expire_at {
            self.expiries.push((self.parts.len().max(2), at));
        }
        self.add(key, b"HSET", &[name, value]);
    }

    /// A member of a sorted set.
    pub fn scored(&mut self, key: &[u8], member: &[u8], score: f64) {
        self.add(key, b"ZADD", &[format_f64(score).as_bytes(), member]);
    }

    /// An element of a vector set, its attributes and its components as 32-bit floats.
    pub fn vector(&mut self, key: &[u8], form: Form, (name, attributes, components): VectorElement<'_>) {
        let quantization: &[u8] = match form.quantization {
            Quantization::None => b"NOQUANT",
            Quantization::Bytes => b"Q8",
            Quantization::Bits => b"BIN",
        };
        let m = format_u64(form.m as u64);
        let mut parts: Vec<&[u8]> = vec![b"FP32", &components, &name, quantization, b"M", m.as_bytes()];
        if !attributes.is_empty() {
            parts.extend([&b"SETATTR"[..], &attributes]);
        }
        let input_dim = form.input_dim.map(|dim| format_u64(dim as u64));
        if let Some(dim) = &input_dim {
            parts.extend([&b"PROJECTED"[..], dim.as_bytes()]);
        }
        // A VADD takes one element.
        self.add(key, b"VADD", &parts);
        self.end_parts(key);
    }

    /// Parts of a collection that `verb` adds after the key. One verb may do for many calls.
    pub fn add(&mut self, key: &[u8], verb: &[u8], parts: &[&[u8]]) {
        if self.parts.is_empty() {
            self.parts.push(verb);
            self.parts.push(key);
        }
        for part in parts {
            self.parts.push(part);
        }
        if self.parts.len() >= 2 + PARTS_MAX || self.parts.byte_len() >= BYTES_MAX {
            self.end_parts(key);
        }
    }

    /// The parts that have come so far, and the expiries of fields.
    fn end_parts(&mut self, key: &[u8]) {
        if self.parts.is_empty() {
            return;
        }
        let blank = self.blank();
        let fields = std::mem::replace(&mut self.parts, blank);
        let mut expiries = std::mem::take(&mut self.expiries);
        let mut later: Vec<ArgvBuf> = Vec::new();
        expiries.sort_by_key(|(_, at)| *at);
        for same in expiries.chunk_by(|a, b| a.1 == b.1) {
            let mut argv = self.blank();
            argv.push(b"HPEXPIREAT");
            argv.push(key);
            argv.push_number(same[0].1);
            argv.push(b"FIELDS");
            argv.push_number(same.len() as u64);
            for (name, _) in same {
                argv.push(fields.as_argv().get(*name).unwrap_or_default());
            }
            later.push(argv);
        }
        expiries.clear();
        self.expiries = expiries;
        self.ready.push_back(fields);
        self.ready.extend(later);
    }

    /// The end of a collection.
    pub fn end(&mut self, key: &[u8], expire_at: Option<u64>) {
        self.end_parts(key);
        if let Some(at) = expire_at {
            let mut argv = self.blank();
            argv.push(b"PEXPIREAT");
            argv.push(key);
            argv.push_number(at);
            self.ready.push_back(argv);
        }
    }

    /// A JSON document.
    pub fn json(&mut self, key: &[u8], json: &Json, expire_at: Option<u64>) {
        self.add(key, b"JSON.SET", &[b"$", &json.to_text()]);
        self.end(key, expire_at);
    }

    /// A hash that is there whole.
    pub fn hash(&mut self, key: &[u8], hash: &Hash, expire_at: Option<u64>) {
        for field in hash.iter(0) {
            self.field(key, &field.name, &field.value, field.expire_at);
        }
        self.end(key, expire_at);
    }

    /// A sorted set that is there whole.
    pub fn sorted_set(&mut self, key: &[u8], set: &SortedSet, expire_at: Option<u64>) {
        for element in set.iter() {
            self.scored(key, &element.member, element.score);
        }
        self.end(key, expire_at);
    }

    /// A set that is there whole.
    pub fn set(&mut self, key: &[u8], set: &Set, expire_at: Option<u64>) {
        for member in set.iter() {
            self.add(key, b"SADD", &[&member]);
        }
        self.end(key, expire_at);
    }
}
