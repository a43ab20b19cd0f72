//! Vector sets: elements with vectors, found by what is near to a vector.
//!
//! The graph that finds them is our own: no library lets elements be removed and links be seen, keeps vectors quantized
//! and works under one thread with a bounded amount of memory.

mod filter;
mod graph;
#[cfg(test)]
mod tests;
mod vector;

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use sha1::{Digest as _, Sha1};

pub use filter::Filter;
pub use graph::{Found, Wanted};
pub use vector::{Quantization, Vector, project};

use super::collection::{ValueType, collection_casts};
use super::garbage::{Heap, Parts};
use graph::Graph;

/// How many components a vector may have.
pub const DIM_MAX: usize = 1 << 16;
/// How many links an element may want.
pub const M_RANGE: std::ops::RangeInclusive<i64> = 4..=4096;
/// How many links an element wants unless `VADD` says otherwise.
pub const M_DEFAULT: usize = 16;
/// How many candidates `VADD` looks at unless it says otherwise.
pub const EF_DEFAULT: usize = 200;

/// What an entry of the ordered map takes beside the name: a name's pointer and a number, and some of a node that is
/// two thirds full.
const NAME_BYTES: usize = 40;

/// What all elements of a set have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    pub quantization: Quantization,
    /// Components of the vectors that are kept.
    pub dim: usize,
    /// Components of the vectors that come in, where they are projected.
    pub input_dim: Option<usize>,
    pub m: usize,
}

/// An element.
#[derive(Clone, Debug)]
struct Element {
    name: Arc<[u8]>,
    attributes: Option<Box<[u8]>>,
}

#[derive(Clone, Debug)]
struct Inner {
    form: Form,
    graph: Graph,
    /// By their numbers in the graph.
    elements: Vec<Element>,
    numbers: BTreeMap<Arc<[u8]>, u32>,
    with_attributes: usize,
    /// Bytes of names and attributes.
    bytes: usize,
}

/// A vector set. Without elements it has no form yet.
#[derive(Clone, Debug, Default)]
pub struct VectorSet(Option<Box<Inner>>);

impl VectorSet {
    /// The form; `None` of a new set.
    pub fn form(&self) -> Option<Form> {
        self.0.as_ref().map(|inner| inner.form)
    }

    /// Adds an element of a vector in the set's form, or gives it that vector; whether it is new. The first element
    /// decides the form. `attributes` of no bytes take away those there are.
    pub fn add(
        &mut self,
        name: &[u8],
        components: &[f32],
        attributes: Option<&[u8]>,
        ef: usize,
        form: Form,
    ) -> bool {
        let new = || {
            Box::new(Inner {
                form,
                graph: Graph::new(form.m),
                elements: Vec::new(),
                numbers: BTreeMap::new(),
                with_attributes: 0,
                bytes: 0,
            })
        };
        let inner = &mut **self.0.get_or_insert_with(new);
        let old = inner.number(name).map(|number| inner.take(number));
        let is_new = old.is_none();
        let element = old.unwrap_or_else(|| Element { name: name.into(), attributes: None });
        let number = inner.elements.len() as u32;
        inner.graph.insert(Vector::new(components, inner.form.quantization), random_of(name), ef);
        inner.numbers.insert(Arc::clone(&element.name), number);
        inner.count(&element, true);
        inner.elements.push(element);
        if let Some(attributes) = attributes {
            inner.set_attributes(number, attributes);
        }
        is_new
    }

    /// Removes an element; whether it was there.
    pub fn remove(&mut self, name: &[u8]) -> bool {
        let Some(inner) = &mut self.0 else { return false };
        match inner.number(name) {
            Some(number) => {
                inner.take(number);
                true
            }
            None => false,
        }
    }

    /// The number by which the other methods know an element, until one is removed.
    pub fn number(&self, name: &[u8]) -> Option<u32> {
        self.0.as_ref()?.number(name)
    }

    /// The name of an element.
    pub fn name(&self, number: u32) -> &[u8] {
        self.element(number).map_or(&[], |element| &element.name)
    }

    /// The attributes of an element.
    pub fn attributes(&self, number: u32) -> Option<&[u8]> {
        self.element(number)?.attributes.as_deref()
    }

    fn element(&self, number: u32) -> Option<&Element> {
        self.0.as_ref()?.elements.get(number as usize)
    }

    /// The vector of an element that is there.
    pub fn vector(&self, number: u32) -> Option<&Vector> {
        self.0
            .as_ref()
            .filter(|inner| (number as usize) < inner.elements.len())
            .map(|inner| inner.graph.vector(number))
    }

    /// The links of an element on each level, from 0 up.
    pub fn links(&self, number: u32) -> &[Vec<u32>] {
        self.0.as_ref().map_or(&[], |inner| inner.graph.levels(number))
    }

    /// Sets the attributes of an element, or takes them away where there are no bytes.
    pub fn set_attributes(&mut self, number: u32, attributes: &[u8]) {
        if let Some(inner) = &mut self.0 {
            inner.set_attributes(number, attributes);
        }
    }

    /// How many elements have attributes.
    pub fn with_attributes(&self) -> usize {
        self.0.as_ref().map_or(0, |inner| inner.with_attributes)
    }

    /// The highest level of the graph.
    pub fn max_level(&self) -> usize {
        self.0.as_ref().map_or(0, |inner| inner.graph.max_level())
    }

    /// Elements from one name on, in the order of names.
    pub fn range<'a>(&'a self, from: Bound<&[u8]>) -> impl Iterator<Item = &'a [u8]> {
        let numbers = self.0.as_ref().map(|inner| inner.numbers.range::<[u8], _>((from, Bound::Unbounded)));
        numbers.into_iter().flatten().map(|(name, _)| &**name)
    }

    /// The elements near to a vector, the nearest first.
    pub fn search(&self, components: &[f32], ef: usize, wanted: Option<Wanted<'_>>) -> Vec<Found> {
        let Some(inner) = &self.0 else { return Vec::new() };
        inner.graph.search(&Vector::new(components, inner.form.quantization), ef, wanted)
    }

    /// As [`VectorSet::search`], by a look at every element.
    pub fn search_all(
        &self,
        components: &[f32],
        count: usize,
        is_wanted: &mut dyn FnMut(u32) -> bool,
    ) -> Vec<Found> {
        let Some(inner) = &self.0 else { return Vec::new() };
        inner.graph.search_all(&Vector::new(components, inner.form.quantization), count, is_wanted)
    }
}

/// Bits that decide on which level an element is: the same in every copy.
fn random_of(name: &[u8]) -> u64 {
    let digest: [u8; 20] = Sha1::digest(name).into();
    digest.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

impl Inner {
    fn number(&self, name: &[u8]) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    fn count(&mut self, element: &Element, comes: bool) {
        // An Arc has two counters before the name.
        let name = element.name.len() + 2 * size_of::<usize>() + NAME_BYTES;
        let attributes = element.attributes.as_ref().map_or(0, |attributes| attributes.len());
        let has = usize::from(element.attributes.is_some());
        if comes {
            self.bytes += name + attributes;
            self.with_attributes += has;
        } else {
            self.bytes -= name + attributes;
            self.with_attributes -= has;
        }
    }

    fn take(&mut self, number: u32) -> Element {
        self.graph.remove(number);
        let element = self.elements.swap_remove(number as usize);
        self.numbers.remove(&element.name);
        self.count(&element, false);
        if let Some(moved) = self.elements.get(number as usize) {
            self.numbers.insert(Arc::clone(&moved.name), number);
        }
        element
    }

    fn set_attributes(&mut self, number: u32, attributes: &[u8]) {
        let Some(element) = self.elements.get_mut(number as usize) else { return };
        let new = (!attributes.is_empty()).then(|| attributes.into());
        let old = std::mem::replace(&mut element.attributes, new);
        let len = |attributes: &Option<Box<[u8]>>| attributes.as_ref().map_or(0, |bytes| bytes.len());
        self.bytes = self.bytes + len(&element.attributes) - len(&old);
        self.with_attributes =
            self.with_attributes + usize::from(element.attributes.is_some()) - usize::from(old.is_some());
    }

    fn memory(&self) -> usize {
        size_of::<Self>() + self.graph.memory() + self.elements.capacity() * size_of::<Element>() + self.bytes
    }
}

impl ValueType for VectorSet {
    collection_casts!(VectorSet);

    fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |inner| inner.elements.len())
    }

    fn memory(&self) -> usize {
        self.0.as_ref().map_or(0, |inner| inner.memory())
    }

    fn encoding(&self) -> &'static str {
        "raw"
    }

    fn into_heap(self) -> Option<Heap> {
        self.0.map(|inner| Heap::Parts(inner as Box<dyn Parts>))
    }
}

impl Parts for Inner {
    fn memory(&self) -> usize {
        Self::memory(self)
    }

    fn free_one(&mut self) -> bool {
        if let Some(element) = self.elements.pop() {
            self.numbers.remove(&element.name);
            self.count(&element, false);
        }
        self.graph.free_last()
    }
}
