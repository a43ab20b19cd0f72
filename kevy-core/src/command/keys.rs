//! Which arguments of a command are keys, told by the key specifications of its row.
//!
//! Routing asks before every command, `COMMAND GETKEYS` on request. The rules are those of Redis's key
//! specifications: a specification says where keys begin (an index or behind a keyword) and how they follow
//! (a range, or a count given by an argument).

use smallvec::{SmallVec, smallvec};

use crate::base::number::parse_u64;

use super::arguments::is_word;
use super::spec::{Begin, Find, KeySpec, Scope, Spec};
use super::table::bitmap::BITFIELD;

/// Positions of keys among the arguments, the verb being 0.
pub type Positions = SmallVec<[usize; 4]>;

/// The arguments do not fit the key specifications: a count that is no number or promises more keys than
/// there are arguments, or keys that no position tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Invalid;

/// The positions of all keys of a command, in the order of its specifications.
///
/// # Errors
/// [`Invalid`], where the handler would answer with a syntax error.
#[inline]
pub fn keys_of(spec: &Spec, args: &[&[u8]]) -> Result<Positions, Invalid> {
    match *spec.keys {
        [] => Ok(Positions::new()),
        [KeySpec { begin: Begin::Index(at), find: Find::Range { last: 0, .. }, .. }] => {
            if at < args.len() {
                Ok(smallvec![at])
            } else {
                Err(Invalid)
            }
        }
        _ => {
            let mut positions = Positions::new();
            each_key(spec, args, |position, _| positions.push(position))?;
            Ok(positions)
        }
    }
}

/// Calls `visit` with every key's position and the specification that tells of it.
pub fn each_key(
    spec: &Spec,
    args: &[&[u8]],
    mut visit: impl FnMut(usize, &'static KeySpec),
) -> Result<(), Invalid> {
    if spec.scope == Scope::Sort {
        keys_of_sort(spec, args, visit);
        return Ok(());
    }
    for key_spec in spec.keys {
        let Some(first) = begin(key_spec.begin, args) else { continue };
        let (first, last, step) = find(key_spec.find, first, args)?;
        if first > last || last >= args.len() {
            return Err(Invalid);
        }
        for position in (first..=last).step_by(step.max(1)) {
            visit(position, key_spec);
        }
    }
    Ok(())
}

/// The keys of SORT and SORT_RO that the arguments name: the first, and the one behind the last STORE that is not part
/// of another option.
fn keys_of_sort(spec: &Spec, args: &[&[u8]], mut visit: impl FnMut(usize, &'static KeySpec)) {
    if let [key, ..] = spec.keys {
        visit(1, key);
    }
    let [_, _, destination] = spec.keys else { return };
    let (mut at, mut found) = (2, None);
    while let Some(word) = args.get(at) {
        at += 1;
        if is_word(word, "LIMIT") {
            at += 2;
        } else if is_word(word, "GET") || is_word(word, "BY") {
            at += 1;
        } else if is_word(word, "STORE") && at < args.len() {
            found = Some(at);
        }
    }
    if let Some(at) = found {
        visit(at, destination);
    }
}

/// Where the search starts; `None` where the keyword is not among the arguments.
fn begin(begin: Begin, args: &[&[u8]]) -> Option<usize> {
    match begin {
        Begin::Index(at) => Some(at),
        Begin::Unknown => None,
        Begin::Keyword { word, from } => {
            let is_word = |&at: &usize| args[at].eq_ignore_ascii_case(word.as_bytes());
            // The last argument cannot be the keyword: no key would follow it.
            let end = args.len().saturating_sub(1);
            let at = if from >= 0 {
                (from as usize..end).find(is_word)
            } else {
                let start = args.len().checked_sub(from.unsigned_abs() as usize)?;
                (1..=start).rev().find(is_word)
            };
            at.map(|at| at + 1)
        }
    }
}

/// The first and last key and the distance between two keys, for a search that starts at `first`.
fn find(find: Find, first: usize, args: &[&[u8]]) -> Result<(usize, usize, usize), Invalid> {
    match find {
        Find::Range { last, step, limit } => {
            let from = match (last, limit) {
                (0.., _) => first,
                (_, 0) => args.len(),
                (_, limit) => first + args.len().saturating_sub(first) / limit,
            };
            let last = from.checked_add_signed(last as isize).ok_or(Invalid)?;
            Ok((first, last, step))
        }
        Find::Count { count, first: offset, step } => {
            let count = args.get(first + count).and_then(|text| parse_u64(text)).ok_or(Invalid)?;
            let beyond =
                count.checked_sub(1).and_then(|beyond| usize::try_from(beyond).ok()).ok_or(Invalid)?;
            let first = first + offset;
            let last = beyond.checked_mul(step.max(1)).and_then(|length| first.checked_add(length));
            Ok((first, last.ok_or(Invalid)?, step))
        }
        Find::Unknown => Err(Invalid),
    }
}

/// How a command line uses a key. A row can only say that it varies: SET reads the old value where GET asks for it, and
/// BITFIELD writes unless all it does is GET.
pub fn flags_of(spec: &Spec, flags: &'static [&'static str], line: &[&[u8]]) -> &'static [&'static str] {
    if !flags.contains(&"variable_flags") {
        return flags;
    }
    if spec.name == BITFIELD.name {
        return if only_gets(line.get(2..).unwrap_or_default()) {
            &["RO", "access"]
        } else {
            &["RW", "access", "update"]
        };
    }
    let reads = line.iter().skip(3).any(|arg| is_word(arg, "GET"));
    if reads { &["RW", "access", "update"] } else { &["OW", "update"] }
}

/// True where the operations of BITFIELD are well formed and write nothing.
fn only_gets(operations: &[&[u8]]) -> bool {
    let mut rest = operations;
    loop {
        rest = match rest {
            [] => return true,
            [word, _, _, rest @ ..] if is_word(word, "GET") => rest,
            [word, _, rest @ ..] if is_word(word, "OVERFLOW") => rest,
            _ => return false,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::spec::{Flags, one_key};

    fn positions(keys: &'static [KeySpec], words: &str) -> Option<Vec<usize>> {
        let args: Vec<&[u8]> = words.split(' ').map(str::as_bytes).collect();
        keys_of(&Spec::new("verb", -1, Flags::NONE).with_keys(keys), &args).ok().map(|found| found.to_vec())
    }

    const fn range(at: usize, last: i32, step: usize, limit: usize) -> KeySpec {
        KeySpec { flags: &[], begin: Begin::Index(at), find: Find::Range { last, step, limit } }
    }

    const fn count(begin: Begin, first: usize) -> KeySpec {
        KeySpec { flags: &[], begin, find: Find::Count { count: 0, first, step: 1 } }
    }

    #[test]
    fn a_single_key_is_found_at_its_index() {
        const GET: &[KeySpec] = &[one_key(&[])];
        assert_eq!(positions(GET, "get k"), Some(vec![1]));
        assert_eq!(positions(GET, "get"), None);
        assert_eq!(positions(&[], "ping"), Some(vec![]));
    }

    #[test]
    fn ranges_count_from_either_end_and_in_steps() {
        assert_eq!(positions(const { &[range(1, -1, 1, 0)] }, "del a b c"), Some(vec![1, 2, 3]));
        assert_eq!(positions(const { &[range(1, -1, 2, 0)] }, "mset a 1 b 2"), Some(vec![1, 3]));
        assert_eq!(positions(const { &[range(1, 1, 1, 0)] }, "rename a b"), Some(vec![1, 2]));
        assert_eq!(positions(const { &[range(1, -2, 1, 0)] }, "blpop a b 0"), Some(vec![1, 2]));
        assert_eq!(positions(const { &[range(1, -2, 1, 0)] }, "blpop 0"), None);
    }

    #[test]
    fn several_specifications_are_joined() {
        const BITOP: &[KeySpec] = &[range(2, 0, 1, 0), range(3, -1, 1, 0)];
        assert_eq!(positions(BITOP, "bitop and d a b"), Some(vec![2, 3, 4]));
        assert_eq!(positions(BITOP, "bitop and d"), None);
    }

    #[test]
    fn a_count_argument_says_how_many_keys_follow() {
        const ZUNION: &[KeySpec] = &[count(Begin::Index(1), 1)];
        assert_eq!(positions(ZUNION, "zunion 2 a b weights 1 2"), Some(vec![2, 3]));
        for wrong in ["0", "-1", "3", "x", "9223372036854775807", "-9223372036854775808"] {
            assert_eq!(positions(ZUNION, &format!("zunion {wrong} a b")), None, "{wrong}");
        }
    }

    #[test]
    fn keys_may_stand_behind_a_keyword() {
        const XREAD: &[KeySpec] = &[KeySpec {
            flags: &[],
            begin: Begin::Keyword { word: "STREAMS", from: 1 },
            find: Find::Range { last: -1, step: 1, limit: 2 },
        }];
        assert_eq!(positions(XREAD, "xread count 2 streams a b 0 0"), Some(vec![4, 5]));
        assert_eq!(positions(XREAD, "xread count 2"), Some(vec![]));
        const BACKWARDS: &[KeySpec] = &[KeySpec {
            flags: &[],
            begin: Begin::Keyword { word: "KEYS", from: -2 },
            find: Find::Range { last: -1, step: 1, limit: 0 },
        }];
        assert_eq!(positions(BACKWARDS, "migrate h p keys a b c"), Some(vec![4, 5, 6]));
        assert_eq!(positions(BACKWARDS, "x"), Some(vec![]));
    }

    #[test]
    fn keys_that_no_position_tells_are_refused() {
        const UNKNOWN: &[KeySpec] = &[KeySpec { flags: &[], begin: Begin::Index(1), find: Find::Unknown }];
        assert_eq!(positions(UNKNOWN, "sort k by *"), None);
    }
}
