//! What a link tells that is no frame of the stream.

use std::collections::VecDeque;

use super::frame::Head;

/// Frames about the link that wait for their turn, and the reason that goes with the current frame.
#[derive(Debug, Default)]
pub(super) struct Notes {
    waiting: VecDeque<(Head, String)>,
    reason: String,
}

impl Notes {
    pub fn add(&mut self, head: Head, reason: String) {
        self.waiting.push_back((head, reason));
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Lets go of the current frame, before the next one.
    #[inline]
    pub fn leave(&mut self) {
        if !self.reason.is_empty() {
            self.reason.clear();
        }
    }

    /// Makes the first that waits the current frame.
    #[inline]
    pub fn next(&mut self) -> Option<Head> {
        let (head, reason) = self.waiting.pop_front()?;
        self.reason = reason;
        Some(head)
    }

    /// Why the current frame is handed out; mostly nothing.
    #[inline]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}
