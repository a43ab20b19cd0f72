//! The arguments of SORT and SORT_RO.

use crate::command::Fail;
use crate::command::arguments::{integer, is_word};

use super::pattern::Pattern;

/// What stands behind the key: `[BY pattern] [LIMIT offset count] [GET pattern ...] [ASC | DESC] [ALPHA]
/// [STORE destination]`, in any order.
#[derive(Clone, Debug)]
pub struct SortArguments<'a> {
    /// Where the weights are that elements are sorted by; none for the elements themselves.
    pub by: Option<Pattern<'a>>,
    /// True where a BY without an asterisk asks for the order that the elements have.
    pub keeps_order: bool,
    pub offset: i64,
    /// How many elements are wanted at most; negative for all.
    pub count: i64,
    pub gets: Vec<Pattern<'a>>,
    pub is_descending: bool,
    /// True where weights are compared as text and not as numbers.
    pub is_alpha: bool,
    pub destination: Option<&'a [u8]>,
}

impl<'a> SortArguments<'a> {
    /// Reads what stands behind the key; STORE only where the verb may write.
    pub fn parse(args: &[&'a [u8]], may_store: bool) -> Result<Self, Fail> {
        let mut parsed = Self {
            by: None,
            keeps_order: false,
            offset: 0,
            count: -1,
            gets: Vec::new(),
            is_descending: false,
            is_alpha: false,
            destination: None,
        };
        let mut rest = args;
        loop {
            rest = match rest {
                [] => return Ok(parsed),
                [word, rest @ ..] if is_word(word, "ASC") => {
                    parsed.is_descending = false;
                    rest
                }
                [word, rest @ ..] if is_word(word, "DESC") => {
                    parsed.is_descending = true;
                    rest
                }
                [word, rest @ ..] if is_word(word, "ALPHA") => {
                    parsed.is_alpha = true;
                    rest
                }
                [word, offset, count, rest @ ..] if is_word(word, "LIMIT") => {
                    (parsed.offset, parsed.count) = (integer(offset)?, integer(count)?);
                    rest
                }
                [word, key, rest @ ..] if may_store && is_word(word, "STORE") => {
                    parsed.destination = Some(key);
                    rest
                }
                [word, pattern, rest @ ..] if is_word(word, "BY") => {
                    let pattern = Pattern::parse(pattern);
                    parsed.keeps_order |= !pattern.names_keys();
                    parsed.by = Some(pattern);
                    rest
                }
                [word, pattern, rest @ ..] if is_word(word, "GET") => {
                    parsed.gets.push(Pattern::parse(pattern));
                    rest
                }
                _ => return Err(Fail::SYNTAX),
            };
        }
    }

    /// Whether keys are read whose names follow from the elements.
    pub fn names_other_keys(&self) -> bool {
        let by = self.by.iter().filter(|_| !self.keeps_order);
        by.chain(&self.gets).any(Pattern::names_keys)
    }

    /// The first element that is wanted of `len` in their order, and how many.
    pub fn range(&self, len: usize) -> (usize, usize) {
        let start = usize::try_from(self.offset.max(0)).map_or(len, |offset| offset.min(len));
        let count = usize::try_from(self.count).unwrap_or(usize::MAX);
        (start, count.min(len - start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_keys_are_named_by_asterisks_that_matter() {
        let names_others = |line: &str| {
            let args: Vec<&[u8]> = line.split_whitespace().map(str::as_bytes).collect();
            SortArguments::parse(&args, true).expect("arguments").names_other_keys()
        };
        for line in ["BY w_*", "GET o_*", "GET # GET o_*->f", "BY nosort GET o_*"] {
            assert!(names_others(line), "{line}");
        }
        for line in
            ["", "BY nosort", "BY nosort BY w_*", "GET #", "GET fixed", "STORE *", "DESC LIMIT 0 1 ALPHA"]
        {
            assert!(!names_others(line), "{line}");
        }
    }

    #[test]
    fn a_range_is_within_the_elements() {
        for (offset, count, expected) in [
            (0, -1, (0, 5)),
            (1, 2, (1, 2)),
            (-3, 2, (0, 2)),
            (4, i64::MAX, (4, 1)),
            (5, 1, (5, 0)),
            (i64::MAX, i64::MAX, (5, 0)),
            (1, 0, (1, 0)),
            (i64::MIN, i64::MIN, (0, 5)),
        ] {
            let arguments = SortArguments { offset, count, ..SortArguments::parse(&[], false).unwrap() };
            assert_eq!(arguments.range(5), expected, "{offset} {count}");
        }
    }
}
