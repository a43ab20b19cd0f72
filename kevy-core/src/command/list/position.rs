//! Finding elements of a list.

use crate::command::arguments::{integer_in, is_word};
use crate::command::{Context, Fail, Outcome};
use crate::store::End;

use super::list;

/// LPOS key element [RANK rank] [COUNT num-matches] [MAXLEN len]
pub fn lpos(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let search = Search::parse(&args[3..])?;
    let (out, found) = context.read(args[1]);
    let list = list(found)?;
    let found = list.into_iter().flat_map(|list| list.positions(args[2], search.from, search.compared_max));
    let mut found = found.skip(search.skipped);
    match search.count {
        None => match found.next() {
            Some(index) => out.unsigned(index as u64),
            None => out.null(),
        },
        Some(count) => {
            let later = out.array_later();
            let mut len = 0;
            for index in found.take(count) {
                out.unsigned(index as u64);
                len += 1;
            }
            out.finish_array(later, len);
        }
    }
    Ok(())
}

/// The options of LPOS.
struct Search {
    from: End,
    /// Matches that are passed over.
    skipped: usize,
    /// The most matches that are returned, in an array; none for one that is returned alone.
    count: Option<usize>,
    compared_max: usize,
}

impl Search {
    fn parse(options: &[&[u8]]) -> Result<Self, Fail> {
        let mut search = Self { from: End::Head, skipped: 0, count: None, compared_max: usize::MAX };
        let (options, rest) = options.as_chunks::<2>();
        for [word, value] in options {
            if is_word(word, "RANK") {
                let rank = rank(value)?;
                search.from = if rank < 0 { End::Tail } else { End::Head };
                search.skipped = usize::try_from(rank.unsigned_abs() - 1).unwrap_or(usize::MAX);
            } else if is_word(word, "COUNT") {
                search.count = Some(or_no_limit(value, "ERR COUNT can't be negative")?);
            } else if is_word(word, "MAXLEN") {
                search.compared_max = or_no_limit(value, "ERR MAXLEN can't be negative")?;
            } else {
                return Err(Fail::SYNTAX);
            }
        }
        if rest.is_empty() { Ok(search) } else { Err(Fail::SYNTAX) }
    }
}

fn rank(arg: &[u8]) -> Result<i64, Fail> {
    match crate::command::arguments::integer(arg)? {
        0 => Err(Fail::new(
            "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... \
             or use negative to start from the end of the list",
        )),
        i64::MIN => Err(Fail::new(
            "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
        )),
        rank => Ok(rank),
    }
}

/// A number that is not negative, 0 standing for no limit.
fn or_no_limit(arg: &[u8], text: &'static str) -> Result<usize, Fail> {
    let value = integer_in(arg, 0..=i64::MAX, text)?;
    Ok(usize::try_from(value).ok().filter(|&value| value > 0).unwrap_or(usize::MAX))
}
