//! The directory: a radix tree of at most 256 slots a node, whose leaves are segments.

use super::Element;
use super::segment::{MERGE_MAX, Segment};
use crate::store::seed::Seed;

/// Hash bits that one node can tell apart.
const NODE_BITS_MAX: u8 = 8;

/// A place in the directory.
pub(super) enum Slot<E> {
    /// Covered by the slot whose index has the lowest set bits cleared; as the root, an empty table.
    Shared,
    Segment(Segment<E>),
    Node(Box<Node<E>>),
}

const _: () = assert!(size_of::<Slot<usize>>() == size_of::<Segment<usize>>());

/// Slots for the `bits` hash bits that follow the first `base` bits.
pub(super) struct Node<E> {
    slots: Box<[Slot<E>]>,
    base: u8,
    bits: u8,
    /// Slots that nothing shares with: segments at full depth and further nodes.
    deepest: u16,
}

impl<E> Slot<E> {
    /// The segment in which a hash belongs.
    #[inline]
    pub(super) fn segment(&self, hash: u64) -> Option<&Segment<E>> {
        let mut slot = self;
        loop {
            match slot {
                Self::Segment(segment) => return Some(segment),
                Self::Node(node) => slot = &node.slots[node.index(hash)],
                Self::Shared => return None,
            }
        }
    }

    #[inline]
    pub(super) fn segment_mut(&mut self, hash: u64) -> Option<&mut Segment<E>> {
        let mut slot = self;
        loop {
            match slot {
                Self::Segment(segment) => return Some(segment),
                Self::Node(node) => {
                    let index = node.index(hash);
                    slot = &mut node.slots[index];
                }
                Self::Shared => return None,
            }
        }
    }

    fn take(&mut self) -> Self {
        std::mem::replace(self, Self::Shared)
    }
}

impl<E: Element> Slot<E> {
    /// Gives the segment of a hash another number of buckets.
    pub(super) fn resize(&mut self, hash: u64, buckets: usize, seed: &Seed) {
        let mut slot = self;
        while let Self::Node(node) = slot {
            let index = node.index(hash);
            slot = &mut node.slots[index];
        }
        if let Self::Segment(segment) = slot.take() {
            *slot = Self::Segment(segment.resized(buckets, seed));
        }
    }
}

impl<E> Node<E> {
    /// A node around the one slot that covers all of its range.
    fn around(slot: Slot<E>, base: u8) -> Self {
        Self { slots: Box::new([slot]), base, bits: 0, deepest: 1 }
    }

    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + size_of_val(&*self.slots)
    }

    pub(super) fn slots(&self) -> &[Slot<E>] {
        &self.slots
    }

    pub(super) fn into_slots(self) -> Box<[Slot<E>]> {
        self.slots
    }

    #[inline]
    fn index(&self, hash: u64) -> usize {
        let mut index = ((hash << self.base) >> 1 >> (63 - self.bits)) as usize;
        while matches!(self.slots[index], Slot::Shared) {
            index &= index - 1;
        }
        index
    }

    /// Slots that a segment of this depth takes up.
    fn span(&self, depth: u8) -> usize {
        1 << (self.base + self.bits - depth)
    }

    fn double(&mut self) {
        let slots = std::mem::take(&mut self.slots);
        self.slots = slots.into_iter().flat_map(|slot| [slot, Slot::Shared]).collect();
        self.bits += 1;
        self.deepest = 0;
    }

    fn halve(&mut self) {
        let slots = std::mem::take(&mut self.slots);
        self.slots = slots.into_iter().step_by(2).collect();
        self.bits -= 1;
        let full = self.base + self.bits;
        let at_full_depth =
            |slot: &&Slot<E>| matches!(slot, Slot::Segment(segment) if segment.depth() == full);
        self.deepest = self.slots.iter().filter(at_full_depth).count() as u16;
    }
}

/// Splits the segment of a hash in two. `bytes` follows what the table has allocated.
pub(super) fn split<E: Element>(slot: &mut Slot<E>, hash: u64, seed: &Seed, bytes: &mut usize) {
    if let Slot::Segment(segment) = slot {
        let base = segment.depth();
        let node = Node::around(slot.take(), base);
        *bytes += node.bytes();
        *slot = Slot::Node(Box::new(node));
    }
    let Slot::Node(node) = slot else { return };
    let mut index = node.index(hash);
    if let Slot::Segment(segment) = &node.slots[index] {
        let depth = segment.depth();
        let is_deepest = depth == node.base + node.bits;
        if !is_deepest || node.bits < NODE_BITS_MAX {
            if is_deepest {
                *bytes -= node.bytes();
                node.double();
                *bytes += node.bytes();
                index = node.index(hash);
            }
            split_in(node, index, depth, seed, bytes);
            return;
        }
    }
    split(&mut node.slots[index], hash, seed, bytes);
}

fn split_in<E: Element>(node: &mut Node<E>, index: usize, depth: u8, seed: &Seed, bytes: &mut usize) {
    if let Slot::Segment(segment) = node.slots[index].take() {
        let half = node.span(depth) / 2;
        let (low, high) = segment.split(seed);
        *bytes += high.bytes();
        node.slots[index] = Slot::Segment(low);
        node.slots[index + half] = Slot::Segment(high);
        if half == 1 {
            node.deepest += 2;
        }
    }
}

/// Joins the segment of a hash with its other half for as long as both are sparse, and takes back the
/// directory nodes that this empties. Returns how many segments are gone.
pub(super) fn join<E: Element>(slot: &mut Slot<E>, hash: u64, seed: &Seed, bytes: &mut usize) -> usize {
    let Slot::Node(node) = slot else { return 0 };
    let index = node.index(hash);
    let mut joined = join(&mut node.slots[index], hash, seed, bytes);
    while join_in(node, hash, seed, bytes) {
        joined += 1;
    }
    if node.bits == 0 && matches!(node.slots[0], Slot::Segment(_)) {
        *bytes -= node.bytes();
        let segment = node.slots[0].take();
        *slot = segment;
    }
    joined
}

fn join_in<E: Element>(node: &mut Node<E>, hash: u64, seed: &Seed, bytes: &mut usize) -> bool {
    let index = node.index(hash);
    let Slot::Segment(segment) = &node.slots[index] else { return false };
    let depth = segment.depth();
    if depth == node.base {
        return false;
    }
    let span = node.span(depth);
    let other = index ^ span;
    match &node.slots[other] {
        Slot::Segment(half) if half.depth() == depth && half.len() + segment.len() <= MERGE_MAX => {}
        _ => return false,
    }
    if let (Slot::Segment(one), Slot::Segment(two)) = (node.slots[index].take(), node.slots[other].take()) {
        *bytes -= one.bytes() + two.bytes();
        let whole = one.joined(two, seed);
        *bytes += whole.bytes();
        node.slots[index & other] = Slot::Segment(whole);
    }
    if span == 1 {
        node.deepest -= 2;
        if node.deepest == 0 {
            *bytes -= node.bytes();
            node.halve();
            while node.deepest == 0 {
                node.halve();
            }
            *bytes += node.bytes();
        }
    }
    true
}
