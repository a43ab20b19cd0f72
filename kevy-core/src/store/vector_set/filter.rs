//! The expressions of `VSIM FILTER`, over the attributes of elements.
//!
//! Grammar: "Filtered search with vector sets" of the Redis documentation. Attributes are a JSON object; `.name` stands
//! for a member. An element without attributes, or without a member that the expression names, does not match.

use std::cmp::Ordering;

use crate::store::json::{self, Node};

/// How much may lie inside each other: every operator counts 1, what opens a level counts more.
const NESTED_MAX: usize = 512;
const NESTED_BY_LEVEL: usize = 8;
/// The longest expression, in bytes.
const LEN_MAX: usize = 1 << 16;

/// An expression.
#[derive(Debug)]
pub struct Filter(Expression);

/// Where an expression cannot be understood, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilterError(pub usize);

#[derive(Debug)]
enum Expression {
    Number(f64),
    Text(String),
    Null,
    Tuple(Vec<Expression>),
    Member(String),
    Not(Box<Expression>),
    Binary(Operator, Box<Expression>, Box<Expression>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Or,
    And,
    Equal,
    Unequal,
    Below,
    AtMost,
    Above,
    AtLeast,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
}

/// Operators by how close they bind, the loosest first. A longer word stands before one that it begins with.
const OPERATORS: [&[(&str, Operator)]; 6] = [
    &[("||", Operator::Or), ("or", Operator::Or)],
    &[("&&", Operator::And), ("and", Operator::And)],
    &[
        ("==", Operator::Equal),
        ("!=", Operator::Unequal),
        ("<=", Operator::AtMost),
        (">=", Operator::AtLeast),
        ("<", Operator::Below),
        (">", Operator::Above),
        ("in", Operator::In),
    ],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("/", Operator::Divide), ("%", Operator::Remainder)],
    &[("**", Operator::Power)],
];
const POWER: usize = OPERATORS.len() - 1;

/// What an expression comes to.
#[derive(Clone, Debug)]
enum Value<'a> {
    Number(f64),
    Text(&'a str),
    Null,
    Tuple(Vec<Value<'a>>),
}

impl Filter {
    /// Reads an expression.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        if text.len() > LEN_MAX {
            return Err(FilterError(LEN_MAX));
        }
        let mut parser = Parser { text, at: 0, nested: 0 };
        let expression = parser.binary(0)?;
        parser.skip_spaces();
        if parser.at < text.len() { Err(FilterError(parser.at)) } else { Ok(Self(expression)) }
    }

    /// Whether an element with these attributes matches.
    pub fn matches(&self, attributes: Option<&[u8]>) -> bool {
        let text = attributes.and_then(|bytes| std::str::from_utf8(bytes).ok());
        let Some(node) = text.and_then(|text| json::parse(text).ok()) else { return false };
        self.0.value(&node).is_some_and(|value| value.is_true())
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    nested: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_spaces(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn error<T>(&self) -> Result<T, FilterError> {
        Err(FilterError(self.at))
    }

    fn binary(&mut self, level: usize) -> Result<Expression, FilterError> {
        if level == OPERATORS.len() {
            return self.unary();
        }
        let mut left = self.binary(level + 1)?;
        while let Some(operator) = self.operator(level) {
            // Powers are taken from the right, all others from the left.
            let right = if level == POWER {
                self.deeper(|parser| parser.binary(POWER))?
            } else {
                self.binary(level + 1)?
            };
            left = Expression::Binary(operator, Box::new(left), Box::new(right));
            self.nested += 1;
            if self.nested > NESTED_MAX {
                return self.error();
            }
        }
        Ok(left)
    }

    fn operator(&mut self, level: usize) -> Option<Operator> {
        self.skip_spaces();
        let rest = self.rest();
        let (word, operator) = OPERATORS[level].iter().find(|(word, _)| {
            let Some(after) = rest.strip_prefix(word) else { return false };
            let is_word = word.starts_with(|c: char| c.is_ascii_alphabetic());
            let goes_on = after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
            !(is_word && goes_on || *word == "*" && after.starts_with('*'))
        })?;
        self.at += word.len();
        Some(*operator)
    }

    fn deeper(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<Expression, FilterError>,
    ) -> Result<Expression, FilterError> {
        self.nested += NESTED_BY_LEVEL;
        if self.nested > NESTED_MAX {
            return self.error();
        }
        let expression = parse(self)?;
        self.nested -= NESTED_BY_LEVEL;
        Ok(expression)
    }

    fn unary(&mut self) -> Result<Expression, FilterError> {
        self.skip_spaces();
        let rest = self.rest();
        let is_not = rest.starts_with('!')
            || rest
                .strip_prefix("not")
                .is_some_and(|after| !after.starts_with(|c: char| c.is_ascii_alphanumeric()));
        if is_not {
            self.at += if rest.starts_with('!') { 1 } else { 3 };
            return self.deeper(|parser| parser.unary().map(|inner| Expression::Not(Box::new(inner))));
        }
        self.atom()
    }

    fn atom(&mut self) -> Result<Expression, FilterError> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return self.error() };
        match first {
            '(' => {
                self.at += 1;
                let inner = self.deeper(|parser| parser.binary(0))?;
                self.close(')')?;
                Ok(inner)
            }
            '[' => {
                self.at += 1;
                let mut items = Vec::new();
                self.skip_spaces();
                while !self.rest().starts_with(']') {
                    items.push(self.deeper(|parser| parser.atom())?);
                    self.skip_spaces();
                    if !self.rest().starts_with(']') {
                        self.close(',')?;
                        self.skip_spaces();
                    }
                }
                self.close(']')?;
                Ok(Expression::Tuple(items))
            }
            '"' | '\'' => self.quoted(first),
            '.' if rest[1..].starts_with(|c: char| c.is_alphabetic() || c == '_') => {
                self.at += 1;
                Ok(Expression::Member(self.word(|c| c.is_alphanumeric() || c == '_' || c == '-').to_owned()))
            }
            '-' | '.' | '0'..='9' => {
                let start = self.at;
                self.at += usize::from(first == '-');
                let mut last = ' ';
                self.word(|c| {
                    let is_part = c.is_ascii_digit()
                        || c == '.'
                        || matches!(c, 'e' | 'E')
                        || matches!(c, '+' | '-') && matches!(last, 'e' | 'E');
                    last = c;
                    is_part
                });
                match self.text[start..self.at].parse() {
                    Ok(number) => Ok(Expression::Number(number)),
                    Err(_) => Err(FilterError(start)),
                }
            }
            _ => match self.word(|c| c.is_ascii_alphabetic()) {
                "true" => Ok(Expression::Number(1.0)),
                "false" => Ok(Expression::Number(0.0)),
                "null" => Ok(Expression::Null),
                word => Err(FilterError(self.at - word.len())),
            },
        }
    }

    fn close(&mut self, bracket: char) -> Result<(), FilterError> {
        self.skip_spaces();
        if !self.rest().starts_with(bracket) {
            return self.error();
        }
        self.at += 1;
        Ok(())
    }

    fn word(&mut self, mut is_part: impl FnMut(char) -> bool) -> &'a str {
        let rest = self.rest();
        let word = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
        self.at += word.len();
        word
    }

    fn quoted(&mut self, quote: char) -> Result<Expression, FilterError> {
        let mut text = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => text.extend(chars.next().map(|(_, c)| c)),
                _ if c == quote => {
                    self.at += at + 1;
                    return Ok(Expression::Text(text));
                }
                _ => text.push(c),
            }
        }
        self.error()
    }
}

impl Expression {
    /// The value; `None` where a member is missing that the expression needs.
    fn value<'a>(&'a self, attributes: &'a Node) -> Option<Value<'a>> {
        Some(match self {
            Self::Number(number) => Value::Number(*number),
            Self::Text(text) => Value::Text(text),
            Self::Null => Value::Null,
            Self::Tuple(items) => {
                Value::Tuple(items.iter().map(|item| item.value(attributes)).collect::<Option<_>>()?)
            }
            Self::Member(name) => Value::of(attributes.as_object()?.get(name.as_str())?)?,
            Self::Not(inner) => Value::of_bool(!inner.value(attributes)?.is_true()),
            Self::Binary(Operator::Or, left, right) => {
                Value::of_bool(left.value(attributes)?.is_true() || right.value(attributes)?.is_true())
            }
            Self::Binary(Operator::And, left, right) => {
                Value::of_bool(left.value(attributes)?.is_true() && right.value(attributes)?.is_true())
            }
            Self::Binary(operator, left, right) => {
                apply(*operator, left.value(attributes)?, right.value(attributes)?)
            }
        })
    }
}

fn apply<'a>(operator: Operator, left: Value<'a>, right: Value<'a>) -> Value<'a> {
    let order = || left.compare(&right);
    let is_true = match operator {
        Operator::Equal => left.equals(&right),
        Operator::Unequal => !left.equals(&right),
        Operator::Below => order().is_some_and(Ordering::is_lt),
        Operator::AtMost => order().is_some_and(Ordering::is_le),
        Operator::Above => order().is_some_and(Ordering::is_gt),
        Operator::AtLeast => order().is_some_and(Ordering::is_ge),
        Operator::In => match (&left, &right) {
            (Value::Text(part), Value::Text(whole)) => whole.contains(part),
            (item, Value::Tuple(items)) => items.iter().any(|other| other.equals(item)),
            _ => false,
        },
        _ => {
            let (a, b) = (left.number(), right.number());
            return Value::Number(match operator {
                Operator::Add => a + b,
                Operator::Subtract => a - b,
                Operator::Multiply => a * b,
                Operator::Divide => a / b,
                Operator::Remainder => a % b,
                _ => a.powf(b),
            });
        }
    };
    Value::of_bool(is_true)
}

impl<'a> Value<'a> {
    fn of_bool(value: bool) -> Self {
        Self::Number(f64::from(u8::from(value)))
    }

    /// The value of a member; objects have none.
    fn of(node: &'a Node) -> Option<Self> {
        Some(match node {
            Node::Null => Self::Null,
            Node::Bool(value) => Self::of_bool(*value),
            Node::String(text) => Self::Text(text),
            Node::Array(elements) => Self::Tuple(elements.iter().filter_map(Self::of).collect()),
            Node::Object(_) => return None,
            _ => Self::Number(node.as_number()?.to_f64()),
        })
    }

    fn is_true(&self) -> bool {
        match self {
            Self::Number(number) => *number != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::Null => false,
            Self::Tuple(items) => !items.is_empty(),
        }
    }

    /// The value as a number: a text by what it spells, everything else that is none as 0.
    fn number(&self) -> f64 {
        match self {
            Self::Number(number) => *number,
            Self::Text(text) => text.trim().parse().unwrap_or_default(),
            Self::Null | Self::Tuple(_) => 0.0,
        }
    }

    fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a == b,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Null, Self::Null) => true,
            (Self::Number(number), Self::Text(text)) | (Self::Text(text), Self::Number(number)) => {
                text.trim().parse() == Ok(*number)
            }
            (Self::Tuple(a), Self::Tuple(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.equals(b))
            }
            _ => false,
        }
    }

    fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Null | Self::Tuple(_), _) | (_, Self::Null | Self::Tuple(_)) => None,
            (a, b) => a.number().partial_cmp(&b.number()),
        }
    }
}
