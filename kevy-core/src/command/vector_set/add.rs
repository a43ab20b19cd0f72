//! Adding elements.

use crate::base::number::{parse_i64, parse_u64};
use crate::command::arguments::is_word;
use crate::command::{Context, Fail, Origin, Outcome};
use crate::store::VectorSet;
use crate::store::vector_set::{EF_DEFAULT, Form, M_DEFAULT, M_RANGE, Quantization, project};

use super::{BAD_EF, BAD_VECTOR, EF_MAX, components, dimension_mismatch, projection_mismatch, vector_set};

/// What stands behind the element.
struct Options<'a> {
    quantization: Quantization,
    ef: usize,
    m: usize,
    attributes: Option<&'a [u8]>,
    /// In streams only: the vector was projected already, from one of this dimension.
    projected: Option<usize>,
}

impl<'a> Options<'a> {
    fn parse(mut args: &[&'a [u8]], origin: Origin) -> Result<Self, Fail> {
        let mut options = Self {
            quantization: Quantization::default(),
            ef: EF_DEFAULT,
            m: M_DEFAULT,
            attributes: None,
            projected: None,
        };
        loop {
            args = match args {
                [] => return Ok(options),
                // Elements are added in place, so there is nothing to compare before.
                [word, rest @ ..] if is_word(word, "CAS") => rest,
                [word, ef, rest @ ..] if is_word(word, "EF") => {
                    let ef = parse_i64(ef).filter(|ef| (1..=EF_MAX).contains(ef)).ok_or(BAD_EF)?;
                    options.ef = ef as usize;
                    rest
                }
                [word, m, rest @ ..] if is_word(word, "M") => {
                    let m = parse_i64(m).filter(|m| M_RANGE.contains(m));
                    options.m = m.ok_or(Fail::new("ERR invalid M"))? as usize;
                    rest
                }
                [word, attributes, rest @ ..] if is_word(word, "SETATTR") => {
                    options.attributes = Some(attributes);
                    rest
                }
                [word, dim, rest @ ..] if origin == Origin::Replica && is_word(word, "PROJECTED") => {
                    options.projected = parse_u64(dim).map(|dim| dim as usize);
                    rest
                }
                [word, rest @ ..] => {
                    options.quantization = if is_word(word, "NOQUANT") {
                        Quantization::None
                    } else if is_word(word, "Q8") {
                        Quantization::Bytes
                    } else if is_word(word, "BIN") {
                        Quantization::Bits
                    } else {
                        return Err(Fail::new("ERR invalid option after element"));
                    };
                    rest
                }
            }
        }
    }
}

/// VADD key [REDUCE dim] FP32|VALUES vector element [CAS] [NOQUANT | Q8 | BIN] [EF ef] [SETATTR attributes] [M links]
pub fn vadd(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now, key) = (ctx.session.db, ctx.now, args[1]);
    let (reduced, rest) = match &args[2..] {
        [word, dim, rest @ ..] if is_word(word, "REDUCE") => {
            (Some(parse_u64(dim).filter(|dim| *dim > 0).ok_or(BAD_VECTOR)? as usize), rest)
        }
        rest => (None, rest),
    };
    let (mut vector, rest) = components(rest)?;
    let got = vector.len();
    if reduced.is_some_and(|dim| dim > got) {
        return Err(BAD_VECTOR);
    }
    let [name, options @ ..] = rest else { return Err(Fail::arity("vadd")) };
    let options = Options::parse(options, ctx.origin)?;
    let partition = ctx.partitions.at(key);
    let form = match vector_set(partition.keyspace.peek(db, key, now))?.and_then(VectorSet::form) {
        Some(form) => {
            check(&form, &options, got, reduced)?;
            form
        }
        None => Form {
            quantization: options.quantization,
            dim: reduced.unwrap_or(got),
            input_dim: options.projected.or(reduced.map(|_| got)),
            m: options.m,
        },
    };
    if form.input_dim.is_some() && options.projected.is_none() {
        vector = project(&vector, form.dim);
    }
    let is_new = partition.keyspace.edit(db, key, now, true, |set: &mut VectorSet, _, _| {
        (set.add(name, &vector, options.attributes, options.ef, form), true)
    })?;
    partition.effects.push(db, args);
    partition.notify_verb(db, args[0], key);
    ctx.out.boolean(is_new.unwrap_or_default());
    Ok(())
}

/// Whether a vector of `got` components fits a set that is there.
fn check(form: &Form, options: &Options<'_>, got: usize, reduced: Option<usize>) -> Outcome {
    if form.quantization != options.quantization {
        return Err(Fail::new("ERR asked quantization mismatch with existing vector set"));
    }
    if form.m != options.m {
        return Err(Fail::new("ERR asked M value mismatch with existing vector set"));
    }
    match form.input_dim {
        _ if options.projected.is_some() && got == form.dim => Ok(()),
        None if got != form.dim => Err(dimension_mismatch(got, form.dim)),
        None if reduced.is_some() => {
            Err(Fail::new("ERR cannot add projection to existing set without projection"))
        }
        None => Ok(()),
        Some(_) if reduced != Some(form.dim) => Err(dimension_mismatch(got, form.dim)),
        Some(input_dim) if got != input_dim => Err(projection_mismatch(got, input_dim)),
        Some(_) => Ok(()),
    }
}
