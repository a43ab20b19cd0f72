//! The verbs that look into HyperLogLogs, and test how they work.

use crate::base::random::Random;
use crate::command::arguments::is_word;
use crate::command::{Context, Fail, Outcome};

use super::sketch::{self, Form};
use super::{TO_DENSE, held};

/// Rounds in which random values are written to all registers and read back.
const REGISTER_ROUNDS: usize = 16;
/// Elements that are added to compare estimates with their number.
const ELEMENTS: u64 = 100_000;
/// How far an estimate may be off, as a part of the true number: six times the standard error of 1.04 / sqrt(16384).
const ERROR_MAX: f64 = 6.0 * 1.04 / 128.0;

/// PFDEBUG GETREG | DECODE | ENCODING | TODENSE key
pub fn pfdebug(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now, word, key) = (context.session.db, context.now, args[1], args[2]);
    let partition = context.partitions.at(key);
    let found = held(partition.keyspace.get(db, key, now))?;
    let (text, form) = found.ok_or(Fail::new("ERR The specified key does not exist"))?;
    let is_getreg = is_word(word, "GETREG");
    if is_getreg || is_word(word, "TODENSE") {
        let dense = sketch::dense(&text)?;
        if is_getreg {
            context.out.array(sketch::REGISTERS);
            (0..sketch::REGISTERS).for_each(|index| context.out.integer(sketch::get(&dense, index).into()));
        } else {
            context.out.integer(i64::from(form == Form::Sparse));
        }
        if form == Form::Sparse {
            partition.keyspace.edit_string(db, key, now, false, |text| *text = dense)?;
            partition.effects.push(db, &[TO_DENSE[0], TO_DENSE[1], key]);
        }
    } else if is_word(word, "DECODE") {
        if form != Form::Sparse {
            return Err(Fail::new("ERR HLL encoding is not sparse"));
        }
        context.out.bulk(sketch::shown_runs(&text)?.as_bytes());
    } else if is_word(word, "ENCODING") {
        context.out.simple(if form == Form::Sparse { "sparse" } else { "dense" });
    } else {
        return Err(Fail::quoting("ERR Unknown PFDEBUG subcommand '{}'", word));
    }
    Ok(())
}

/// PFSELFTEST
pub fn pfselftest(context: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    let mut random = Random::with_seed(context.now);
    test_registers(&mut random)?;
    test_estimates(random.next_u64())?;
    context.out.ok();
    Ok(())
}

/// Every register must keep any value, whatever its neighbours hold.
fn test_registers(random: &mut Random) -> Outcome {
    let mut text = sketch::dense(&sketch::empty())?;
    for _ in 0..REGISTER_ROUNDS {
        let values: Vec<u8> = (0..sketch::REGISTERS).map(|_| random.below(64) as u8).collect();
        values.iter().enumerate().for_each(|(index, value)| sketch::set(&mut text, index, *value));
        for (index, value) in values.iter().enumerate() {
            let found = sketch::get(&text, index);
            if found != *value {
                return Err(Fail::with(format!(
                    "ERR TESTFAILED Register {index} should be {value} but is {found}"
                )));
            }
        }
    }
    Ok(())
}

/// Both forms must estimate the same, and about what is true.
fn test_estimates(salt: u64) -> Outcome {
    let (mut sparse, mut dense) = (sketch::empty(), sketch::dense(&sketch::empty())?);
    let mut checkpoint = 1;
    for number in 1..=ELEMENTS {
        let element = (number ^ salt).to_le_bytes();
        // As long as the sparse form is small; later it would be dense and show nothing.
        let is_compared = number <= 1000;
        if is_compared {
            sketch::add(&mut sparse, &element, usize::MAX)?;
        }
        sketch::add(&mut dense, &element, 0)?;
        if number < checkpoint {
            continue;
        }
        checkpoint *= 10;
        let count = sketch::count(&dense)?;
        if is_compared && sketch::count(&sparse)? != count {
            return Err(Fail::new("ERR TESTFAILED dense/sparse disagree"));
        }
        let error = count.abs_diff(number);
        if error as f64 > (number as f64 * ERROR_MAX).ceil() {
            return Err(Fail::with(format!("ERR TESTFAILED Too big error. card:{number} abserr:{error}")));
        }
    }
    Ok(())
}
