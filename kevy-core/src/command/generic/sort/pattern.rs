//! BY and GET of SORT: where another value of an element is.

use crate::command::Context;
use crate::resp::Writer;
use crate::store::ValueRef;

/// What BY or GET names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern<'a> {
    /// `#`: the element itself.
    Element,
    /// A name without an asterisk, which is none of any element.
    Constant,
    /// The string, or the field of a hash, in the key that an element makes of the asterisk.
    Key { before: &'a [u8], after: &'a [u8], field: Option<&'a [u8]> },
}

impl<'a> Pattern<'a> {
    pub fn parse(text: &'a [u8]) -> Self {
        if text == b"#" {
            return Self::Element;
        }
        let Some(asterisk) = memchr::memchr(b'*', text) else { return Self::Constant };
        let (before, after) = (&text[..asterisk], &text[asterisk + 1..]);
        let arrow = memchr::memmem::find(after, b"->").filter(|arrow| arrow + 2 < after.len());
        match arrow {
            Some(arrow) => Self::Key { before, after: &after[..arrow], field: Some(&after[arrow + 2..]) },
            None => Self::Key { before, after, field: None },
        }
    }

    /// Whether an element gives the name of a key.
    pub fn names_keys(&self) -> bool {
        matches!(self, Self::Key { .. })
    }

    /// Passes what `element` leads to, if anything, to `with` together with the reply.
    pub fn look_up<R>(
        self,
        context: &mut Context<'_>,
        element: &[u8],
        with: impl FnOnce(&mut Writer, Option<&[u8]>) -> R,
    ) -> R {
        let Self::Key { before, after, field } = self else {
            return with(context.out, (self == Self::Element).then_some(element));
        };
        let now = context.now;
        let key = [before, element, after].concat();
        let (out, found) = context.read(&key);
        let found = found.as_ref().map(|found| found.value()).and_then(|value| match (value, field) {
            (ValueRef::Hash(hash), Some(field)) => hash.get(field, now),
            (value, None) => value.as_string(),
            _ => None,
        });
        with(out, found.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_taken_apart() {
        let key = |before: &'static str, after: &'static str, field: Option<&'static str>| Pattern::Key {
            before: before.as_bytes(),
            after: after.as_bytes(),
            field: field.map(str::as_bytes),
        };
        for (text, expected) in [
            ("#", Pattern::Element),
            ("nosort", Pattern::Constant),
            ("##", Pattern::Constant),
            ("h->f", Pattern::Constant),
            ("w_*", key("w_", "", None)),
            ("*", key("", "", None)),
            ("a*b*c", key("a", "b*c", None)),
            ("h_*->f", key("h_", "", Some("f"))),
            ("h_*x->f->g", key("h_", "x", Some("f->g"))),
            ("a->b*c", key("a->b", "c", None)),
            ("h_*->", key("h_", "->", None)),
        ] {
            assert_eq!(Pattern::parse(text.as_bytes()), expected, "{text}");
        }
    }
}
