//! The whole commands of a receive buffer.

use super::ArgVec;

/// A batch that once held more spans than this gives their memory back.
const SPANS_KEPT_MAX: usize = 16 * 1024;
/// The same for bytes of unquoted inline requests.
const SCRATCH_KEPT_MAX: usize = 64 * 1024;

/// Where an argument stands.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub start: usize,
    pub len: usize,
}

impl Span {
    #[inline]
    fn of(self, bytes: &[u8]) -> &[u8] {
        &bytes[self.start..self.start + self.len]
    }
}

/// Where a command stands in its batch.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    pub spans_end: usize,
    /// Offset in the buffer just after the command.
    end: usize,
    /// Its spans are in `scratch` and not in the buffer.
    unquoted: bool,
}

/// The whole commands of a receive buffer, as positions in it. Made once and filled again and again.
#[derive(Debug, Default)]
pub struct Batch {
    pub(super) spans: Vec<Span>,
    pub(super) commands: Vec<Command>,
    /// The words of inline requests that had quotes.
    pub(super) scratch: Vec<u8>,
}

impl Batch {
    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many commands it holds.
    #[inline]
    pub fn len(&self) -> usize {
        self.commands.len()
    }

    /// True where it holds no command.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }

    /// How many arguments command `i` has, its verb included: at least one.
    ///
    /// # Panics
    /// Where there is no command `i`, as every function here that takes one.
    #[cfg(test)]
    pub fn argc(&self, i: usize) -> usize {
        self.commands[i].spans_end - self.spans_start(i)
    }

    /// The offset in the buffer just after command `i`, for a caller that stops in the middle of a batch.
    #[inline]
    pub fn end(&self, i: usize) -> usize {
        self.commands[i].end
    }

    /// Argument `n` of command `i`, where it has so many; `buf` is the buffer that was parsed.
    #[inline]
    pub fn arg<'a>(&'a self, i: usize, n: usize, buf: &'a [u8]) -> Option<&'a [u8]> {
        let command = self.commands[i];
        let span = self.spans[self.spans_start(i)..command.spans_end].get(n)?;
        Some(span.of(self.bytes(command, buf)))
    }

    /// Puts all arguments of command `i` into `into`; `buf` is the buffer that was parsed.
    #[inline]
    pub fn args<'a>(&'a self, i: usize, buf: &'a [u8], into: &mut ArgVec<'a>) {
        let command = self.commands[i];
        let bytes = self.bytes(command, buf);
        into.clear();
        into.extend(self.spans[self.spans_start(i)..command.spans_end].iter().map(|span| span.of(bytes)));
    }

    #[inline]
    fn bytes<'a>(&'a self, command: Command, buf: &'a [u8]) -> &'a [u8] {
        if command.unquoted { &self.scratch } else { buf }
    }

    #[inline]
    fn spans_start(&self, i: usize) -> usize {
        if i == 0 { 0 } else { self.commands[i - 1].spans_end }
    }

    /// Empties it, and frees the memory that only exceptional requests needed.
    pub(super) fn clear(&mut self) {
        self.spans.clear();
        self.spans.shrink_to(SPANS_KEPT_MAX);
        self.commands.clear();
        self.commands.shrink_to(SPANS_KEPT_MAX);
        self.scratch.clear();
        self.scratch.shrink_to(SCRATCH_KEPT_MAX);
    }

    /// Ends a command whose spans have been added; `end` is the offset in the buffer just after it.
    #[inline]
    pub(super) fn finish_command(&mut self, end: usize, unquoted: bool) {
        self.commands.push(Command { spans_end: self.spans.len(), end, unquoted });
    }
}
