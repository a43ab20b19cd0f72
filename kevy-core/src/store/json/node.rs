//! A JSON value in memory: three words each, numbers as RedisJSON keeps them.

use indexmap::IndexMap;

/// The members of an object in the order in which they came; removing one moves the last into its place, as RedisJSON
/// does.
pub type Members = IndexMap<Box<str>, Node, foldhash::fast::RandomState>;

/// A JSON value.
#[derive(Clone, Debug, Default)]
pub enum Node {
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    /// An integer above those of [`Node::Int`].
    Unsigned(u64),
    /// Always finite.
    Float(f64),
    String(Box<str>),
    Array(Vec<Node>),
    Object(Box<Members>),
}

/// How much a value takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Bytes allocated behind it.
    pub bytes: usize,
    /// How many values it is, itself included.
    pub values: usize,
}

impl Size {
    /// The size of a member of an object.
    pub(super) fn of_member(key: &str, node: &Node) -> Self {
        let size = node.size();
        Self { bytes: size.bytes + key.len(), ..size }
    }
}

/// A number for arithmetic and comparison.
#[derive(Clone, Copy, Debug)]
pub enum Number {
    Int(i64),
    Float(f64),
}

impl Number {
    /// The number as a double.
    pub fn to_f64(self) -> f64 {
        match self {
            Self::Int(value) => value as f64,
            Self::Float(value) => value,
        }
    }
}

impl Node {
    /// An object without members.
    pub fn empty_object() -> Self {
        Self::Object(Box::default())
    }

    /// The name that `JSON.TYPE` replies.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Int(_) | Self::Unsigned(_) => "integer",
            Self::Float(_) => "number",
            Self::String(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }

    /// The value as a number; integers above 63 bits count as doubles.
    pub fn as_number(&self) -> Option<Number> {
        match *self {
            Self::Int(value) => Some(Number::Int(value)),
            Self::Unsigned(value) => Some(Number::Float(value as f64)),
            Self::Float(value) => Some(Number::Float(value)),
            _ => None,
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The elements of an array.
    pub fn as_array(&self) -> Option<&[Node]> {
        match self {
            Self::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// The members of an object.
    pub fn as_object(&self) -> Option<&Members> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    /// How many values are directly inside.
    pub(super) fn children(&self) -> usize {
        match self {
            Self::Array(elements) => elements.len(),
            Self::Object(members) => members.len(),
            _ => 0,
        }
    }

    /// The value at a position inside an array or an object.
    pub(super) fn child(&self, at: u32) -> Option<&Self> {
        match self {
            Self::Array(elements) => elements.get(at as usize),
            Self::Object(members) => members.get_index(at as usize).map(|(_, node)| node),
            _ => None,
        }
    }

    pub(super) fn child_mut(&mut self, at: u32) -> Option<&mut Self> {
        match self {
            Self::Array(elements) => elements.get_mut(at as usize),
            Self::Object(members) => members.get_index_mut(at as usize).map(|(_, node)| node),
            _ => None,
        }
    }

    /// Bytes allocated behind the value without those of values inside it and of the names of members.
    pub(super) fn own_bytes(&self) -> usize {
        match self {
            Self::String(text) => text.len(),
            Self::Array(elements) => elements.capacity() * size_of::<Self>(),
            Self::Object(members) => {
                // An entry is a name, a value and a hash; the index beside them has a word and a byte for each.
                let entry = size_of::<(Box<str>, Self, usize)>() + size_of::<usize>() + 1;
                size_of::<Members>() + members.capacity() * entry
            }
            _ => 0,
        }
    }

    /// The size, by a look at every value inside.
    pub fn size(&self) -> Size {
        let mut size = Size { bytes: self.own_bytes(), values: 1 };
        let mut add = |more: Size| {
            size.bytes += more.bytes;
            size.values += more.values;
        };
        match self {
            Self::Array(elements) => elements.iter().for_each(|node| add(node.size())),
            Self::Object(members) => members.iter().for_each(|(key, node)| add(Size::of_member(key, node))),
            _ => {}
        }
        size
    }

    /// How many arrays and objects lie around the deepest value inside, this one included.
    pub fn depth(&self) -> usize {
        let deepest = match self {
            Self::Array(elements) => elements.iter().map(Self::depth).max(),
            Self::Object(members) => members.values().map(Self::depth).max(),
            _ => return 0,
        };
        1 + deepest.unwrap_or_default()
    }

    /// Whether both are the same, an integer being no double.
    pub fn is_same(&self, other: &Self) -> bool {
        self.equals(other, |a, b| match (a, b) {
            (Number::Int(a), Number::Int(b)) => a == b,
            (Number::Float(a), Number::Float(b)) => a == b,
            _ => false,
        })
    }

    /// Whether both have the same value, whatever the type of numbers.
    pub fn is_equal(&self, other: &Self) -> bool {
        self.equals(other, |a, b| match (a, b) {
            (Number::Int(a), Number::Int(b)) => a == b,
            (a, b) => a.to_f64() == b.to_f64(),
        })
    }

    fn equals(&self, other: &Self, numbers: fn(Number, Number) -> bool) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::String(a), Self::String(b)) => a == b,
            (Self::Array(a), Self::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.equals(b, numbers))
            }
            (Self::Object(a), Self::Object(b)) => {
                a.len() == b.len()
                    && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| a.equals(b, numbers)))
            }
            (a, b) => match (a.as_number(), b.as_number()) {
                (Some(a), Some(b)) => numbers(a, b),
                _ => false,
            },
        }
    }
}
