//! Buffers that the system chooses from when bytes arrive, with the queue that they are offered in.
//!
//! The layout is that of `struct io_uring_buf_ring` (io_uring_register_buf_ring(3)): entries of sixteen bytes whose first
//! one lends its last two to the queue's tail.

use std::io;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU16, Ordering};

use io_uring::types::BufRingEntry;

/// Bytes of one buffer.
pub const BUFFER_BYTES: usize = 8 * 1024;
/// Buffers there are; the queue's length, so a power of two.
const BUFFERS: u16 = 1024;
/// Buffers in use at first. Few of them stay in the cache.
const BUFFERS_FIRST: u16 = 64;
/// Bytes of the queue, whole pages of any machine.
const QUEUE_BYTES: usize = 64 * 1024;

/// The number that the system knows the buffers by.
pub const GROUP: u16 = 0;

/// Buffers and their queue. The system has those that are not lent.
#[derive(Debug)]
pub struct Buffers {
    memory: NonNull<u8>,
    /// What the system has put in each that is lent; 0 where it is the system's.
    lent: Box<[u32]>,
    /// How many have ever been offered.
    active: u16,
    tail: u16,
    offered: u16,
}

// SAFETY: the memory belongs to this value alone, but for what the system does in calls that its owner makes.
unsafe impl Send for Buffers {}

impl Buffers {
    const MEMORY_BYTES: usize = QUEUE_BYTES + BUFFERS as usize * BUFFER_BYTES;

    pub fn new() -> io::Result<Self> {
        // SAFETY: a new mapping at an address of the system's choice touches no other memory.
        let memory = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                Self::MEMORY_BYTES,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if memory == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let Some(memory) = NonNull::new(memory.cast()) else { return Err(io::ErrorKind::OutOfMemory.into()) };
        let buffers = Self { memory, lent: vec![0; BUFFERS.into()].into(), active: 0, tail: 0, offered: 0 };
        // A few bytes that arrive should not cost a huge page; where the system has none, there is nothing to avoid.
        // SAFETY: the range is the mapping made above.
        let _ = unsafe { libc::madvise(memory.as_ptr().cast(), Self::MEMORY_BYTES, libc::MADV_NOHUGEPAGE) };
        // A fork would otherwise make copies of pages that the system writes to.
        // SAFETY: the range is the mapping made above.
        if unsafe { libc::madvise(memory.as_ptr().cast(), Self::MEMORY_BYTES, libc::MADV_DONTFORK) } < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(buffers)
    }

    /// Where the queue is, and how many entries it has.
    pub fn queue(&self) -> (u64, u16) {
        (self.memory.as_ptr() as u64, BUFFERS)
    }

    /// Offers the first buffers, once the system knows the queue.
    pub fn begin(&mut self) {
        self.grow(BUFFERS_FIRST);
        self.publish();
    }

    /// There were too few: offers as many again, as far as there are so many.
    pub fn grow_more(&mut self) {
        self.grow(self.active);
        self.publish();
    }

    fn grow(&mut self, by: u16) {
        let end = self.active.saturating_add(by).min(BUFFERS);
        for id in self.active..end {
            self.offer(id);
        }
        self.active = end;
    }

    /// The system has put `len` bytes into buffer `id`. False, and nothing is lent, where that is none.
    pub fn lend(&mut self, id: u16, len: u32) -> bool {
        let Some(lent) = self.lent.get_mut(usize::from(id)) else { return false };
        *lent = len.min(BUFFER_BYTES as u32);
        if len == 0 {
            self.offer(id);
        }
        len > 0
    }

    /// The bytes of a buffer that is lent; none otherwise.
    pub fn bytes(&self, id: u16) -> &[u8] {
        let Some(&len) = self.lent.get(usize::from(id)) else { return &[] };
        let at = QUEUE_BYTES + usize::from(id) * BUFFER_BYTES;
        // SAFETY: buffer `id` lies within the mapping, and while it is lent the system, which initialized its first `len`
        // bytes, does not write to it; `give_back` needs the value exclusively.
        unsafe { std::slice::from_raw_parts(self.memory.as_ptr().add(at), len as usize) }
    }

    /// Takes a buffer back that was lent. The system sees it after [`Buffers::publish`].
    pub fn give_back(&mut self, id: u16) {
        if let Some(lent) = self.lent.get_mut(usize::from(id))
            && std::mem::take(lent) > 0
        {
            self.offer(id);
        }
    }

    fn offer(&mut self, id: u16) {
        let at = usize::from(self.tail.wrapping_add(self.offered) & (BUFFERS - 1));
        let buffer = QUEUE_BYTES + usize::from(id) * BUFFER_BYTES;
        // SAFETY: the entry lies within the queue, which is aligned to a page, and the system does not read it before the
        // tail passes it: it holds less than all buffers, since this one was not its own. The tail, which shares the first
        // entry, is not touched by the three writes.
        unsafe {
            let entry = &mut *self.memory.as_ptr().cast::<BufRingEntry>().add(at);
            entry.set_addr(self.memory.as_ptr().add(buffer) as u64);
            entry.set_len(BUFFER_BYTES as u32);
            entry.set_bid(id);
        }
        self.offered += 1;
    }

    /// Shows the system the buffers that were taken back.
    pub fn publish(&mut self) {
        if self.offered == 0 {
            return;
        }
        self.tail = self.tail.wrapping_add(self.offered);
        self.offered = 0;
        // SAFETY: the queue's first entry is within the mapping, aligned, and initialized, as zeros are; its tail is only read by
        // the system.
        unsafe {
            let tail = BufRingEntry::tail(self.memory.as_ptr().cast()).cast_mut();
            AtomicU16::from_ptr(tail).store(self.tail, Ordering::Release);
        }
    }
}

impl Drop for Buffers {
    fn drop(&mut self) {
        // SAFETY: the range is the mapping made in `new`, and whoever drops this has seen to it that no operation writes there.
        // A failure could only be helped by keeping it.
        let _ = unsafe { libc::munmap(self.memory.as_ptr().cast(), Self::MEMORY_BYTES) };
    }
}
