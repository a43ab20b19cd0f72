//! The members of a large sorted set with their scores, numbered without gaps.

/// Longest member that needs no allocation of its own.
const SHORT_MAX: usize = 22;
/// Slots of one allocation.
const CHUNK: usize = 256;

/// A member: short ones lie in the slot.
#[derive(Clone, Debug)]
enum Member {
    Short { len: u8, bytes: [u8; SHORT_MAX] },
    Long(Box<[u8]>),
}

/// A member with its score.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) score: f64,
    member: Member,
}

impl Slot {
    fn new(member: &[u8], score: f64) -> Self {
        let member = match member.len() {
            len @ 0..=SHORT_MAX => {
                let mut bytes = [0; SHORT_MAX];
                bytes[..len].copy_from_slice(member);
                Member::Short { len: len as u8, bytes }
            }
            _ => Member::Long(member.into()),
        };
        Self { score, member }
    }

    /// The member.
    #[inline]
    pub(super) fn member(&self) -> &[u8] {
        match &self.member {
            Member::Short { len, bytes } => &bytes[..usize::from(*len).min(SHORT_MAX)],
            Member::Long(bytes) => bytes,
        }
    }

    /// Bytes allocated beside the slot.
    fn memory(&self) -> usize {
        match &self.member {
            Member::Short { .. } => 0,
            Member::Long(bytes) => bytes.len(),
        }
    }
}

/// Slots in chunks, so that no insert ever moves all of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Slots {
    chunks: Vec<Vec<Slot>>,
    /// Bytes of the chunks and of long members.
    bytes: usize,
}

impl Slots {
    pub(super) fn len(&self) -> usize {
        self.chunks.last().map_or(0, |last| (self.chunks.len() - 1) * CHUNK + last.len())
    }

    /// Bytes allocated.
    pub(super) fn memory(&self) -> usize {
        self.bytes + self.chunks.capacity() * size_of::<Vec<Slot>>()
    }

    /// Adds a slot and returns its number.
    ///
    /// # Panics
    /// Where there are 2^32 - 1 slots already.
    pub(super) fn push(&mut self, member: &[u8], score: f64) -> u32 {
        let number = u32::try_from(self.len()).ok().filter(|number| *number < u32::MAX);
        let number = number.expect("a sorted set has fewer than 2^32 members");
        match self.chunks.last() {
            None => self.chunks.push(Vec::new()),
            Some(last) if last.len() == CHUNK => {
                self.chunks.push(Vec::with_capacity(CHUNK));
                self.bytes += CHUNK * size_of::<Slot>();
            }
            Some(_) => {}
        }
        let slot = Slot::new(member, score);
        self.bytes += slot.memory();
        if let Some(last) = self.chunks.last_mut() {
            let before = last.capacity();
            last.push(slot);
            self.bytes += (last.capacity() - before) * size_of::<Slot>();
        }
        number
    }

    /// The slot of a number.
    #[inline]
    pub(super) fn get(&self, number: u32) -> &Slot {
        &self.chunks[number as usize / CHUNK][number as usize % CHUNK]
    }

    pub(super) fn set_score(&mut self, number: u32, score: f64) {
        self.chunks[number as usize / CHUNK][number as usize % CHUNK].score = score;
    }

    /// The number of the last slot.
    pub(super) fn last(&self) -> Option<u32> {
        self.len().checked_sub(1).map(|number| number as u32)
    }

    /// Takes the slot of a number out and gives that number to the last slot.
    pub(super) fn swap_remove(&mut self, number: u32) {
        let Some(last) = self.pop() else { return };
        if (number as usize) < self.len() {
            self.bytes += last.memory();
            let slot = &mut self.chunks[number as usize / CHUNK][number as usize % CHUNK];
            self.bytes -= std::mem::replace(slot, last).memory();
        }
    }

    /// Takes the last slot out.
    pub(super) fn pop(&mut self) -> Option<Slot> {
        let chunk = self.chunks.last_mut()?;
        let slot = chunk.pop()?;
        self.bytes -= slot.memory();
        if chunk.is_empty() {
            self.bytes -= chunk.capacity() * size_of::<Slot>();
            self.chunks.pop();
            if self.chunks.capacity() > 2 * self.chunks.len() + 8 {
                self.chunks.shrink_to_fit();
            }
        }
        Some(slot)
    }
}
