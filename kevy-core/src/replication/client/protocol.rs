//! The two protocols a primary may speak, behind one face.

use std::time::Instant;

use crate::base::{Error, ErrorKind, Result};

use super::super::cursor::{Cursor, Place};
use super::buffer::Buffer;
use super::frame::Frame;
use super::link::{Link, LinkOptions, LinkStats, Step};
use super::options::Speech;
use super::psync::PsyncLink;

/// The consumer's side of a link, without its socket.
#[derive(Debug)]
pub enum Protocol {
    Native(Box<Link>),
    Psync(Box<PsyncLink>),
}

/// Does the same with either.
macro_rules! either {
    ($own:expr, $link:ident => $done:expr) => {
        match $own {
            Protocol::Native($link) => $done,
            Protocol::Psync($link) => $done,
        }
    };
}

impl Protocol {
    /// A link that is down and stands at `place`. A place of another kind of source is none, which the primary's first
    /// snapshot is explained with.
    pub fn new(speech: Speech, options: LinkOptions, place: Place) -> Self {
        let foreign = |kind: &str| format!("the cursor is of a {kind} primary, and this is none");
        match (speech, place) {
            (Speech::Native, Place::Native(cursor)) => Self::Native(Box::new(Link::new(options, &cursor))),
            (Speech::Native, Place::Nowhere) => {
                Self::Native(Box::new(Link::new(options, &Cursor::default())))
            }
            (Speech::Native, Place::Psync(_)) => {
                let mut link = Link::new(options, &Cursor::default());
                link.explain(foreign("Redis or Valkey"));
                Self::Native(Box::new(link))
            }
            (Speech::Psync, Place::Psync(cursor)) => {
                Self::Psync(Box::new(PsyncLink::new(options, Some(cursor), None)))
            }
            (Speech::Psync, Place::Nowhere) => Self::Psync(Box::new(PsyncLink::new(options, None, None))),
            (Speech::Psync, Place::Native(_)) => {
                Self::Psync(Box::new(PsyncLink::new(options, None, Some(foreign("kevy")))))
            }
        }
    }

    #[inline]
    pub fn step(&mut self) -> Result<Step> {
        either!(self, link => link.step())
    }

    #[inline]
    pub fn frame(&self) -> Frame<'_> {
        either!(self, link => link.frame())
    }

    #[inline]
    pub fn confirm(&mut self) {
        either!(self, link => link.confirm());
    }

    pub fn connected(&mut self) {
        either!(self, link => link.connected());
    }

    pub fn disconnected(&mut self, reason: &str) {
        either!(self, link => link.disconnected(reason));
    }

    pub fn is_up(&self) -> bool {
        either!(self, link => link.is_up())
    }

    #[inline]
    pub fn is_inside_transaction(&self) -> bool {
        either!(self, link => link.is_inside_transaction())
    }

    pub fn input(&mut self) -> &mut Buffer {
        either!(self, link => &mut link.input)
    }

    /// Bytes that have arrived and were not handed out.
    pub fn waiting_bytes(&self) -> usize {
        match self {
            Self::Native(link) => link.input.rest().len() + link.held(),
            Self::Psync(link) => link.input.rest().len(),
        }
    }

    pub fn output(&mut self) -> &mut Vec<u8> {
        either!(self, link => &mut link.output)
    }

    pub fn stats(&self) -> &LinkStats {
        either!(self, link => &link.stats)
    }

    pub fn count_bytes(&mut self, len: usize) {
        either!(self, link => link.stats.bytes += len as u64);
    }

    /// Where the last frame that was handed out has led to, as bytes.
    pub fn cursor(&self) -> Vec<u8> {
        match self {
            Self::Native(link) => link.cursor().encode(),
            Self::Psync(link) => link.cursor(),
        }
    }

    /// Where the last frame that was handed out has led to.
    pub fn place(&self) -> Place {
        match self {
            Self::Native(link) => {
                Some(link.cursor()).filter(|c| !c.is_none()).map_or(Place::Nowhere, Place::Native)
            }
            Self::Psync(link) => link.place().map_or(Place::Nowhere, Place::Psync),
        }
    }

    /// Offsets of the primary's stream, over all shards: received, and handed out.
    pub fn offsets(&self) -> (u64, u64) {
        match self {
            Self::Native(link) => link.offsets(),
            Self::Psync(link) => link.offsets(),
        }
    }

    /// Takes note of what the caller says it has applied.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] for a cursor that does not belong to what was handed out.
    pub fn ack(&mut self, place: &Place) -> Result<()> {
        match (self, place) {
            (_, Place::Nowhere) => Ok(()),
            (Self::Native(link), Place::Native(cursor)) => link.ack(cursor),
            (Self::Psync(link), Place::Psync(cursor)) => link.ack(cursor),
            _ => Err(Error::new(ErrorKind::InvalidArgument, "the cursor is of another kind of primary")),
        }
    }

    /// Puts an acknowledgement into the output where one is due, or in any case where `insist`.
    pub fn acknowledge(&mut self, insist: bool, now: Instant) {
        match self {
            Self::Native(link) => link.acknowledge(insist),
            Self::Psync(link) => link.acknowledge(insist, now),
        }
    }

    /// When something has to be said though nothing arrives.
    pub fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Native(_) => None,
            Self::Psync(link) => link.deadline(),
        }
    }

    /// Asks the primary to say at once how far it is, where it can be asked.
    pub fn probe(&mut self) {
        if let Self::Native(link) = self {
            link.probe();
        }
    }
}
