//! The ways in which a primary is followed, behind one face.

use std::time::Instant;

use crate::base::{Error, ErrorKind, Result, log_sink};

use super::super::cursor::{Cursor, Place};
use super::buffer::Buffer;
use super::frame::Frame;
use super::link::{Link, LinkOptions, LinkStats, Step};
use super::options::{Follow, Speech};
use super::psync::PsyncLink;
use super::scan::ScanLink;

/// The consumer's side of a link, without its socket.
#[derive(Debug)]
pub enum Protocol {
    Native(Box<Link>),
    Psync(Box<PsyncLink>),
    Scan(Box<ScanLink>),
}

/// Does the same with any.
macro_rules! any {
    ($own:expr, $link:ident => $done:expr) => {
        match $own {
            Protocol::Native($link) => $done,
            Protocol::Psync($link) => $done,
            Protocol::Scan($link) => $done,
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
            (Speech::Native, Place::Psync(_) | Place::Scan(_)) => {
                let mut link = Link::new(options, &Cursor::default());
                link.explain(foreign("Redis or Valkey"));
                Self::Native(Box::new(link))
            }
            (Speech::Psync, place) if options.follow == Follow::Scan => {
                let (cursor, lost) = match place {
                    Place::Scan(cursor) => (Some(cursor), None),
                    Place::Nowhere => (None, None),
                    Place::Psync(_) => {
                        (None, Some("the cursor is one of PSYNC, which is not to be used".into()))
                    }
                    Place::Native(_) => (None, Some(foreign("kevy"))),
                };
                Self::Scan(Box::new(ScanLink::new(options, cursor, lost, String::new())))
            }
            (Speech::Psync, Place::Psync(cursor)) => {
                Self::Psync(Box::new(PsyncLink::new(options, Some(cursor), None)))
            }
            (Speech::Psync, Place::Nowhere) => Self::Psync(Box::new(PsyncLink::new(options, None, None))),
            (Speech::Psync, Place::Native(_)) => {
                Self::Psync(Box::new(PsyncLink::new(options, None, Some(foreign("kevy")))))
            }
            (Speech::Psync, Place::Scan(cursor)) => {
                let reason =
                    "the cursor is of a primary that was scanned and tracked, which cannot be resumed";
                let mut link = PsyncLink::new(options, None, Some(reason.into()));
                link.scanned = Some(cursor);
                Self::Psync(Box::new(link))
            }
        }
    }

    /// Goes over to the weaker way on the same connection, where the primary has just forbidden the one that was tried and
    /// the options allow it. False where everything stays as it is.
    #[cold]
    pub fn fall_back(&mut self) -> bool {
        let Self::Psync(link) = self else { return false };
        let Some(why) = link.forbidden().map(str::to_owned) else { return false };
        if link.options().follow != Follow::Auto {
            return false;
        }
        log_sink::warning(format_args!(
            "the primary forbids PSYNC ({why}), so its keys are scanned and tracked, which is weaker: for each key the last \
             value arrives, but not those in between, nor the order of changes to different keys, nor transactions"
        ));
        let mut scan = ScanLink::new(link.options().clone(), link.scanned, link.lost(), why);
        scan.stats = std::mem::take(&mut link.stats);
        scan.connected();
        *self = Self::Scan(Box::new(scan));
        true
    }

    /// Whether not all that happens on the primary arrives.
    pub fn is_weaker(&self) -> bool {
        matches!(self, Self::Scan(_))
    }

    /// Whether something of the primary is known to have changed that has not been handed out, nor arrived.
    pub fn owes(&self) -> bool {
        matches!(self, Self::Scan(link) if link.owes())
    }

    #[inline]
    pub fn step(&mut self) -> Result<Step> {
        any!(self, link => link.step())
    }

    #[inline]
    pub fn frame(&self) -> Frame<'_> {
        any!(self, link => link.frame())
    }

    #[inline]
    pub fn confirm(&mut self) {
        any!(self, link => link.confirm());
    }

    pub fn connected(&mut self) {
        any!(self, link => link.connected());
    }

    pub fn disconnected(&mut self, reason: &str) {
        any!(self, link => link.disconnected(reason));
    }

    pub fn is_up(&self) -> bool {
        any!(self, link => link.is_up())
    }

    #[inline]
    pub fn is_inside_transaction(&self) -> bool {
        any!(self, link => link.is_inside_transaction())
    }

    /// What bytes of the primary are received into.
    pub fn input(&mut self) -> &mut Buffer {
        match self {
            Self::Native(link) => link.arriving(),
            Self::Psync(link) => &mut link.input,
            Self::Scan(link) => &mut link.input,
        }
    }

    /// Bytes that have arrived and were not handed out.
    pub fn waiting_bytes(&self) -> usize {
        match self {
            Self::Native(link) => link.waiting_bytes(),
            Self::Psync(link) => link.input.rest().len(),
            Self::Scan(link) => link.input.rest().len() + link.held(),
        }
    }

    /// True where nothing has arrived that could still be handed out.
    pub fn is_drained(&self) -> bool {
        match self {
            Self::Native(link) => link.waiting_bytes() == link.held(),
            Self::Psync(link) => link.input.rest().is_empty(),
            Self::Scan(link) => link.input.rest().is_empty(),
        }
    }

    pub fn output(&mut self) -> &mut Vec<u8> {
        any!(self, link => &mut link.output)
    }

    pub fn stats(&self) -> &LinkStats {
        any!(self, link => &link.stats)
    }

    pub fn count_bytes(&mut self, len: usize) {
        any!(self, link => link.stats.bytes += len as u64);
    }

    /// Where the last frame that was handed out has led to, as bytes.
    pub fn cursor(&self) -> Vec<u8> {
        match self {
            Self::Native(link) => link.cursor().encode(),
            Self::Psync(link) => link.cursor(),
            Self::Scan(link) => link.place().map(|cursor| cursor.encode()).unwrap_or_default(),
        }
    }

    /// Where the last frame that was handed out has led to.
    pub fn place(&self) -> Place {
        match self {
            Self::Native(link) => {
                Some(link.cursor()).filter(|c| !c.is_none()).map_or(Place::Nowhere, Place::Native)
            }
            Self::Psync(link) => link.place().map_or(Place::Nowhere, Place::Psync),
            Self::Scan(link) => link.place().map_or(Place::Nowhere, Place::Scan),
        }
    }

    /// Offsets of the primary's stream, over all shards: received, and handed out.
    pub fn offsets(&self) -> (u64, u64) {
        match self {
            Self::Native(link) => link.offsets(),
            Self::Psync(link) => link.offsets(),
            Self::Scan(link) => link.offsets(),
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
            (Self::Scan(link), Place::Scan(cursor)) => link.ack(cursor),
            _ => Err(Error::new(ErrorKind::InvalidArgument, "the cursor is of another kind of primary")),
        }
    }

    /// Puts an acknowledgement into the output where one is due, or in any case where `insist`.
    pub fn acknowledge(&mut self, insist: bool, now: Instant) {
        match self {
            Self::Native(link) => link.acknowledge(insist),
            Self::Psync(link) => link.acknowledge(insist, now),
            Self::Scan(link) => link.acknowledge(insist, now),
        }
    }

    /// When something has to be said though nothing arrives.
    pub fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Native(_) => None,
            Self::Psync(link) => link.deadline(),
            Self::Scan(link) => link.deadline(),
        }
    }

    /// Asks the primary to say at once how far it is, where it can be asked.
    pub fn probe(&mut self) {
        match self {
            Self::Native(link) => link.probe(),
            Self::Psync(_) => {}
            Self::Scan(link) => link.probe(),
        }
    }
}
