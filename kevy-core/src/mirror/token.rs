//! What a writer shows to a replica to read what it wrote: a place in its primary's history.

use crate::base::{Error, ErrorKind, Result};
use crate::replication::{Place, Primary};

/// A place in the history of a primary: `<generation>:<offset>,…` with one offset for each shard of a kevy primary,
/// `<replid>:<offset>` of Redis and Valkey.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Token {
    Native { generation: u64, offsets: Vec<u64> },
    Psync { replid: String, offset: u64 },
}

/// The digits of a history's identity in Redis.
const REPLID_LEN: usize = 40;

/// The place after everything that has been recorded on this runtime.
pub fn token_of(primary: &Primary) -> String {
    let offsets: Vec<String> = primary.offsets().iter().map(u64::to_string).collect();
    format!("{}:{}", primary.generation(), offsets.join(","))
}

impl Token {
    /// Reads a token.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`].
    pub fn parse(text: &str) -> Result<Self> {
        let read = || {
            let (history, offsets) = text.split_once(':')?;
            let offsets: Vec<u64> =
                offsets.split(',').map(|offset| offset.parse().ok()).collect::<Option<_>>()?;
            if history.len() != REPLID_LEN {
                return Some(Self::Native { generation: history.parse().ok()?, offsets });
            }
            let is_replid = history.bytes().all(|byte| byte.is_ascii_hexdigit());
            match offsets[..] {
                [offset] if is_replid => Some(Self::Psync { replid: history.to_owned(), offset }),
                _ => None,
            }
        };
        read().ok_or_else(|| Error::new(ErrorKind::InvalidArgument, format!("'{text}' is no token")))
    }

    /// Whether everything before the token lies before `place`.
    ///
    /// # Errors
    /// [`ErrorKind::Replica`] where they are of different histories.
    pub fn is_reached(&self, place: &Place) -> Result<bool> {
        match (self, place) {
            (Self::Native { generation, offsets }, Place::Native(cursor))
                if *generation == cursor.generation && offsets.len() == cursor.shards.len() =>
            {
                Ok(offsets.iter().zip(&cursor.shards).all(|(wanted, at)| at.offset >= *wanted))
            }
            (Self::Psync { replid, offset }, Place::Psync(cursor)) if replid.as_bytes() == cursor.replid => {
                Ok(cursor.offset >= *offset)
            }
            (_, Place::Nowhere) => Ok(false),
            _ => Err(foreign()),
        }
    }

    /// Whether the token is of the history of this primary, which holds all of it.
    ///
    /// # Errors
    /// [`ErrorKind::Replica`] where it is not.
    pub fn check_own(&self, primary: &Primary) -> Result<()> {
        match self {
            Self::Native { generation, .. } if *generation == primary.generation() => Ok(()),
            // Of the primary that was followed before, as far as its changes have come here.
            Self::Native { generation, offsets } if primary.ancestry.find(*generation, offsets).is_some() => {
                Ok(())
            }
            _ => Err(foreign()),
        }
    }
}

fn foreign() -> Error {
    Error::new(ErrorKind::Replica, "the token is of another history than is followed here")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_of_both_kinds_are_read_and_others_refused() {
        let native = Token::parse("7:1,2").expect("a token");
        assert_eq!(native, Token::Native { generation: 7, offsets: vec![1, 2] });
        let replid = "0123456789abcdef0123456789abcdef01234567";
        let psync = Token::parse(&format!("{replid}:9")).expect("a token");
        assert_eq!(psync, Token::Psync { replid: replid.into(), offset: 9 });
        for text in ["", "7", "7:", "x:1", "7:1,", &format!("{replid}:1,2"), ":1"] {
            assert!(Token::parse(text).is_err(), "{text}");
        }
    }
}
