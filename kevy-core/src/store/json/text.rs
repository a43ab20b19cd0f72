//! JSON text: parsed with a limit on nesting, printed compact or laid out.

use std::fmt;
use std::io::{self, Write};

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::ser::Formatter;

use super::node::{Members, Node};

/// How many arrays and objects may lie around a value. `serde_json` parses no deeper, so that what is stored can be
/// read back.
pub const DEPTH_MAX: usize = 127;

/// Text that is not JSON; says what is wrong, and where.
#[derive(Debug)]
pub struct Invalid(serde_json::Error);

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Invalid {}

/// The value of a JSON text.
pub fn parse(text: &str) -> Result<Node, Invalid> {
    serde_json::from_str(text).map_err(Invalid)
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(i64::try_from(value).map_or(Node::Unsigned(value), Node::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::String(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = access.next_element()? {
            elements.push(element);
        }
        elements.shrink_to_fit();
        Ok(Node::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut members = Members::default();
        while let Some((key, value)) = access.next_entry::<Box<str>, Node>()? {
            members.insert(key, value);
        }
        Ok(Node::Object(Box::new(members)))
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::Unsigned(value) => serializer.serialize_u64(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(elements) => sequence(serializer, elements),
            Self::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (key, value) in &**members {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

fn sequence<S: Serializer, T: Serialize>(serializer: S, items: &[T]) -> Result<S::Ok, S::Error> {
    let mut sequence = serializer.serialize_seq(Some(items.len()))?;
    for item in items {
        sequence.serialize_element(item)?;
    }
    sequence.end()
}

/// What a query found, in the form in which it is printed.
#[derive(Debug)]
pub enum Answer<'a> {
    /// One value.
    One(&'a Node),
    /// An array of values.
    Many(Vec<&'a Node>),
    /// An object of the answers to several paths.
    Each(Vec<(&'a str, Answer<'a>)>),
}

impl Serialize for Answer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::One(node) => node.serialize(serializer),
            Self::Many(nodes) => sequence(serializer, nodes),
            Self::Each(answers) => {
                let mut map = serializer.serialize_map(Some(answers.len()))?;
                for (path, answer) in answers {
                    map.serialize_entry(path, answer)?;
                }
                map.end()
            }
        }
    }
}

/// How text is laid out. Nothing of it is set in compact text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layout<'a> {
    /// Comes before a value, once for each array and object around it.
    pub indent: &'a str,
    /// Ends every line.
    pub newline: &'a str,
    /// Comes between a name's colon and the value.
    pub space: &'a str,
}

/// The text would be longer than it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

/// The text of a value, of at most `bytes_max` bytes.
pub fn print(value: &impl Serialize, layout: Layout<'_>, bytes_max: usize) -> Result<Vec<u8>, TooLong> {
    let mut writer = Bounded { bytes: Vec::new(), bytes_max };
    let layouter = Layouter { layout, depth: 0, has_value: false };
    let mut serializer = serde_json::Serializer::with_formatter(&mut writer, layouter);
    value.serialize(&mut serializer).map_err(|_| TooLong)?;
    Ok(writer.bytes)
}

struct Bounded {
    bytes: Vec<u8>,
    bytes_max: usize,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() > self.bytes_max.saturating_sub(self.bytes.len()) {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Layouter<'a> {
    layout: Layout<'a>,
    depth: usize,
    /// Something has been printed inside the array or object that ends next.
    has_value: bool,
}

impl Layouter<'_> {
    fn begin(&mut self, writer: &mut (impl Write + ?Sized), bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.has_value = false;
        writer.write_all(bracket)
    }

    fn end(&mut self, writer: &mut (impl Write + ?Sized), bracket: &[u8]) -> io::Result<()> {
        self.depth -= 1;
        if self.has_value {
            self.line(writer)?;
        }
        writer.write_all(bracket)
    }

    fn next(&mut self, writer: &mut (impl Write + ?Sized), first: bool) -> io::Result<()> {
        if !first {
            writer.write_all(b",")?;
        }
        self.line(writer)
    }

    fn line(&mut self, writer: &mut (impl Write + ?Sized)) -> io::Result<()> {
        writer.write_all(self.layout.newline.as_bytes())?;
        (0..self.depth).try_for_each(|_| writer.write_all(self.layout.indent.as_bytes()))
    }
}

impl Formatter for Layouter<'_> {
    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        let mut buffer = zmij::Buffer::new();
        let text = buffer.format_finite(value);
        // RedisJSON writes exponents without a plus sign.
        match text.split_once('+') {
            Some((before, after)) => {
                writer.write_all(before.as_bytes())?;
                writer.write_all(after.as_bytes())
            }
            None => writer.write_all(text.as_bytes()),
        }
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.begin(writer, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.end(writer, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.next(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.begin(writer, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.end(writer, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.next(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b":")?;
        writer.write_all(self.layout.space.as_bytes())
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }
}
