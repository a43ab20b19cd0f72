//! A map in the order of its keys, whose memory is known to the byte.

use std::collections::VecDeque;

/// Entries of one chunk: enough to keep the list of chunks short, few enough to be moved at once.
const CHUNK_MAX: usize = 64;

/// Entries sorted by key in chunks, in a list sorted as well. Made for keys that mostly come in ascending order and go
/// from the beginning: both take constant time there, and elsewhere the time to move a chunk and, once in many times,
/// the list of chunks.
#[derive(Debug)]
pub struct Ordered<K, V> {
    /// None is empty.
    chunks: VecDeque<Vec<(K, V)>>,
    len: usize,
    /// Entries for which the chunks have room.
    room: usize,
}

impl<K, V> Default for Ordered<K, V> {
    fn default() -> Self {
        Self { chunks: VecDeque::new(), len: 0, room: 0 }
    }
}

impl<K: Clone, V: Clone> Clone for Ordered<K, V> {
    fn clone(&self) -> Self {
        let chunks = self.chunks.clone();
        let room = chunks.iter().map(Vec::capacity).sum();
        Self { chunks, len: self.len, room }
    }
}

impl<K: Ord + Copy, V> Ordered<K, V> {
    /// Number of entries.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Bytes allocated, without what values have allocated themselves.
    pub fn memory(&self) -> usize {
        self.chunks.capacity() * size_of::<Vec<(K, V)>>() + self.room * size_of::<(K, V)>()
    }

    /// The chunk in which a key is or belongs, and its place there.
    fn locate(&self, key: K) -> (usize, Result<usize, usize>) {
        let at = self.chunks.partition_point(|chunk| chunk.last().is_some_and(|(last, _)| *last < key));
        let place =
            self.chunks.get(at).map_or(Err(0), |chunk| chunk.binary_search_by(|(other, _)| other.cmp(&key)));
        (at, place)
    }

    /// The value of a key.
    pub fn get(&self, key: K) -> Option<&V> {
        match self.locate(key) {
            (at, Ok(place)) => Some(&self.chunks[at][place].1),
            _ => None,
        }
    }

    /// The value of a key, to be changed.
    pub fn get_mut(&mut self, key: K) -> Option<&mut V> {
        match self.locate(key) {
            (at, Ok(place)) => Some(&mut self.chunks[at][place].1),
            _ => None,
        }
    }

    /// The first entry.
    pub fn first(&self) -> Option<&(K, V)> {
        self.chunks.front()?.first()
    }

    /// The last entry.
    pub fn last(&self) -> Option<&(K, V)> {
        self.chunks.back()?.last()
    }

    /// The value of the last entry, to be changed.
    pub fn last_mut(&mut self) -> Option<(K, &mut V)> {
        self.chunks.back_mut()?.last_mut().map(|(key, value)| (*key, value))
    }

    /// Gives a key a value in place of the one it had.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let (mut at, place) = self.locate(key);
        let mut place = match place {
            Ok(place) => return Some(std::mem::replace(&mut self.chunks[at][place].1, value)),
            Err(place) => place,
        };
        if at == self.chunks.len() {
            // After all others: into the last chunk, or a new one rather than two half full ones.
            match self.chunks.back() {
                Some(last) if last.len() < CHUNK_MAX => {
                    at -= 1;
                    place = last.len();
                }
                _ => self.chunks.push_back(Vec::new()),
            }
        } else if self.chunks[at].len() >= CHUNK_MAX {
            let right = self.chunks[at].split_off(CHUNK_MAX / 2);
            self.room += right.capacity();
            self.chunks.insert(at + 1, right);
            if place > CHUNK_MAX / 2 {
                at += 1;
                place -= CHUNK_MAX / 2;
            }
        }
        let chunk = &mut self.chunks[at];
        let before = chunk.capacity();
        chunk.insert(place, (key, value));
        self.room += chunk.capacity() - before;
        self.len += 1;
        None
    }

    /// Removes a key.
    pub fn remove(&mut self, key: K) -> Option<V> {
        let (at, Ok(place)) = self.locate(key) else { return None };
        let chunk = &mut self.chunks[at];
        let (_, value) = chunk.remove(place);
        self.len -= 1;
        let left = chunk.len();
        if left == 0 {
            self.drop_chunk(at);
        } else if self.chunks.get(at + 1).is_some_and(|next| next.len() + left <= CHUNK_MAX / 2) {
            let next = self.drop_chunk(at + 1);
            let chunk = &mut self.chunks[at];
            let before = chunk.capacity();
            chunk.extend(next);
            self.room += chunk.capacity() - before;
        }
        Some(value)
    }

    fn drop_chunk(&mut self, at: usize) -> Vec<(K, V)> {
        let chunk = self.chunks.remove(at).unwrap_or_default();
        self.room -= chunk.capacity();
        if self.chunks.len() < self.chunks.capacity() / 4 {
            self.chunks.shrink_to(self.chunks.len() * 2);
        }
        chunk
    }

    /// Removes the first chunk of entries, for whoever frees all of them in steps.
    pub fn pop_chunk(&mut self) -> Option<Vec<(K, V)>> {
        if self.chunks.is_empty() {
            return None;
        }
        let chunk = self.drop_chunk(0);
        self.len -= chunk.len();
        Some(chunk)
    }

    /// All entries in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &(K, V)> {
        self.chunks.iter().flatten()
    }

    /// The entries from `start` on.
    pub fn from(&self, start: K) -> impl Iterator<Item = &(K, V)> {
        let (at, place) = self.locate(start);
        let (Ok(place) | Err(place)) = place;
        let first = self.chunks.get(at).map_or(&[][..], |chunk| &chunk[place..]);
        first.iter().chain(self.chunks.iter().skip(at + 1).flatten())
    }

    /// The entries from `end` downwards.
    pub fn down_from(&self, end: K) -> impl Iterator<Item = &(K, V)> {
        let (at, place) = self.locate(end);
        let upto = place.map_or_else(|place| place, |place| place + 1);
        let first = self.chunks.get(at).map_or(&[][..], |chunk| &chunk[..upto]);
        first.iter().rev().chain(self.chunks.iter().take(at).rev().flat_map(|chunk| chunk.iter().rev()))
    }

    /// The value of the greatest key that is not above `key`, to be changed.
    pub fn at_or_below_mut(&mut self, key: K) -> Option<(K, &mut V)> {
        let (at, place) = self.locate(key);
        let (at, place) = match place {
            Ok(place) => (at, place),
            Err(0) => (at.checked_sub(1)?, self.chunks[at - 1].len() - 1),
            Err(place) => (at, place - 1),
        };
        let (key, value) = &mut self.chunks[at][place];
        Some((*key, value))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::Ordered;
    use crate::store::tests::allocations;

    #[test]
    fn it_is_a_sorted_map_and_knows_its_memory() {
        let mut rng = fastrand::Rng::with_seed(3);
        let before = allocations::live();
        let mut map: Ordered<u32, u64> = Ordered::default();
        let mut model = BTreeMap::new();
        let of_model = |model: &mut BTreeMap<u32, u64>, map: &Ordered<u32, u64>| {
            assert!(map.iter().map(|(key, value)| (*key, *value)).eq(model.iter().map(|(k, v)| (*k, *v))));
        };
        for round in 0..if cfg!(miri) { 2 } else { 40 } {
            for step in 0..500u64 {
                let key = rng.u32(..3000);
                if rng.u32(..40) < round {
                    assert_eq!(map.remove(key), model.remove(&key));
                } else {
                    assert_eq!(map.insert(key, step), model.insert(key, step));
                }
                assert_eq!(map.len(), model.len());
                assert_eq!(map.get(key), model.get(&key));
            }
            let key = rng.u32(..3000);
            of_model(&mut model, &map);
            assert!(map.from(key).map(|(key, _)| key).eq(model.range(key..).map(|(key, _)| key)));
            assert!(map.down_from(key).map(|(key, _)| key).eq(model.range(..=key).rev().map(|(key, _)| key)));
            assert_eq!(
                map.at_or_below_mut(key).map(|(key, value)| (key, *value)),
                model.range(..=key).next_back().map(|(key, value)| (*key, *value))
            );
            assert_eq!(map.first().map(|(key, _)| key), model.keys().next());
            assert_eq!(map.last().map(|(key, _)| key), model.keys().next_back());
            let copy = map.clone();
            of_model(&mut model, &copy);
            drop(copy);
        }
        drop(model);
        assert_eq!((allocations::live() - before) as usize, map.memory());
        while map.pop_chunk().is_some() {}
        assert_eq!(map.len(), 0);
        assert_eq!((allocations::live() - before) as usize, map.memory());
    }
}
