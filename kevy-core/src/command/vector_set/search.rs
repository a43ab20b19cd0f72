//! Finding elements near to a vector.

use crate::base::number::{parse_f64, parse_i64};
use crate::command::arguments::is_word;
use crate::command::{Context, Fail, Outcome};
use crate::resp::{Protocol, Writer};
use crate::store::VectorSet;
use crate::store::collection::ValueType as _;
use crate::store::vector_set::{Filter, Form, Found, Wanted, project};

use super::{BAD_EF, EF_MAX, components, dimension_mismatch, projection_mismatch, vector_set};

/// Candidates that a search looks at unless it is told otherwise.
const EF_DEFAULT: usize = 100;
const COUNT_DEFAULT: usize = 10;
/// Elements that a filter is tried on for each one asked, unless the search is told otherwise.
const FILTER_EF_PER_COUNT: usize = 100;

/// What stands behind the vector.
struct Options {
    with_scores: bool,
    with_attributes: bool,
    /// Look at every element.
    is_exact: bool,
    count: usize,
    /// The largest distance, halved.
    epsilon: f64,
    ef: usize,
    filter: Option<Filter>,
    filter_ef: Option<usize>,
}

impl Options {
    fn parse(mut args: &[&[u8]]) -> Result<Self, Fail> {
        let mut options = Self {
            with_scores: false,
            with_attributes: false,
            is_exact: false,
            count: COUNT_DEFAULT,
            epsilon: 2.0,
            ef: EF_DEFAULT,
            filter: None,
            filter_ef: None,
        };
        let positive = |arg: &[u8], error: &'static str| {
            let number = parse_i64(arg).filter(|number| *number > 0).ok_or(Fail::new(error))?;
            Ok::<_, Fail>(usize::try_from(number).unwrap_or(usize::MAX))
        };
        loop {
            args = match args {
                [] => return Ok(options),
                [word, rest @ ..] if is_word(word, "WITHSCORES") => {
                    options.with_scores = true;
                    rest
                }
                [word, rest @ ..] if is_word(word, "WITHATTRIBS") => {
                    options.with_attributes = true;
                    rest
                }
                [word, rest @ ..] if is_word(word, "TRUTH") => {
                    options.is_exact = true;
                    rest
                }
                // Every search runs on the thread that holds the shard.
                [word, rest @ ..] if is_word(word, "NOTHREAD") => rest,
                [word, count, rest @ ..] if is_word(word, "COUNT") => {
                    options.count = positive(count, "ERR invalid COUNT")?;
                    rest
                }
                [word, epsilon, rest @ ..] if is_word(word, "EPSILON") => {
                    let epsilon = parse_f64(epsilon).filter(|epsilon| *epsilon > 0.0);
                    options.epsilon = epsilon.ok_or(Fail::new("ERR invalid EPSILON"))?;
                    rest
                }
                [word, ef, rest @ ..] if is_word(word, "EF") => {
                    let ef = parse_i64(ef).filter(|ef| (1..=EF_MAX).contains(ef)).ok_or(BAD_EF)?;
                    options.ef = ef as usize;
                    rest
                }
                [word, ef, rest @ ..] if is_word(word, "FILTER-EF") => {
                    options.filter_ef = Some(positive(ef, "ERR invalid FILTER-EF")?);
                    rest
                }
                [word, text, rest @ ..] if is_word(word, "FILTER") => {
                    options.filter = Some(filter(text)?);
                    rest
                }
                _ => return Err(Fail::new("ERR syntax error in VSIM command")),
            }
        }
    }
}

fn filter(arg: &[u8]) -> Result<Filter, Fail> {
    let near = |at: usize| {
        let rest = arg.get(at..).filter(|rest| !rest.is_empty()).unwrap_or(arg);
        let near = String::from_utf8_lossy(&rest[..rest.len().min(128)]);
        Fail::with(format!("ERR syntax error in FILTER expression near: {near}"))
    };
    let text = std::str::from_utf8(arg).map_err(|error| near(error.valid_up_to()))?;
    Filter::parse(text).map_err(|error| near(error.0))
}

/// VSIM key ELE element | FP32 blob | VALUES count number... [WITHSCORES] [WITHATTRIBS] [COUNT count] [EPSILON distance]
/// [EF ef] [FILTER expression] [FILTER-EF ef] [TRUTH] [NOTHREAD]
pub fn vsim(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (out, found) = ctx.read(args[1]);
    let set = vector_set(found)?;
    let Some((set, form)) = set.and_then(|set| Some((set, set.form()?))) else {
        out.array(0);
        return Ok(());
    };
    let (vector, rest) = match &args[2..] {
        [word, name, rest @ ..] if is_word(word, "ELE") => {
            let vector = set.number(name).and_then(|number| set.vector(number));
            (vector.ok_or(Fail::new("ERR element not found in set"))?.components(), rest)
        }
        rest => {
            let (vector, rest) = components(rest)?;
            (fitting(vector, &form)?, rest)
        }
    };
    let options = Options::parse(rest)?;
    let mut found = search(set, &vector, &options);
    found.retain(|found| f64::from(found.distance) / 2.0 <= options.epsilon);
    found.truncate(options.count);
    write(out, set, &found, &options);
    Ok(())
}

/// The vector in the dimension of the set.
fn fitting(vector: Vec<f32>, form: &Form) -> Result<Vec<f32>, Fail> {
    match form.input_dim {
        _ if vector.len() == form.dim => Ok(vector),
        None => Err(dimension_mismatch(vector.len(), form.dim)),
        Some(input_dim) if vector.len() != input_dim => Err(projection_mismatch(vector.len(), input_dim)),
        Some(_) => Ok(project(&vector, form.dim)),
    }
}

fn search(set: &VectorSet, vector: &[f32], options: &Options) -> Vec<Found> {
    let ef = options.ef.max(options.count).min(set.len());
    let mut matches = |number: u32| match &options.filter {
        Some(filter) => filter.matches(set.attributes(number)),
        None => true,
    };
    if options.is_exact {
        return set.search_all(vector, options.count.min(set.len()), &mut matches);
    }
    if options.filter.is_none() {
        return set.search(vector, ef, None);
    }
    let looks_max = options.filter_ef.unwrap_or(options.count.saturating_mul(FILTER_EF_PER_COUNT));
    set.search(vector, ef, Some(Wanted { is_wanted: &mut matches, looks_max }))
}

fn write(out: &mut Writer, set: &VectorSet, found: &[Found], options: &Options) {
    let extras = usize::from(options.with_scores) + usize::from(options.with_attributes);
    let is_map = out.protocol == Protocol::Resp3 && extras > 0;
    if is_map {
        out.map(found.len());
    } else {
        out.array(found.len() * (1 + extras));
    }
    for found in found {
        out.bulk(set.name(found.node));
        if is_map && extras == 2 {
            out.array(2);
        }
        if options.with_scores {
            out.double(1.0 - f64::from(found.distance) / 2.0);
        }
        if options.with_attributes {
            match set.attributes(found.node) {
                Some(attributes) => out.bulk(attributes),
                None => out.null(),
            }
        }
    }
}
