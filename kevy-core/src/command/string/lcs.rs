//! LCS

use crate::command::arguments::{integer, is_word};
use crate::command::{Context, Fail, Outcome};

use super::subsequence::{self, Run};

const TOO_LARGE: Fail = Fail::new("ERR Insufficient memory, failed allocating transient memory for LCS");

/// LCS key1 key2 [LEN] [IDX] [MINMATCHLEN len] [WITHMATCHLEN]
pub fn lcs(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (a, b) = (operand(context, args[1]), operand(context, args[2]));
    let (Some(a), Some(b)) = (a, b) else {
        return Err(Fail::new("ERR The specified keys must contain string values"));
    };
    let (mut len_only, mut index, mut with_len, mut len_min) = (false, false, false, 0);
    let mut rest = &args[3..];
    while let [word, tail @ ..] = rest {
        rest = tail;
        if is_word(word, "LEN") {
            len_only = true;
        } else if is_word(word, "IDX") {
            index = true;
        } else if is_word(word, "WITHMATCHLEN") {
            with_len = true;
        } else if let [value, tail @ ..] = tail
            && is_word(word, "MINMATCHLEN")
        {
            len_min = usize::try_from(integer(value)?).unwrap_or(0);
            rest = tail;
        } else {
            return Err(Fail::SYNTAX);
        }
    }
    match (len_only, index) {
        (true, true) => {
            return Err(Fail::new("ERR If you want both the length and indexes, please just use IDX."));
        }
        (true, false) => {
            let len = subsequence::length(&a, &b).ok_or(TOO_LARGE)?;
            context.out.unsigned(len as u64);
        }
        (false, true) => {
            let runs = subsequence::runs(&a, &b).ok_or(TOO_LARGE)?;
            write_index(context, &runs, len_min, with_len);
        }
        (false, false) => {
            let runs = subsequence::runs(&a, &b).ok_or(TOO_LARGE)?;
            let common: Vec<u8> = runs.iter().rev().flat_map(|run| &a[run.a..][..run.len]).copied().collect();
            context.out.bulk(&common);
        }
    }
    Ok(())
}

/// A copy of the string at `key`, empty where there is none. `None`: it holds something else.
fn operand(context: &mut Context<'_>, key: &[u8]) -> Option<Vec<u8>> {
    match context.read(key).1 {
        None => Some(Vec::new()),
        Some(found) => found.value().as_string().map(|text| text.to_vec()),
    }
}

fn write_index(context: &mut Context<'_>, runs: &[Run], len_min: usize, with_len: bool) {
    let out = &mut *context.out;
    out.map(2);
    out.bulk(b"matches");
    let shown = || runs.iter().filter(|run| run.len >= len_min);
    out.array(shown().count());
    for run in shown() {
        out.array(if with_len { 3 } else { 2 });
        for start in [run.a, run.b] {
            out.array(2);
            out.unsigned(start as u64);
            out.unsigned((start + run.len - 1) as u64);
        }
        if with_len {
            out.unsigned(run.len as u64);
        }
    }
    out.bulk(b"len");
    out.unsigned(runs.iter().map(|run| run.len).sum::<usize>() as u64);
}
