//! The commands that rebuild a key.

use std::collections::VecDeque;

use crate::base::ArgvBuf;
use crate::store::Hash;

/// A collection is rebuilt by several commands, none of them much longer than this.
const FIELDS_MAX: usize = 64;
const BYTES_MAX: usize = 64 << 10;

/// Commands in the order in which they have to be applied, in buffers that are used again.
#[derive(Debug, Default)]
pub struct Rebuild {
    ready: VecDeque<ArgvBuf>,
    spare: Vec<ArgvBuf>,
    current: ArgvBuf,
    /// A part of a hash, and when its fields expire.
    fields: ArgvBuf,
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

    /// A field of a hash.
    pub fn field(&mut self, key: &[u8], name: &[u8], value: &[u8], expire_at: Option<u64>) {
        if self.fields.is_empty() {
            self.fields.push(b"HSET");
            self.fields.push(key);
        }
        if let Some(at) = expire_at {
            self.expiries.push((self.fields.len(), at));
        }
        self.fields.push(name);
        self.fields.push(value);
        let is_full = self.fields.len() >= 2 + 2 * FIELDS_MAX || self.fields.byte_len() >= BYTES_MAX;
        if is_full {
            self.end_fields(key);
        }
    }

    /// The fields that have come so far, and their expiries.
    fn end_fields(&mut self, key: &[u8]) {
        if self.fields.is_empty() {
            return;
        }
        let blank = self.blank();
        let fields = std::mem::replace(&mut self.fields, blank);
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

    /// The end of a hash.
    pub fn end_hash(&mut self, key: &[u8], expire_at: Option<u64>) {
        self.end_fields(key);
        if let Some(at) = expire_at {
            let mut argv = self.blank();
            argv.push(b"PEXPIREAT");
            argv.push(key);
            argv.push_number(at);
            self.ready.push_back(argv);
        }
    }

    /// A hash that is there whole.
    pub fn hash(&mut self, key: &[u8], hash: &Hash, expire_at: Option<u64>) {
        for field in hash.iter(0) {
            self.field(key, &field.name, &field.value, field.expire_at);
        }
        self.end_hash(key, expire_at);
    }
}
