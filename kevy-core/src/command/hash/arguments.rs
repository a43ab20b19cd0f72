//! The grammar that the verbs of field expiry share: times, conditions and `FIELDS numfields field ...`.

use crate::base::number::parse_i64;
use crate::command::Fail;
use crate::command::arguments::{TimeForm, integer, integer_in, invalid_expiry, is_word};

/// The latest time at which a field can expire, in unix milliseconds: Redis keeps field expiries in 46 bits.
const TIME_MAX: i64 = (1 << 46) - 1;

/// The time that a number stands for, in unix milliseconds. It may have passed.
pub fn field_time(arg: &[u8], form: TimeForm, now: u64, verb: &str) -> Result<u64, Fail> {
    let value = integer(arg)?;
    if value < 0 {
        return Err(Fail::new("ERR invalid expire time, must be >= 0"));
    }
    let time = form.resolve(value, now).filter(|time| *time <= TIME_MAX);
    time.and_then(|time| u64::try_from(time).ok()).ok_or_else(|| invalid_expiry(verb))
}

/// The fields of `verb key FIELDS numfields field ...`, with nothing else around them.
pub fn exact_fields<'a, 'b>(args: &'b [&'a [u8]]) -> Result<&'b [&'a [u8]], Fail> {
    let [_, _, word, count, fields @ ..] = args else { return Err(Fail::SYNTAX) };
    if !is_word(word, "FIELDS") {
        return Err(Fail::new("ERR Mandatory argument FIELDS is missing or not at the right position"));
    }
    let count = integer_in(count, 1..=i64::MAX, "ERR Number of fields must be a positive integer")?;
    if usize::try_from(count) != Ok(fields.len()) {
        return Err(Fail::new("ERR The `numfields` parameter must match the number of arguments"));
    }
    Ok(fields)
}

/// When HEXPIRE and its like may change the expiry of a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Condition {
    Always,
    /// The field has no expiry.
    NoExpiry,
    /// The field has one.
    HasExpiry,
    /// The new one is later than the old one.
    Later,
    /// The new one is earlier; having none counts as never.
    Earlier,
}

impl Condition {
    pub fn allows(self, old: Option<u64>, new: u64) -> bool {
        match self {
            Self::Always => true,
            Self::NoExpiry => old.is_none(),
            Self::HasExpiry => old.is_some(),
            Self::Later => old.is_some_and(|old| new > old),
            Self::Earlier => old.is_none_or(|old| new < old),
        }
    }

    fn of_word(arg: &[u8]) -> Option<Self> {
        let words =
            [("NX", Self::NoExpiry), ("XX", Self::HasExpiry), ("GT", Self::Later), ("LT", Self::Earlier)];
        words.into_iter().find(|(word, _)| is_word(arg, word)).map(|(_, condition)| condition)
    }
}

const FIELDS_TWICE: Fail = Fail::new("ERR FIELDS keyword specified multiple times");
const NO_FIELDS: Fail = Fail::new("ERR missing FIELDS argument");

fn unknown(arg: &[u8]) -> Fail {
    Fail::quoting("ERR unknown argument: {}", arg)
}

/// What stands behind the time of HEXPIRE and its like: `[NX | XX | GT | LT] FIELDS numfields field ...`, in
/// either order.
pub fn condition_and_fields<'a, 'b>(args: &'b [&'a [u8]]) -> Result<(Condition, &'b [&'a [u8]]), Fail> {
    let mut conditions = 0;
    let mut condition = Condition::Always;
    let mut fields = None;
    let mut rest = args;
    while let [word, tail @ ..] = rest {
        rest = tail;
        if let Some(wanted) = Condition::of_word(word) {
            conditions += 1;
            condition = wanted;
        } else if is_word(word, "FIELDS") {
            if fields.is_some() {
                return Err(FIELDS_TWICE);
            }
            let [count, tail @ ..] = tail else {
                return Err(Fail::new("ERR FIELDS requires at least numfields and one field argument"));
            };
            let count =
                integer_in(count, 1..=i64::MAX, "ERR Parameter `numFields` should be greater than 0")?;
            let split = usize::try_from(count).ok().and_then(|count| tail.split_at_checked(count));
            let (named, tail) = split.ok_or(Fail::new("ERR wrong number of arguments"))?;
            fields = Some(named);
            rest = tail;
        } else {
            return Err(unknown(word));
        }
    }
    let fields = fields.ok_or(NO_FIELDS)?;
    if conditions > 1 {
        return Err(Fail::new("ERR Multiple condition flags specified"));
    }
    Ok((condition, fields))
}

/// What HGETEX and HSETEX do with the expiry of the fields.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// HGETEX leaves it, HSETEX takes it off.
    Default,
    /// PERSIST
    Remove,
    /// KEEPTTL
    Keep,
    /// The fields expire at this unix time in milliseconds.
    At(u64),
}

/// When HSETEX may set its fields.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Existence {
    Any,
    /// FNX: none of the fields exists.
    None,
    /// FXX: all of them exist.
    All,
}

/// The arguments of HGETEX and HSETEX behind the key, which may come in any order.
#[derive(Debug)]
pub struct TimedArguments<'a, 'b> {
    pub change: Change,
    pub existence: Existence,
    /// Fields, or fields and values in turn.
    pub fields: &'b [&'a [u8]],
}

impl<'a, 'b> TimedArguments<'a, 'b> {
    pub fn of_hgetex(args: &'b [&'a [u8]], now: u64) -> Result<Self, Fail> {
        Self::parse(args, now, "hgetex", 1)
    }

    pub fn of_hsetex(args: &'b [&'a [u8]], now: u64) -> Result<Self, Fail> {
        Self::parse(args, now, "hsetex", 2)
    }

    fn parse(args: &'b [&'a [u8]], now: u64, verb: &str, step: usize) -> Result<Self, Fail> {
        let sets = step == 2;
        let (mut change, mut existence, mut fields) = (Change::Default, Existence::Any, None);
        let mut rest = args;
        while let [word, tail @ ..] = rest {
            rest = tail;
            if is_word(word, "FIELDS") {
                if fields.is_some() {
                    return Err(FIELDS_TWICE);
                }
                let [count, tail @ ..] = tail else { return Err(Fail::arity(verb)) };
                let count = parse_i64(count).and_then(|count| i32::try_from(count).ok());
                let count =
                    count.filter(|count| *count > 0).ok_or(Fail::new("ERR invalid number of fields"))?;
                let split = tail.split_at_checked((count as usize).saturating_mul(step));
                let (named, tail) = split.ok_or_else(|| Fail::arity(verb))?;
                fields = Some(named);
                rest = tail;
            } else if sets && (is_word(word, "FNX") || is_word(word, "FXX")) {
                if existence != Existence::Any {
                    return Err(Fail::new("ERR Only one of FXX or FNX arguments can be specified"));
                }
                existence = if is_word(word, "FNX") { Existence::None } else { Existence::All };
            } else {
                let form = TimeForm::of_word(word);
                let bare = if sets { ("KEEPTTL", Change::Keep) } else { ("PERSIST", Change::Remove) };
                if form.is_none() && !is_word(word, bare.0) {
                    return Err(unknown(word));
                }
                if change != Change::Default {
                    return Err(Fail::new(if sets {
                        "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified"
                    } else {
                        "ERR Only one of EX, PX, EXAT, PXAT or PERSIST arguments can be specified"
                    }));
                }
                change = bare.1;
                if let Some(form) = form {
                    let [value, tail @ ..] = tail else { return Err(Fail::new("ERR missing expire time")) };
                    change = Change::At(field_time(value, form, now, verb)?);
                    rest = tail;
                }
            }
        }
        Ok(Self { change, existence, fields: fields.ok_or(NO_FIELDS)? })
    }
}
