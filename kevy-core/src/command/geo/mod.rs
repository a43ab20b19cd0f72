//! The verbs of places on the earth, which are sorted sets whose scores are the cells of places.

mod arguments;
mod cell;
mod query;
mod search;
mod shape;
#[cfg(test)]
mod tests;

use smallvec::SmallVec;

use crate::base::number::format_f64;
use crate::resp::{Protocol, Writer};

use super::arguments::is_word;
use super::sorted_set::{sorted_set, zadd};
use super::spec::Command;
use super::table::geo as row;
use super::{Context, Fail, Outcome};
use cell::Place;

/// Every geo verb.
pub static COMMANDS: [Command; 10] = [
    Command::new(row::GEOADD, geoadd),
    Command::new(row::GEODIST, geodist),
    Command::new(row::GEOHASH, geohash),
    Command::new(row::GEOPOS, geopos),
    Command::new(row::GEORADIUS, search::georadius),
    Command::new(row::GEORADIUSBYMEMBER, search::georadiusbymember),
    Command::new(row::GEORADIUSBYMEMBER_RO, search::georadiusbymember_ro),
    Command::new(row::GEORADIUS_RO, search::georadius_ro),
    Command::new(row::GEOSEARCH, search::geosearch),
    Command::new(row::GEOSEARCHSTORE, search::geosearchstore),
];

/// GEOADD key [NX | XX] [CH] longitude latitude member [longitude latitude member ...]
fn geoadd(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let is_option = |arg: &&&[u8]| ["NX", "XX", "CH"].iter().any(|word| is_word(arg, word));
    let options = args[2..].iter().take_while(is_option).count();
    let (options, rest) = args[2..].split_at(options);
    let (triples, []) = rest.as_chunks::<3>() else { return Err(Fail::SYNTAX) };
    let has = |word| options.iter().any(|option| is_word(option, word));
    if has("NX") && has("XX") {
        return Err(Fail::SYNTAX);
    }
    let mut scores: SmallVec<[_; 4]> = SmallVec::with_capacity(triples.len());
    for [longitude, latitude, _] in triples {
        scores.push(format_f64(arguments::place(longitude, latitude)?.score()));
    }
    let mut argv: SmallVec<[&[u8]; 16]> = SmallVec::from_slice(&[b"ZADD", args[1]]);
    argv.extend_from_slice(options);
    for ([_, _, member], score) in triples.iter().zip(&scores) {
        argv.extend_from_slice(&[score.as_bytes(), member]);
    }
    zadd(context, &argv)
}

/// GEODIST key member member [unit]
fn geodist(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let meters = match &args[4..] {
        [] => 1.0,
        [unit] => arguments::unit(unit)?,
        _ => return Err(Fail::SYNTAX),
    };
    let (out, found) = context.read(args[1]);
    let set = sorted_set(found)?;
    let place = |member: &[u8]| set.and_then(|set| set.score(member)).map(Place::of_score);
    match (place(args[2]), place(args[3])) {
        (Some(a), Some(b)) => write_distance(out, shape::distance(a, b) / meters),
        _ => out.null(),
    }
    Ok(())
}

/// GEOHASH key [member ...]
fn geohash(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (out, found) = context.read(args[1]);
    let set = sorted_set(found)?;
    out.array(args.len() - 2);
    for member in &args[2..] {
        match set.and_then(|set| set.score(member)) {
            Some(score) => out.bulk(&Place::of_score(score).text()),
            None => out.null(),
        }
    }
    Ok(())
}

/// GEOPOS key [member ...]
fn geopos(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (out, found) = context.read(args[1]);
    let set = sorted_set(found)?;
    out.array(args.len() - 2);
    for member in &args[2..] {
        match set.and_then(|set| set.score(member)) {
            Some(score) => write_place(out, Place::of_score(score)),
            None => out.null_array(),
        }
    }
    Ok(())
}

/// A distance with four digits behind the point.
fn write_distance(out: &mut Writer, distance: f64) {
    // Redis rounds after it has shifted the point, which differs where the shift rounds too.
    let shifted = (distance * 10_000.0).round_ties_even() as u64;
    out.bulk(format!("{}.{:04}", shifted / 10_000, shifted % 10_000).as_bytes());
}

fn write_place(out: &mut Writer, place: Place) {
    out.array(2);
    write_degrees(out, place.longitude);
    write_degrees(out, place.latitude);
}

/// Degrees with up to seventeen digits behind the point.
fn write_degrees(out: &mut Writer, degrees: f64) {
    let text = format!("{degrees:.17}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    let text = if text == "-0" { "0" } else { text };
    match out.protocol {
        Protocol::Resp2 => out.bulk(text.as_bytes()),
        Protocol::Resp3 => out.raw(format!(",{text}\r\n").as_bytes()),
    }
}
