//! Following a path through a document.

use std::cell::Cell;

use super::{Step, TooMuchWork};
use crate::store::json::node::Node;

/// Steps that may be taken for each value of the document, and in any case: enough for every path that looks at
/// each value a few times, or at each pair in a small document.
const STEPS_PER_VALUE: u64 = 16;
const STEPS_MIN: u64 = 4_000_000;

/// Why a walk ends early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// Whoever asked has seen enough.
    Enough,
    TooMuchWork,
}

/// A document under a path, with the steps that are left to be taken.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    root: &'a Node,
    steps_left: Cell<u64>,
}

/// Gets each value that is found, with its place.
type Visit<'v, 'a> = dyn FnMut(&'a Node, &[u32]) -> Result<(), Stop> + 'v;

impl<'a> Walk<'a> {
    /// A walk through a document of `values` values.
    pub fn new(root: &'a Node, values: usize) -> Self {
        Self { root, steps_left: Cell::new(STEPS_MIN + STEPS_PER_VALUE * values as u64) }
    }

    /// The whole document.
    pub fn root(&self) -> &'a Node {
        self.root
    }

    /// Counts steps.
    pub fn spend(&self, steps: u64) -> Result<(), Stop> {
        self.steps_left.set(self.steps_left.get().checked_sub(steps).ok_or(Stop::TooMuchWork)?);
        Ok(())
    }

    /// Passes everything that `steps` lead to from the root to `visit`.
    pub fn all(&self, steps: &[Step], visit: &mut impl FnMut(&'a Node, &[u32])) -> Result<(), TooMuchWork> {
        let mut visit = |node: &'a Node, place: &[u32]| {
            self.spend(1 + place.len() as u64)?;
            visit(node, place);
            Ok(())
        };
        let mut follow = Follow { walk: self, place: Vec::new(), visit: &mut visit };
        follow.from(self.root, steps).map_err(|_| TooMuchWork)
    }

    /// The only value that `steps` lead to from `node`, where it is the only one.
    pub fn only(&self, node: &'a Node, steps: &[Step]) -> Result<Option<&'a Node>, Stop> {
        if steps.is_empty() {
            return Ok(Some(node));
        }
        let mut found = None;
        let mut visit = |node: &'a Node, _: &[u32]| {
            if found.replace(node).is_some() { Err(Stop::Enough) } else { Ok(()) }
        };
        match (Follow { walk: self, place: Vec::new(), visit: &mut visit }).from(node, steps) {
            Ok(()) => Ok(found),
            Err(Stop::Enough) => Ok(None),
            Err(stop) => Err(stop),
        }
    }
}

struct Follow<'w, 'v, 'a> {
    walk: &'w Walk<'a>,
    place: Vec<u32>,
    visit: &'v mut Visit<'v, 'a>,
}

impl<'a> Follow<'_, '_, 'a> {
    fn from(&mut self, node: &'a Node, steps: &[Step]) -> Result<(), Stop> {
        let Some((step, rest)) = steps.split_first() else { return (self.visit)(node, &self.place) };
        self.walk.spend(1)?;
        match step {
            Step::Descend => self.descend(node, rest),
            Step::All => self.each(node, |follow, node| follow.from(node, rest)),
            Step::Names(names) => {
                let Node::Object(members) = node else { return Ok(()) };
                for name in names {
                    self.walk.spend(1)?;
                    if let Some((at, _, member)) = members.get_full(name) {
                        self.inside(at, |follow| follow.from(member, rest))?;
                    }
                }
                Ok(())
            }
            Step::Indexes(indexes) => {
                let Node::Array(elements) = node else { return Ok(()) };
                for index in indexes {
                    self.walk.spend(1)?;
                    let at = absolute(*index, elements.len());
                    if let Some(element) = elements.get(at) {
                        self.inside(at, |follow| follow.from(element, rest))?;
                    }
                }
                Ok(())
            }
            Step::Range { start, end, step } => {
                let Node::Array(elements) = node else { return Ok(()) };
                let len = elements.len();
                let start = start.map_or(0, |start| absolute(start, len));
                let end = end.map_or(len, |end| absolute(end, len));
                for at in (start..end).step_by(*step) {
                    self.walk.spend(1)?;
                    let Some(element) = elements.get(at) else { break };
                    self.inside(at, |follow| follow.from(element, rest))?;
                }
                Ok(())
            }
            Step::Filter(filter) => match node {
                Node::Array(_) | Node::Object(_) => self.each(node, |follow, node| {
                    if filter.holds(node, follow.walk)? { follow.from(node, rest) } else { Ok(()) }
                }),
                _ if filter.holds(node, self.walk)? => self.from(node, rest),
                _ => Ok(()),
            },
        }
    }

    /// Follows `steps` from a value and from everything inside it.
    fn descend(&mut self, node: &'a Node, steps: &[Step]) -> Result<(), Stop> {
        self.from(node, steps)?;
        self.each(node, |follow, node| follow.descend(node, steps))
    }

    /// Goes to every value directly inside another.
    fn each(
        &mut self,
        node: &'a Node,
        mut go: impl FnMut(&mut Self, &'a Node) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        match node {
            Node::Array(elements) => {
                for (at, element) in elements.iter().enumerate() {
                    self.inside(at, |follow| go(follow, element))?;
                }
            }
            Node::Object(members) => {
                for (at, member) in members.values().enumerate() {
                    self.inside(at, |follow| go(follow, member))?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn inside(&mut self, at: usize, go: impl FnOnce(&mut Self) -> Result<(), Stop>) -> Result<(), Stop> {
        self.walk.spend(1)?;
        // A document of more than four billion elements in one array does not fit into memory.
        self.place.push(at as u32);
        let result = go(self);
        self.place.pop();
        result
    }
}

/// A position counted from the beginning: one before the first is the first, one behind the last is the length.
fn absolute(index: i64, len: usize) -> usize {
    let from_end = usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX);
    if index < 0 { len.saturating_sub(from_end) } else { from_end.min(len) }
}
