//! The expressions of filters.

use std::cmp::Ordering;

use regex::{Regex, RegexBuilder};

use super::Step;
use super::walk::{Stop, Walk};
use crate::store::json::node::{Node, Number};

/// How large a regular expression may become when it is compiled.
pub(super) const REGEX_BYTES_MAX: usize = 1 << 18;
/// What compiling a regular expression counts as, in steps.
const REGEX_STEPS: u64 = 20_000;

#[derive(Clone, Debug)]
pub(super) enum Filter {
    /// One of them holds.
    Any(Vec<Filter>),
    /// All of them hold.
    All(Vec<Filter>),
    /// The term is a value.
    Exists(Term),
    Test(Box<Test>),
}

/// A comparison.
#[derive(Clone, Debug)]
pub(super) struct Test {
    pub left: Term,
    pub operator: Operator,
    pub right: Term,
    /// The right side of [`Operator::Matches`], where it is a literal.
    pub regex: Option<Regex>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Above,
    AtLeast,
    Below,
    AtMost,
    Equal,
    Unequal,
    /// A regular expression matches some part.
    Matches,
}

#[derive(Clone, Debug)]
pub(super) enum Term {
    /// A path from the value under test; it has to lead to exactly one value.
    Current(Vec<Step>),
    /// A path from the root of the document.
    Root(Vec<Step>),
    String(String),
    Number(Number),
    Bool(bool),
    Null,
}

/// What a term stands for.
#[derive(Clone, Copy)]
enum Value<'a> {
    Node(&'a Node),
    String(&'a str),
    Number(Number),
    Bool(bool),
    Null,
}

impl Filter {
    /// Whether the expression holds for `node`.
    pub fn holds<'a>(&self, node: &'a Node, walk: &Walk<'a>) -> Result<bool, Stop> {
        walk.spend(1)?;
        Ok(match self {
            Self::Any(filters) => {
                for filter in filters {
                    if filter.holds(node, walk)? {
                        return Ok(true);
                    }
                }
                false
            }
            Self::All(filters) => {
                for filter in filters {
                    if !filter.holds(node, walk)? {
                        return Ok(false);
                    }
                }
                true
            }
            Self::Exists(term) => term.value(node, walk)?.is_some(),
            Self::Test(test) => test.holds(node, walk)?,
        })
    }
}

impl Test {
    fn holds<'a>(&self, node: &'a Node, walk: &Walk<'a>) -> Result<bool, Stop> {
        let (left, right) = (self.left.value(node, walk)?, self.right.value(node, walk)?);
        let (Some(left), Some(right)) = (left, right) else {
            // What is not there differs from everything.
            return Ok(self.operator == Operator::Unequal);
        };
        let order = || compare(left, right);
        Ok(match self.operator {
            Operator::Above => order().is_some_and(Ordering::is_gt),
            Operator::AtLeast => order().is_some_and(Ordering::is_ge),
            Operator::Below => order().is_some_and(Ordering::is_lt),
            Operator::AtMost => order().is_some_and(Ordering::is_le),
            Operator::Equal => equal(left, right, walk)?,
            Operator::Unequal => !equal(left, right, walk)?,
            Operator::Matches => self.matches(left, right, walk)?,
        })
    }

    fn matches<'a>(&self, left: Value<'a>, right: Value<'_>, walk: &Walk<'a>) -> Result<bool, Stop> {
        let (Some(text), Some(pattern)) = (left.as_str(), right.as_str()) else { return Ok(false) };
        walk.spend(1 + text.len() as u64 / 8)?;
        if let Term::String(_) = self.right {
            return Ok(self.regex.as_ref().is_some_and(|regex| regex.is_match(text)));
        }
        walk.spend(REGEX_STEPS)?;
        let regex = RegexBuilder::new(pattern).size_limit(REGEX_BYTES_MAX).build();
        Ok(regex.is_ok_and(|regex| regex.is_match(text)))
    }
}

impl Term {
    fn value<'a, 't: 'v, 'v>(&'t self, node: &'a Node, walk: &Walk<'a>) -> Result<Option<Value<'v>>, Stop>
    where
        'a: 'v,
    {
        Ok(Some(match self {
            Self::Current(steps) => return Ok(walk.only(node, steps)?.map(Value::Node)),
            Self::Root(steps) => return Ok(walk.only(walk.root(), steps)?.map(Value::Node)),
            Self::String(text) => Value::String(text),
            Self::Number(number) => Value::Number(*number),
            Self::Bool(value) => Value::Bool(*value),
            Self::Null => Value::Null,
        }))
    }
}

impl<'a> Value<'a> {
    /// The same, as a literal where there is one for it.
    fn plain(self) -> Self {
        match self {
            Self::Node(Node::Null) => Self::Null,
            Self::Node(Node::Bool(value)) => Self::Bool(*value),
            Self::Node(Node::String(text)) => Self::String(text),
            Self::Node(node) => node.as_number().map_or(self, Self::Number),
            _ => self,
        }
    }

    fn as_str(self) -> Option<&'a str> {
        match self.plain() {
            Self::String(text) => Some(text),
            _ => None,
        }
    }
}

/// The order of two values; `None` where they have none.
fn compare(left: Value<'_>, right: Value<'_>) -> Option<Ordering> {
    match (left.plain(), right.plain()) {
        (Value::Number(Number::Int(a)), Value::Number(Number::Int(b))) => Some(a.cmp(&b)),
        (Value::Number(a), Value::Number(b)) => a.to_f64().partial_cmp(&b.to_f64()),
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(&b)),
        (Value::Null, Value::Null) => Some(Ordering::Equal),
        _ => None,
    }
}

fn equal<'a>(left: Value<'_>, right: Value<'_>, walk: &Walk<'a>) -> Result<bool, Stop> {
    match (left, right) {
        (Value::Node(a), Value::Node(b)) => {
            // Containers of different lengths cost nothing to tell apart.
            if a.children() == b.children() && a.children() > 0 {
                walk.spend(a.size().values as u64)?;
            }
            Ok(a.is_equal(b))
        }
        _ => Ok(compare(left, right).is_some_and(Ordering::is_eq)),
    }
}
