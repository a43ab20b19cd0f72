//! The verbs of vector sets.

mod add;
mod browse;
mod element;
mod search;
#[cfg(test)]
mod tests;

use crate::base::number::parse_f64;
use crate::store::vector_set::DIM_MAX;
use crate::store::{Ref, ValueRef, VectorSet};

use super::Fail;
use super::arguments::is_word;
use super::spec::Command;
use super::table::vector_set as row;

/// Every verb of vector sets.
pub static COMMANDS: [Command; 13] = [
    Command::new(row::VADD, add::vadd),
    Command::new(row::VCARD, element::vcard),
    Command::new(row::VDIM, element::vdim),
    Command::new(row::VEMB, element::vemb),
    Command::new(row::VGETATTR, element::vgetattr),
    Command::new(row::VINFO, browse::vinfo),
    Command::new(row::VISMEMBER, element::vismember),
    Command::new(row::VLINKS, browse::vlinks),
    Command::new(row::VRANDMEMBER, browse::vrandmember),
    Command::new(row::VRANGE, browse::vrange),
    Command::new(row::VREM, element::vrem),
    Command::new(row::VSETATTR, element::vsetattr),
    Command::new(row::VSIM, search::vsim),
];

const BAD_VECTOR: Fail = Fail::new("ERR invalid vector specification");
const BAD_EF: Fail = Fail::new("ERR invalid EF");

/// The most candidates that a search may be told to look at.
const EF_MAX: i64 = 1_000_000;

/// The vector set of a key that must hold one.
fn vector_set(found: Option<Ref<'_>>) -> Result<Option<&VectorSet>, Fail> {
    match found.map(|found| found.value()) {
        None => Ok(None),
        Some(ValueRef::VectorSet(set)) => Ok(Some(set)),
        Some(_) => Err(Fail::WRONG_TYPE),
    }
}

/// Reads `FP32 blob` or `VALUES count number...` from the front of `args`; the components, and what follows.
fn components<'a, 'b>(args: &'b [&'a [u8]]) -> Result<(Vec<f32>, &'b [&'a [u8]]), Fail> {
    let (components, rest): (Vec<f32>, _) = match args {
        [word, blob, rest @ ..] if is_word(word, "FP32") => {
            let (chunks, []) = blob.as_chunks::<4>() else { return Err(BAD_VECTOR) };
            if chunks.len() > DIM_MAX {
                return Err(BAD_VECTOR);
            }
            (chunks.iter().map(|chunk| f32::from_le_bytes(*chunk)).collect(), rest)
        }
        [word, count, rest @ ..] if is_word(word, "VALUES") => {
            let count = crate::base::number::parse_u64(count).filter(|count| *count <= DIM_MAX as u64);
            let values = count.and_then(|count| rest.split_at_checked(count as usize));
            let (values, rest) = values.ok_or(BAD_VECTOR)?;
            let number = |text: &&[u8]| parse_f64(text).map(|number| number as f32).ok_or(BAD_VECTOR);
            (values.iter().map(number).collect::<Result<_, _>>()?, rest)
        }
        _ => return Err(BAD_VECTOR),
    };
    if components.is_empty() || !components.iter().all(|component| component.is_finite()) {
        return Err(BAD_VECTOR);
    }
    Ok((components, rest))
}

/// The error for a vector of another dimension than that of the set.
fn dimension_mismatch(got: usize, dim: usize) -> Fail {
    Fail::with(format!("ERR Vector dimension mismatch - got {got} but set has {dim}"))
}

/// The error for a vector that cannot be projected.
fn projection_mismatch(got: usize, dim: usize) -> Fail {
    Fail::with(format!(
        "ERR Input dimension mismatch for projection - got {got} but projection expects {dim}"
    ))
}
