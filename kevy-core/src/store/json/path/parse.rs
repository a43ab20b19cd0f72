//! Reading paths. Grammar: `grammar.pest` of RedisJSON's json_path, of which this takes every sentence.

use regex::RegexBuilder;
use smallvec::{SmallVec, smallvec};

use super::filter::{Filter, Operator, REGEX_BYTES_MAX, Term, Test};
use super::{PathError, Step};
use crate::store::json::node::Number;

/// How many steps a path may have, those inside of filters included. No document is as deep.
const STEPS_MAX: usize = 512;
/// How many filters and parentheses may lie around each other.
const NESTED_MAX: usize = 16;

/// The steps of a path that begins with `$`.
pub(super) fn steps(text: &str) -> Result<Vec<Step>, PathError> {
    let mut parser = Parser { text, at: 0, steps_left: STEPS_MAX, nested: 0 };
    parser.expect("$", "expected '$'")?;
    let steps = parser.steps()?;
    parser.skip_spaces();
    if parser.at < text.len() { Err(parser.error("expected a path")) } else { Ok(steps) }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    steps_left: usize,
    nested: usize,
}

type Parsed<T> = Result<T, PathError>;

impl<'a> Parser<'a> {
    fn error(&self, what: &'static str) -> PathError {
        let (before, after) = self.text.split_at(self.at);
        PathError { position: self.at, before: before.to_owned(), after: after.to_owned(), what }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(' ').len();
    }

    /// Goes past `word` if it comes next.
    fn takes(&mut self, word: &str) -> bool {
        self.skip_spaces();
        let is_next = self.rest().starts_with(word);
        if is_next {
            self.at += word.len();
        }
        is_next
    }

    fn expect(&mut self, word: &str, what: &'static str) -> Parsed<()> {
        if self.takes(word) { Ok(()) } else { Err(self.error(what)) }
    }

    /// Goes past the characters that come next and that `is_part` allows.
    fn take_while(&mut self, is_part: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let taken = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
        self.at += taken.len();
        taken
    }

    fn steps(&mut self) -> Parsed<Vec<Step>> {
        let mut steps = Vec::new();
        // Directly behind the root a name needs no dot.
        self.skip_spaces();
        if self.takes("*") {
            steps.push(self.step(Step::All)?);
        } else if let Some(name) = self.name() {
            steps.push(self.step(one_name(name))?);
        }
        loop {
            if self.takes("..") {
                steps.push(self.step(Step::Descend)?);
            } else if !self.takes(".") {
                self.skip_spaces();
                if !self.rest().starts_with('[') {
                    return Ok(steps);
                }
            }
            self.skip_spaces();
            let step = if self.takes("[") {
                self.bracket()?
            } else if self.takes("*") {
                Step::All
            } else {
                one_name(
                    self.name().ok_or_else(|| self.error("expected one of the following: <string>, '*'"))?,
                )
            };
            steps.push(self.step(step)?);
        }
    }

    fn step(&mut self, step: Step) -> Parsed<Step> {
        match self.steps_left.checked_sub(1) {
            Some(left) => self.steps_left = left,
            None => return Err(self.error("the path has too many steps")),
        }
        Ok(step)
    }

    fn name(&mut self) -> Option<&'a str> {
        let name = self.take_while(|c| c.is_ascii_alphanumeric() || "-_`~+#%$^/:".contains(c));
        (!name.is_empty()).then_some(name)
    }

    /// What stands between brackets, the closing one included.
    fn bracket(&mut self) -> Parsed<Step> {
        self.skip_spaces();
        let step = if self.takes("*") {
            Step::All
        } else if self.takes("?") {
            Step::Filter(Box::new(self.filter()?))
        } else if self.rest().starts_with(['"', '\'']) {
            let mut names: SmallVec<[Box<str>; 1]> = smallvec![self.string()?.into()];
            while self.takes(",") {
                names.push(self.string()?.into());
            }
            Step::Names(names)
        } else {
            self.numbers()?
        };
        self.expect("]", "expected ']'")?;
        Ok(step)
    }

    fn numbers(&mut self) -> Parsed<Step> {
        let start = self.integer();
        if self.takes(":") {
            self.skip_spaces();
            let end = self.integer();
            let mut step = 1;
            if self.takes(":") {
                self.skip_spaces();
                let digits = self.take_while(|c| c.is_ascii_digit());
                if !digits.is_empty() {
                    step = digits.parse().unwrap_or(usize::MAX);
                }
                if step == 0 {
                    return Err(self.error("a range has no step of 0"));
                }
            }
            return Ok(Step::Range { start, end, step });
        }
        let what = "expected one of the following: '*', '<number>[,<number>,...]', \
                    ['start:end:steps'], '<string>[,<string>,...]', '[?(filter_expression)]'";
        let mut indexes: SmallVec<[i64; 2]> = smallvec![start.ok_or_else(|| self.error(what))?];
        while self.takes(",") {
            self.skip_spaces();
            indexes.push(self.integer().ok_or_else(|| self.error("expected '<number>'"))?);
        }
        Ok(Step::Indexes(indexes))
    }

    /// An integer; what does not fit lies beyond every array just as well.
    fn integer(&mut self) -> Option<i64> {
        let start = self.at;
        let is_negative = self.rest().starts_with('-');
        self.at += usize::from(is_negative);
        let digits = self.take_while(|c| c.is_ascii_digit());
        if digits.is_empty() || digits.len() > 1 && digits.starts_with('0') {
            self.at = start;
            return None;
        }
        let beyond = if is_negative { i64::MIN } else { i64::MAX };
        Some(self.text[start..self.at].parse().unwrap_or(beyond))
    }

    /// A string in either kind of quotes. A backslash makes the next quote or backslash an ordinary character.
    fn string(&mut self) -> Parsed<String> {
        self.skip_spaces();
        let mut chars = self.rest().char_indices();
        let Some((_, quote @ ('"' | '\''))) = chars.next() else {
            return Err(self.error("expected a string"));
        };
        let mut text = String::new();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => match chars.next() {
                    Some((_, escaped)) if escaped == quote || escaped == '\\' => text.push(escaped),
                    _ => break,
                },
                _ if c == quote => {
                    self.at += at + 1;
                    return Ok(text);
                }
                _ => text.push(c),
            }
        }
        Err(self.error("expected a string"))
    }

    /// An expression: `&&` binds closer than `||`.
    fn filter(&mut self) -> Parsed<Filter> {
        self.nested += 1;
        if self.nested > NESTED_MAX {
            return Err(self.error("filters are nested too deep"));
        }
        let mut any = vec![self.conjunction()?];
        while self.takes("||") {
            any.push(self.conjunction()?);
        }
        self.nested -= 1;
        Ok(Filter::Any(any))
    }

    fn conjunction(&mut self) -> Parsed<Filter> {
        let mut all = vec![self.operand()?];
        while self.takes("&&") {
            all.push(self.operand()?);
        }
        Ok(Filter::All(all))
    }

    fn operand(&mut self) -> Parsed<Filter> {
        if self.takes("(") {
            let filter = self.filter()?;
            self.expect(")", "expected ')'")?;
            return Ok(filter);
        }
        let left = self.term()?;
        let operators = [
            (">=", Operator::AtLeast),
            (">", Operator::Above),
            ("<=", Operator::AtMost),
            ("<", Operator::Below),
            ("==", Operator::Equal),
            ("!=", Operator::Unequal),
            ("=~", Operator::Matches),
        ];
        let Some((_, operator)) = operators.into_iter().find(|(word, _)| self.takes(word)) else {
            return Ok(Filter::Exists(left));
        };
        let right = self.term()?;
        let regex = match (&operator, &right) {
            // What is no regular expression matches nothing.
            (Operator::Matches, Term::String(pattern)) => {
                RegexBuilder::new(pattern).size_limit(REGEX_BYTES_MAX).build().ok()
            }
            _ => None,
        };
        Ok(Filter::Test(Box::new(Test { left, operator, right, regex })))
    }

    fn term(&mut self) -> Parsed<Term> {
        self.skip_spaces();
        if self.takes("@") {
            return Ok(Term::Current(self.nested_steps()?));
        }
        if self.takes("$") {
            return Ok(Term::Root(self.nested_steps()?));
        }
        if self.rest().starts_with(['"', '\'']) {
            return self.string().map(Term::String);
        }
        for (word, term) in [("true", Term::Bool(true)), ("false", Term::Bool(false)), ("null", Term::Null)] {
            if self.takes(word) {
                return Ok(term);
            }
        }
        self.number().map(Term::Number).ok_or_else(|| self.error("expected a value to compare"))
    }

    fn nested_steps(&mut self) -> Parsed<Vec<Step>> {
        self.nested += 1;
        if self.nested > NESTED_MAX {
            return Err(self.error("filters are nested too deep"));
        }
        let steps = self.steps()?;
        self.nested -= 1;
        Ok(steps)
    }

    fn number(&mut self) -> Option<Number> {
        let start = self.at;
        self.integer()?;
        let whole = self.at;
        let rest = self.rest();
        let has_fraction = rest.starts_with('.') && rest[1..].starts_with(|c: char| c.is_ascii_digit());
        if has_fraction {
            self.at += 1;
            self.take_while(|c| c.is_ascii_digit());
        }
        let integer = if has_fraction { None } else { self.text[start..whole].parse().ok() };
        match integer {
            Some(value) => Some(Number::Int(value)),
            None => self.text[start..self.at].parse().ok().map(Number::Float),
        }
    }
}

fn one_name(name: &str) -> Step {
    Step::Names(smallvec![name.into()])
}
