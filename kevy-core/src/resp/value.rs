//! A reply that owns what it holds.

use super::{Kind, Node, ProtocolError, Tree, Writer};

/// A reply, as a tree of owned values.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A simple string.
    Simple(String),
    /// An error: its code, a space, the message.
    Error(String),
    /// An integer.
    Integer(i64),
    /// A bulk string.
    Bulk(Vec<u8>),
    /// The absence of a value.
    Null,
    /// An array.
    Array(Vec<Self>),
    /// A map, in the order it was sent.
    Map(Vec<(Self, Self)>),
    /// A set, in the order it was sent.
    Set(Vec<Self>),
    /// An out-of-band message.
    Push(Vec<Self>),
    /// A double.
    Double(f64),
    /// A boolean.
    Boolean(bool),
    /// Text with its format of three bytes, such as `txt`.
    Verbatim {
        /// What the text is written in.
        format: String,
        /// The text.
        data: Vec<u8>,
    },
    /// An integer of any size, in decimal.
    BigNumber(String),
}

impl Value {
    /// Reads the reply at the start of `buf`, and returns it with the number of bytes it takes, or `None` where it
    /// is not there whole. Attributes are left out.
    ///
    /// Text of simple strings and errors that is not UTF-8 is replaced as [`String::from_utf8_lossy`] does.
    ///
    /// # Errors
    /// Where the bytes are no reply.
    pub fn parse(buf: &[u8]) -> Result<Option<(Self, usize)>, ProtocolError> {
        let mut tree = Tree::new();
        Ok(tree.parse(buf)?.map(|consumed| (Self::from(tree.root(buf)), consumed)))
    }

    /// Appends it as a reply in the writer's version of the protocol.
    pub fn write(&self, writer: &mut Writer) {
        match self {
            Self::Simple(text) => writer.simple(text),
            Self::Error(text) => writer.error(text),
            Self::Integer(value) => writer.integer(*value),
            Self::Bulk(bytes) => writer.bulk(bytes),
            Self::Null => writer.null(),
            Self::Array(values) => {
                writer.array(values.len());
                write_all(values, writer);
            }
            Self::Map(pairs) => {
                writer.map(pairs.len());
                for (key, value) in pairs {
                    key.write(writer);
                    value.write(writer);
                }
            }
            Self::Set(values) => {
                writer.set(values.len());
                write_all(values, writer);
            }
            Self::Push(values) => {
                writer.push(values.len());
                write_all(values, writer);
            }
            Self::Double(value) => writer.double(*value),
            Self::Boolean(value) => writer.boolean(*value),
            Self::Verbatim { format, data } => writer.verbatim(format, data),
            Self::BigNumber(digits) => writer.big_number(digits),
        }
    }
}

impl From<Node<'_>> for Value {
    fn from(node: Node<'_>) -> Self {
        let node = node.without_attributes();
        let text = || String::from_utf8_lossy(node.bytes()).into_owned();
        let children = || node.children().map(Self::from).collect();
        match node.kind() {
            Kind::Simple => Self::Simple(text()),
            Kind::Error => Self::Error(text()),
            Kind::Integer => Self::Integer(node.integer()),
            Kind::Bulk => Self::Bulk(node.bytes().to_vec()),
            // An attribute always has the reply it describes, so none is left here.
            Kind::Null | Kind::Attribute => Self::Null,
            Kind::Array => Self::Array(children()),
            Kind::Map => {
                let mut children = node.children().map(Self::from);
                let mut pairs = Vec::with_capacity(node.len() / 2);
                while let (Some(key), Some(value)) = (children.next(), children.next()) {
                    pairs.push((key, value));
                }
                Self::Map(pairs)
            }
            Kind::Set => Self::Set(children()),
            Kind::Push => Self::Push(children()),
            Kind::Double => Self::Double(node.double()),
            Kind::Boolean => Self::Boolean(node.boolean()),
            Kind::Verbatim => Self::Verbatim {
                format: String::from_utf8_lossy(node.format()).into_owned(),
                data: node.bytes().to_vec(),
            },
            Kind::BigNumber => Self::BigNumber(text()),
        }
    }
}

fn write_all(values: &[Value], writer: &mut Writer) {
    for value in values {
        value.write(writer);
    }
}
