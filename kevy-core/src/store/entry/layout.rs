//! How an entry lies in memory: one allocation, read and written here and nowhere else.
//!
//! ```text
//! header   8  key length 16 bits, inline value length 16, access 24, kind 4, form 2, timed 1, long key 1
//! [timed] 16  expiry in unix ms (u64::MAX: none), place in the timers
//! [long]   8  key length, where it does not fit 16 bits
//! payload     i64, or Vec<u8>, or Collection, or nothing
//! key
//! [inline]    the value's bytes
//! ```
//! The allocation is a multiple of 8 bytes and aligned to 8, so that a value may change its length within the
//! padding.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::marker::PhantomData;
use std::ptr::NonNull;

use super::{Collection, Kind};

/// Longest value that lives inside its entry.
pub const INLINE_MAX: usize = 4096;

/// An access field has this many bits.
pub const ACCESS_MASK: u32 = (1 << 24) - 1;

const NEVER: u64 = u64::MAX;

#[repr(C)]
#[derive(Clone, Copy)]
struct Header {
    key_len: u16,
    inline_len: u16,
    word: u32,
}

const KIND_SHIFT: u32 = 24;
const FORM_SHIFT: u32 = 28;
const TIMED: u32 = 1 << 30;
const LONG: u32 = 1 << 31;

const FORM_INT: u32 = 0;
const FORM_INLINE: u32 = 1;
const FORM_BYTES: u32 = 2;
const FORM_COLLECTION: u32 = 3;

const HEADER_SIZE: usize = size_of::<Header>();
const TIMES_SIZE: usize = 16;

/// Where the payload begins, by the top four bits of the header's word.
const PAYLOAD_AT: [u8; 16] = offsets(false);
/// Where the key begins, by the top four bits of the header's word.
const KEY_AT: [u8; 16] = offsets(true);

const fn offsets(after_payload: bool) -> [u8; 16] {
    let payload = [size_of::<i64>(), 0, size_of::<Vec<u8>>(), size_of::<Collection>()];
    let mut table = [0; 16];
    let mut bits = 0;
    while bits < 16 {
        let mut at = HEADER_SIZE;
        if bits & 4 != 0 {
            at += TIMES_SIZE;
        }
        if bits & 8 != 0 {
            at += size_of::<u64>();
        }
        if after_payload {
            at += payload[bits & 3];
        }
        table[bits] = at as u8;
        bits += 1;
    }
    table
}

const _: () = assert!(align_of::<Vec<u8>>() <= 8 && align_of::<Collection>() <= 8);
const _: () = assert!(size_of::<Vec<u8>>().is_multiple_of(8) && size_of::<Collection>().is_multiple_of(8));

/// What an entry is made with or taken apart into.
#[derive(Debug)]
pub enum Content<'a> {
    /// A string that is a canonical integer.
    Int(i64),
    /// A string of at most [`INLINE_MAX`] bytes, copied into the entry.
    Inline(&'a [u8]),
    /// A string in a buffer of its own.
    Bytes(Vec<u8>),
    /// Anything that is not a string.
    Collection(Collection),
}

/// What an entry holds, borrowed.
#[derive(Debug)]
pub enum View<'a> {
    /// See [`Content::Int`].
    Int(i64),
    /// See [`Content::Inline`].
    Inline(&'a [u8]),
    /// See [`Content::Bytes`].
    Bytes(&'a Vec<u8>),
    /// See [`Content::Collection`].
    Collection(&'a Collection),
}

/// An owned entry of a table: one word, freed with all it holds when dropped.
#[repr(transparent)]
pub struct Entry {
    memory: NonNull<u8>,
    owned: PhantomData<(Vec<u8>, Collection)>,
}

// SAFETY: an entry owns its memory and its payload alone, and every payload type is `Send`.
unsafe impl Send for Entry {}
// SAFETY: a shared entry only gives out shared views; its place in the timers is only written while its
// owner is held exclusively.
unsafe impl Sync for Entry {}

const _: () = {
    const fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<Vec<u8>>();
    is_send_and_sync::<Collection>();
};

/// The address of an entry that a timer refers to. Using one demands that the entry is alive.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Handle(NonNull<u8>);

// SAFETY: a handle is an address; each use of it states why the entry is alive and not shared.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

impl Handle {
    /// # Safety
    /// The entry is alive, timed, and nobody else touches its times meanwhile.
    #[inline]
    pub(super) unsafe fn set_place(self, place: usize) {
        // SAFETY: a timed entry has its place 8 bytes after the header and expiry, aligned to 8.
        unsafe { self.0.add(HEADER_SIZE + 8).cast::<u64>().write(place as u64) }
    }

    /// # Safety
    /// The entry is alive for as long as the reference is used.
    #[inline]
    pub(super) unsafe fn entry(&self) -> &Entry {
        // SAFETY: an entry is nothing but its address, and the caller vouches for the entry.
        unsafe { &*std::ptr::from_ref(self).cast::<Entry>() }
    }
}

impl Entry {
    /// A new entry, in exactly one allocation besides those that `content` brings.
    pub fn new(key: &[u8], kind: Kind, timed: bool, access: u32, content: Content<'_>) -> Self {
        let (form, inline) = match &content {
            Content::Int(_) => (FORM_INT, &[][..]),
            Content::Inline(value) => (FORM_INLINE, *value),
            Content::Bytes(_) => (FORM_BYTES, &[][..]),
            Content::Collection(_) => (FORM_COLLECTION, &[][..]),
        };
        assert!(inline.len() <= INLINE_MAX, "a value of {} bytes cannot live in its entry", inline.len());
        let short = u16::try_from(key.len());
        let mut word = (access & ACCESS_MASK) | (kind as u32) << KIND_SHIFT | form << FORM_SHIFT;
        if timed {
            word |= TIMED;
        }
        if short.is_err() {
            word |= LONG;
        }
        let header = Header { key_len: short.unwrap_or(0), inline_len: inline.len() as u16, word };
        let layout = layout(word, key.len(), inline.len());
        // SAFETY: the layout holds the header at least, so its size is not zero.
        let Some(memory) = NonNull::new(unsafe { alloc(layout) }) else { handle_alloc_error(layout) };
        let top = (word >> FORM_SHIFT) as usize;
        // SAFETY: the layout was computed from the same word and lengths, so every part written here lies
        // within the fresh allocation, apart from the others and aligned.
        unsafe {
            memory.cast::<Header>().write(header);
            if timed {
                memory.add(HEADER_SIZE).cast::<[u64; 2]>().write([NEVER, u64::MAX]);
            }
            if word & LONG != 0 {
                memory.add(PAYLOAD_AT[top] as usize - 8).cast::<u64>().write(key.len() as u64);
            }
            let payload = memory.add(PAYLOAD_AT[top] as usize);
            match content {
                Content::Int(value) => payload.cast::<i64>().write(value),
                Content::Bytes(value) => payload.cast::<Vec<u8>>().write(value),
                Content::Collection(value) => payload.cast::<Collection>().write(value),
                Content::Inline(_) => {}
            }
            let key_at = memory.add(KEY_AT[top] as usize);
            key_at.copy_from_nonoverlapping(NonNull::from(key).cast(), key.len());
            key_at.add(key.len()).copy_from_nonoverlapping(NonNull::from(inline).cast(), inline.len());
        }
        Self { memory, owned: PhantomData }
    }

    #[inline]
    fn header(&self) -> Header {
        // SAFETY: every entry begins with its header.
        unsafe { self.memory.cast::<Header>().read() }
    }

    #[inline]
    fn set_header(&mut self, header: Header) {
        // SAFETY: as above, and the entry is held exclusively.
        unsafe { self.memory.cast::<Header>().write(header) }
    }

    #[inline]
    fn form(&self) -> u32 {
        self.header().word >> FORM_SHIFT & 3
    }

    #[inline]
    fn payload(&self) -> NonNull<u8> {
        let top = (self.header().word >> FORM_SHIFT) as usize;
        // SAFETY: the payload lies within the allocation, or ends it where it is empty.
        unsafe { self.memory.add(PAYLOAD_AT[top] as usize) }
    }

    #[inline]
    fn key_len(&self, header: Header) -> usize {
        if header.word & LONG == 0 {
            return header.key_len as usize;
        }
        // SAFETY: an entry with a long key has its length right before the payload.
        unsafe { self.payload().sub(8).cast::<u64>().read() as usize }
    }

    /// The key.
    #[inline]
    pub fn key(&self) -> &[u8] {
        let header = self.header();
        let at = KEY_AT[(header.word >> FORM_SHIFT) as usize] as usize;
        // SAFETY: the key's bytes were written there when the entry was made, and `self` keeps them alive.
        unsafe { std::slice::from_raw_parts(self.memory.add(at).as_ptr(), self.key_len(header)) }
    }

    /// What the entry holds.
    #[inline]
    pub fn view(&self) -> View<'_> {
        let header = self.header();
        // SAFETY: the form in the header says what was written as the payload, and `self` keeps it alive.
        unsafe {
            match header.word >> FORM_SHIFT & 3 {
                FORM_INT => View::Int(self.payload().cast::<i64>().read()),
                FORM_INLINE => {
                    let at = self.payload().add(self.key_len(header));
                    View::Inline(std::slice::from_raw_parts(at.as_ptr(), header.inline_len as usize))
                }
                FORM_BYTES => View::Bytes(self.payload().cast::<Vec<u8>>().as_ref()),
                _ => View::Collection(self.payload().cast::<Collection>().as_ref()),
            }
        }
    }

    /// The type of the value.
    #[inline]
    pub fn kind(&self) -> Kind {
        Kind::from_bits(self.header().word >> KIND_SHIFT & 15)
    }

    /// The 24 bits from which idle time or frequency follow.
    #[inline]
    pub fn access(&self) -> u32 {
        self.header().word & ACCESS_MASK
    }

    /// Sets the access field.
    #[inline]
    pub fn set_access(&mut self, access: u32) {
        let mut header = self.header();
        header.word = (header.word & !ACCESS_MASK) | (access & ACCESS_MASK);
        self.set_header(header);
    }

    /// Whether the entry has room for an expiry and a place in the timers.
    #[inline]
    pub fn is_timed(&self) -> bool {
        self.header().word & TIMED != 0
    }

    /// When the key expires, in unix milliseconds.
    #[inline]
    pub fn expire_at(&self) -> Option<u64> {
        if !self.is_timed() {
            return None;
        }
        // SAFETY: a timed entry has its expiry right after the header, aligned to 8.
        let at = unsafe { self.memory.add(HEADER_SIZE).cast::<u64>().read() };
        (at != NEVER).then_some(at)
    }

    /// Sets the expiry of a timed entry.
    pub(super) fn set_expire_at(&mut self, at: Option<u64>) {
        assert!(self.is_timed(), "an entry that is not timed has no expiry");
        // SAFETY: as above, and the entry is held exclusively.
        unsafe { self.memory.add(HEADER_SIZE).cast::<u64>().write(at.unwrap_or(NEVER)) }
    }

    /// The place in the timers that was last set, if the entry is timed and has one.
    pub(super) fn place(&self) -> Option<usize> {
        if !self.is_timed() {
            return None;
        }
        // SAFETY: a timed entry has its place after the expiry, aligned to 8.
        let place = unsafe { self.memory.add(HEADER_SIZE + 8).cast::<u64>().read() };
        (place != u64::MAX).then_some(place as usize)
    }

    pub(super) fn handle(&self) -> Handle {
        Handle(self.memory)
    }

    /// Where the entry begins, to prefetch it.
    #[inline]
    pub fn address(&self) -> *const u8 {
        self.memory.as_ptr()
    }

    /// Bytes of the entry's own allocation.
    #[inline]
    pub fn size(&self) -> usize {
        let header = self.header();
        layout(header.word, self.key_len(header), header.inline_len as usize).size()
    }

    /// Writes an integer over an integer. False if the entry does not hold one.
    #[inline]
    pub(super) fn write_int(&mut self, value: i64) -> bool {
        if self.form() != FORM_INT {
            return false;
        }
        // SAFETY: the form says that the payload is an i64, and the entry is held exclusively.
        unsafe { self.payload().cast::<i64>().write(value) }
        true
    }

    /// Writes an inline value over an inline value. False if the allocation would have to change.
    #[inline]
    pub(super) fn write_inline(&mut self, value: &[u8]) -> bool {
        let mut header = self.header();
        if header.word >> FORM_SHIFT & 3 != FORM_INLINE || value.len() > INLINE_MAX {
            return false;
        }
        let key_len = self.key_len(header);
        let before = KEY_AT[(header.word >> FORM_SHIFT) as usize] as usize + key_len;
        let words = |inline_len: usize| (before + inline_len).div_ceil(8);
        if words(value.len()) != words(header.inline_len as usize) {
            return false;
        }
        // SAFETY: the value begins right after the key and, the size being the same, ends within the
        // allocation; `value` cannot overlap an entry that is held exclusively.
        unsafe {
            let at = self.payload().add(key_len);
            at.copy_from_nonoverlapping(NonNull::from(value).cast(), value.len());
        }
        header.inline_len = value.len() as u16;
        self.set_header(header);
        true
    }

    /// The buffer of a string that has one of its own.
    pub(super) fn bytes_mut(&mut self) -> Option<&mut Vec<u8>> {
        if self.form() != FORM_BYTES {
            return None;
        }
        // SAFETY: the form says that the payload is a vector, and the entry is held exclusively.
        Some(unsafe { self.payload().cast::<Vec<u8>>().as_mut() })
    }

    /// The collection of an entry that has one.
    pub(super) fn collection_mut(&mut self) -> Option<&mut Collection> {
        if self.form() != FORM_COLLECTION {
            return None;
        }
        // SAFETY: the form says that the payload is a collection, and the entry is held exclusively.
        Some(unsafe { self.payload().cast::<Collection>().as_mut() })
    }

    /// Forgets the place in the timers.
    pub(super) fn clear_place(&mut self) {
        if self.is_timed() {
            // SAFETY: a timed entry has its place there, and the entry is held exclusively.
            unsafe { self.handle().set_place(usize::MAX) }
        }
    }

    /// Moves the entry into an allocation with or without room for its times, which are forgotten.
    pub(super) fn remake(&mut self, timed: bool) {
        let (kind, access) = (self.kind(), self.access());
        // SAFETY: the entry read out is overwritten below without being dropped. Nothing in between unwinds:
        // its parts fit a new entry as they fitted this one, and a failed allocation ends the process.
        unsafe {
            let old = std::ptr::read(self);
            let new = old.consume(|key, content| Self::new(key, kind, timed, access, content));
            std::ptr::write(self, new);
        }
    }

    /// Passes key and content to `with` and frees the entry's own allocation.
    pub fn consume<R>(self, with: impl FnOnce(&[u8], Content<'_>) -> R) -> R {
        let entry = std::mem::ManuallyDrop::new(self);
        // SAFETY: the form says what the payload is; it is read out once, and after that only the entry's own
        // memory is freed.
        let content = unsafe {
            match (entry.form(), entry.view()) {
                (_, View::Int(value)) => Content::Int(value),
                (_, View::Inline(value)) => Content::Inline(value),
                (FORM_BYTES, _) => Content::Bytes(entry.payload().cast::<Vec<u8>>().read()),
                _ => Content::Collection(entry.payload().cast::<Collection>().read()),
            }
        };
        let result = with(entry.key(), content);
        // SAFETY: nothing uses the entry after this.
        unsafe { entry.free() };
        result
    }

    /// Frees the allocation without dropping the payload.
    ///
    /// # Safety
    /// Nothing uses the entry after.
    unsafe fn free(&self) {
        let header = self.header();
        let layout = layout(header.word, self.key_len(header), header.inline_len as usize);
        // SAFETY: the entry was allocated with this very layout: only `write_inline` changes a length, and it
        // keeps the size.
        unsafe { dealloc(self.memory.as_ptr(), layout) }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        // SAFETY: the form says what the payload is, and nothing uses it or the entry after.
        unsafe {
            match self.form() {
                FORM_BYTES => self.payload().cast::<Vec<u8>>().drop_in_place(),
                FORM_COLLECTION => self.payload().cast::<Collection>().drop_in_place(),
                _ => {}
            }
            self.free();
        }
    }
}

fn layout(word: u32, key_len: usize, inline_len: usize) -> Layout {
    let size = KEY_AT[(word >> FORM_SHIFT) as usize] as usize + key_len + inline_len;
    match Layout::from_size_align(size, 8) {
        Ok(layout) => layout.pad_to_align(),
        Err(_) => unreachable!("a key in memory is shorter than half the address space"),
    }
}
