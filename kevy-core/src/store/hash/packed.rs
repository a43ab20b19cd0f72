//! Small hashes: field, value, field, value… in a listpack, or with an expiry after each value once a field has one.

use crate::base::number::parse_i64;
use crate::store::listpack::{Listpack, Malformed, Raw, item};

use super::Field;

/// A small hash. Where fields expire, each is a triple whose last element is the expiry in unix milliseconds, or
/// 0, and triples are in the order of their expiry with those that never expire last, as Redis 7.4 has it.
#[derive(Clone, Debug)]
pub(super) struct Packed<const STRIDE: usize> {
    list: Listpack,
}

/// Fields without expiry.
pub(super) type Pairs = Packed<2>;
/// Fields of which some expire.
pub(super) type Triples = Packed<3>;

impl<const STRIDE: usize> Packed<STRIDE> {
    pub(super) fn new() -> Self {
        Self { list: Listpack::new() }
    }

    /// Takes a listpack from outside: whole pairs or triples, no field twice, none that
    /// lookups would miss, every expiry a time and in order.
    pub(super) fn from_listpack(list: Listpack) -> Result<Self, Malformed> {
        Self::check(&list)?;
        Ok(Self { list })
    }

    fn check(list: &Listpack) -> Result<(), Malformed> {
        if list.is_empty() || !list.len().is_multiple_of(STRIDE) {
            return Err(Malformed);
        }
        let mut fields = hashbrown::HashSet::with_hasher(foldhash::fast::RandomState::default());
        let mut latest = 0;
        for (index, (_, raw)) in list.iter().enumerate() {
            match (index % STRIDE, raw) {
                (0, Raw::Bytes(name)) if parse_i64(name).is_some() => return Err(Malformed),
                (0, name) if !fields.insert(name) => return Err(Malformed),
                (2, Raw::Bytes(_)) => return Err(Malformed),
                (2, Raw::Int(at)) => {
                    let order = expiry(at).unwrap_or(u64::MAX);
                    if at < 0 || order < latest {
                        return Err(Malformed);
                    }
                    latest = order;
                }
                _ => {}
            }
        }
        Ok(())
    }

    pub(super) fn listpack(&self) -> &Listpack {
        &self.list
    }

    pub(super) fn len(&self) -> usize {
        self.list.len() / STRIDE
    }

    pub(super) fn memory(&self) -> usize {
        self.list.memory()
    }

    pub(super) fn has_room(&self, field: &[u8], value: &[u8]) -> bool {
        self.list.has_room(field.len() + value.len() + 64)
    }

    /// The position of a field.
    pub(super) fn find(&self, field: &[u8]) -> Option<usize> {
        self.list.find(field, STRIDE).map(|(_, at)| at)
    }

    /// The field at a position, with its value and expiry.
    pub(super) fn read(&self, at: usize) -> Option<Field<'_>> {
        read::<STRIDE>(&mut self.list.iter_from(at))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Field<'_>> {
        let mut elements = self.list.iter();
        std::iter::from_fn(move || read::<STRIDE>(&mut elements))
    }

    /// Writes another value to the field at a position.
    pub(super) fn set_value(&mut self, at: usize, value: &[u8]) {
        if let Some(at) = self.list.next(at) {
            self.list.replace(at, value);
        }
    }

    pub(super) fn delete(&mut self, at: usize) {
        self.list.delete(at, STRIDE);
    }
}

fn expiry(at: i64) -> Option<u64> {
    u64::try_from(at).ok().filter(|&at| at > 0)
}

fn read<'a, const STRIDE: usize>(elements: &mut impl Iterator<Item = (usize, Raw<'a>)>) -> Option<Field<'a>> {
    let name = item(elements.next()?.1);
    let value = item(elements.next()?.1);
    let expire_at = match STRIDE {
        3 => match elements.next()?.1 {
            Raw::Int(at) => expiry(at),
            Raw::Bytes(_) => None,
        },
        _ => None,
    };
    Some(Field { name, value, expire_at })
}

impl Pairs {
    pub(super) fn push(&mut self, field: &[u8], value: &[u8]) {
        self.list.push(field);
        self.list.push(value);
    }

    /// The same fields in the form in which they may expire.
    pub(super) fn to_triples(&self) -> Triples {
        let mut triples = Triples::new();
        for field in self.iter() {
            triples.insert(&field.name, &field.value, None);
        }
        triples
    }
}

impl Triples {
    /// Adds a field that is known to be absent where its expiry belongs.
    pub(super) fn insert(&mut self, field: &[u8], value: &[u8], expire_at: Option<u64>) {
        let mut at = self.list.end();
        if let Some(expire_at) = expire_at {
            let mut elements = self.list.iter();
            at = loop {
                let start = elements.position();
                match read::<3>(&mut elements).and_then(|field| field.expire_at) {
                    Some(earlier) if earlier <= expire_at => {}
                    _ => break start,
                }
            };
        }
        at = self.list.insert(at, field);
        at = self.list.insert(at, value);
        self.list.insert_int(at, expire_at.map_or(0, |at| i64::try_from(at).unwrap_or(i64::MAX)));
    }

    /// Moves the field at a position to where another expiry belongs.
    pub(super) fn set_expiry(&mut self, at: usize, expire_at: Option<u64>) {
        let Some(field) = self.read(at) else { return };
        if field.expire_at == expire_at {
            return;
        }
        let (name, value) = (field.name.to_vec(), field.value.to_vec());
        self.delete(at);
        self.insert(&name, &value, expire_at);
    }

    /// The earliest expiry.
    pub(super) fn next_expiry(&self) -> Option<u64> {
        self.iter().next()?.expire_at
    }

    /// Removes the field that expires first, if it is due, and returns its name.
    pub(super) fn pop_due(&mut self, now: u64) -> Option<Box<[u8]>> {
        let at = self.list.first()?;
        let name = self.read(at).filter(|field| field.is_due(now))?.name.to_vec();
        self.delete(at);
        Some(name.into())
    }

    /// Number of fields that are due at `now`; they are the first.
    pub(super) fn count_due(&self, now: u64) -> usize {
        self.iter().take_while(|field| field.is_due(now)).count()
    }
}
