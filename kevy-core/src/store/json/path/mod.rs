//! Paths into documents, in the dialect of RedisJSON.
//!
//! A path that begins with `$` is a JSONPath and may lead to any number of values. Any other is of the older form, which
//! stands for one value: `.` is the root, and a leading dot may be left out.

mod filter;
mod parse;
mod walk;

use std::fmt;

use smallvec::SmallVec;

use super::node::Node;
use filter::Filter;
use walk::Walk;

/// A place in a document: the positions of values inside the arrays and objects around them, from the root on.
pub type Location = SmallVec<[u32; 6]>;

/// A text that is not a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathError {
    position: usize,
    before: String,
    after: String,
    what: &'static str,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { position, before, after, what } = self;
        write!(f, "Error occurred on position {position}, \"{before} ---->>>> {after}\", {what}.")
    }
}

impl std::error::Error for PathError {}

/// Following a path takes more steps than the size of the document explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMuchWork;

impl fmt::Display for TooMuchWork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ERR following the path takes too many steps")
    }
}

impl std::error::Error for TooMuchWork {}

/// A path that was understood.
#[derive(Clone, Debug)]
pub struct Path {
    steps: Vec<Step>,
    is_legacy: bool,
}

#[derive(Clone, Debug)]
enum Step {
    /// `..`: what follows begins at the value or anywhere inside it.
    Descend,
    /// `*`
    All,
    /// One name, or several in brackets.
    Names(SmallVec<[Box<str>; 1]>),
    /// One index, or several; negative ones count from the end.
    Indexes(SmallVec<[i64; 2]>),
    /// `start:end:step`
    Range { start: Option<i64>, end: Option<i64>, step: usize },
    /// `?` and an expression.
    Filter(Box<Filter>),
}

/// Where a value is to be added that no path leads to yet.
#[derive(Clone, Debug)]
pub enum Addition<'a> {
    /// A member of this name, in the objects that the path leads to.
    Member(Path, &'a str),
    /// An element of an array.
    Element,
}

impl Path {
    /// Reads a path of either form.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let full = full_text(text);
        let steps = parse::steps(full.as_deref().unwrap_or(text))?;
        Ok(Self { steps, is_legacy: full.is_some() })
    }

    /// Whether the path is of the older form, which stands for one value.
    pub fn is_legacy(&self) -> bool {
        self.is_legacy
    }

    /// Whether the path is that of the whole document.
    pub fn is_root(&self) -> bool {
        self.steps.is_empty()
    }

    /// Where a value is to be added, for a path that can lead to one place only.
    pub fn addition(&self) -> Option<Addition<'_>> {
        let (last, before) = self.steps.split_last()?;
        let is_single = |step: &Step| match step {
            Step::Names(names) => names.len() == 1,
            Step::Indexes(indexes) => indexes.len() == 1,
            _ => false,
        };
        if !self.steps.iter().all(is_single) {
            return None;
        }
        Some(match last {
            Step::Names(names) => {
                Addition::Member(Self { steps: before.to_vec(), is_legacy: self.is_legacy }, names.first()?)
            }
            _ => Addition::Element,
        })
    }

    /// The values that the path leads to in a document of `values` values.
    pub(super) fn find<'a>(&self, root: &'a Node, values: usize) -> Result<Vec<&'a Node>, TooMuchWork> {
        let mut found = Vec::new();
        let mut visit = |node: &'a Node, _: &[u32]| found.push(node);
        Walk::new(root, values).all(&self.steps, &mut visit)?;
        Ok(found)
    }

    /// The places that the path leads to in a document of `values` values.
    pub(super) fn locate(&self, root: &Node, values: usize) -> Result<Vec<Location>, TooMuchWork> {
        let mut found = Vec::new();
        let mut visit = |_: &Node, place: &[u32]| found.push(Location::from_slice(place));
        Walk::new(root, values).all(&self.steps, &mut visit)?;
        Ok(found)
    }
}

/// The JSONPath that a path of the older form stands for; `None` for one that is a JSONPath.
pub fn full_text(text: &str) -> Option<String> {
    match text.as_bytes() {
        [b'$'] | [b'$', b'.' | b'[', ..] => None,
        [b'.'] => Some("$".to_owned()),
        [b'.', ..] => Some(format!("${text}")),
        _ => Some(format!("$.{text}")),
    }
}
