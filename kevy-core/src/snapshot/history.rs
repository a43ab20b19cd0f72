//! What a file says of the history of the keys in it, so that replicas and primaries can go on after a restart.
//!
//! `repl-id`, `repl-offset` and `repl-stream-db` are the fields of Redis (rdb.c of Redis 7): a place in a stream of bytes.
//! `repl-cursor` is kevy's own: the bytes of a cursor in hexadecimal digits.

use crate::base::number::parse_u64;

const CURSOR: &[u8] = b"repl-cursor";
const ID: &[u8] = b"repl-id";
const OFFSET: &[u8] = b"repl-offset";
const STREAM_DB: &[u8] = b"repl-stream-db";

/// The longest cursor that is read: one for every possible shard.
const CURSOR_LEN_MAX: usize = 512 << 10;
const ID_LEN: usize = 40;

/// A place in a stream of bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SavedPlace {
    pub id: [u8; ID_LEN],
    /// Bytes before the place.
    pub offset: u64,
    /// The database that the stream is in there.
    pub db: Option<u32>,
}

/// Places in histories at which the keys of a file are. Without any nothing is known.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SavedHistory {
    /// A place in kevy's streams, as a cursor; empty for none.
    pub cursor: Vec<u8>,
    pub id: Option<[u8; ID_LEN]>,
    pub offset: Option<u64>,
    pub db: Option<u32>,
}

impl SavedHistory {
    /// With a place in a stream of bytes.
    #[must_use]
    pub fn with_place(mut self, place: Option<SavedPlace>) -> Self {
        if let Some(SavedPlace { id, offset, db }) = place {
            (self.id, self.offset, self.db) = (Some(id), Some(offset), db);
        }
        self
    }

    /// The place in a stream of bytes, if it is known whole.
    pub fn place(&self) -> Option<SavedPlace> {
        Some(SavedPlace { id: self.id?, offset: self.offset?, db: self.db })
    }

    pub fn is_empty(&self) -> bool {
        self.cursor.is_empty() && self.place().is_none()
    }

    /// The fields that say so.
    pub fn fields(&self) -> Vec<(&'static [u8], Vec<u8>)> {
        let mut fields = Vec::new();
        if !self.cursor.is_empty() {
            let mut digits = Vec::with_capacity(self.cursor.len() * 2);
            for byte in &self.cursor {
                digits.extend_from_slice(format!("{byte:02x}").as_bytes());
            }
            fields.push((CURSOR, digits));
        }
        if let Some(SavedPlace { id, offset, db }) = self.place() {
            fields.push((ID, id.to_vec()));
            fields.push((OFFSET, offset.to_string().into_bytes()));
            fields.extend(db.map(|db| (STREAM_DB, db.to_string().into_bytes())));
        }
        fields
    }

    /// Takes note of a field; whatever is none of these, or makes no sense, is passed over.
    pub fn note(&mut self, name: &[u8], value: &[u8]) {
        match name {
            CURSOR if value.len() <= CURSOR_LEN_MAX => self.cursor = bytes_of(value).unwrap_or_default(),
            ID => {
                self.id =
                    value.try_into().ok().filter(|id: &[u8; ID_LEN]| id.iter().all(u8::is_ascii_hexdigit))
            }
            OFFSET => self.offset = parse_u64(value),
            STREAM_DB => self.db = parse_u64(value).and_then(|db| u32::try_from(db).ok()),
            _ => {}
        }
    }

    /// The fields as words of one line.
    pub fn line(&self) -> String {
        let words = self.fields();
        let words = words.iter().flat_map(|(name, value)| [*name, &value[..]]);
        words.map(|word| String::from_utf8_lossy(word).into_owned()).collect::<Vec<_>>().join(" ")
    }

    /// Reads what [`SavedHistory::line`] wrote.
    pub fn of_line(line: &str) -> Self {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let mut history = Self::default();
        words.as_chunks::<2>().0.iter().for_each(|[name, value]| history.note(name, value));
        history
    }
}

fn bytes_of(digits: &[u8]) -> Option<Vec<u8>> {
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    pairs.iter().map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_nonsense_passed_over() {
        let place = SavedPlace { id: [b'a'; 40], offset: 7, db: Some(3) };
        for history in [
            SavedHistory { cursor: vec![0, 255, 16], ..SavedHistory::default() },
            SavedHistory::default().with_place(Some(place)),
            SavedHistory { cursor: vec![1], ..SavedHistory::default() }.with_place(Some(place)),
        ] {
            assert_eq!(SavedHistory::of_line(&history.line()), history);
            assert!(!history.is_empty());
        }
        let mut history = SavedHistory::default();
        for (name, value) in [
            (CURSOR, &b"0"[..]),
            (CURSOR, b"zz"),
            (ID, b"short"),
            (OFFSET, b"-1"),
            (STREAM_DB, b"-1"),
            (b"other", b"1"),
        ] {
            history.note(name, value);
        }
        assert!(history.is_empty() && history.fields().is_empty());
    }
}
