//! Numbers, strings and booleans of documents.

use std::fmt::Write as _;

use crate::command::{Context, Fail, Outcome};
use crate::resp::Protocol;
use crate::store::Json;
use crate::store::json::{Layout, Location, Node, Number, print};

use super::{BYTES_MAX, NO_KEY, PathArg, TOO_MANY, change, document, reply_each, value, wrong_value};

/// JSON.NUMINCRBY key path number
pub fn numincrby(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    calculate(ctx, args, i64::checked_add, |a, b| a + b)
}

/// JSON.NUMMULTBY key path number
pub fn nummultby(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    calculate(ctx, args, i64::checked_mul, |a, b| a * b)
}

fn calculate(
    ctx: &mut Context<'_>,
    args: &[&[u8]],
    integers: fn(i64, i64) -> Option<i64>,
    doubles: fn(f64, f64) -> f64,
) -> Outcome {
    let (path, results) = change(ctx, args, |json| {
        let path = PathArg::parse(args[2])?;
        let places = json.locate(&path.path)?;
        let results = calculate_at(json, &places, args[3], |a, b| {
            let integer = match (a, b) {
                (Number::Int(a), Number::Int(b)) => integers(a, b).map(Number::Int),
                _ => None,
            };
            // An integer that overflows becomes a double.
            integer.unwrap_or_else(|| Number::Float(doubles(a.to_f64(), b.to_f64())))
        })?;
        let changed = results.iter().any(Option::is_some);
        Ok(((path, results), changed))
    })?;
    let out = &mut *ctx.out;
    if out.protocol == Protocol::Resp3 {
        out.array(results.len());
        for result in results {
            match result {
                None => out.null(),
                Some(Number::Int(value)) => out.integer(value),
                Some(Number::Float(value)) => out.double(value),
            }
        }
        return Ok(());
    }
    let nodes: Vec<Node> = results.iter().map(|result| result.map_or(Node::Null, node_of)).collect();
    let text = if path.is_legacy() {
        let last = results.into_iter().flatten().next_back();
        let last = last.ok_or_else(|| path.missing_or("does not contains a number"))?;
        print(&node_of(last), Layout::default(), BYTES_MAX)?
    } else {
        print(&Node::Array(nodes), Layout::default(), BYTES_MAX)?
    };
    out.bulk(&text);
    Ok(())
}

fn node_of(number: Number) -> Node {
    match number {
        Number::Int(value) => Node::Int(value),
        Number::Float(value) => Node::Float(value),
    }
}

/// Calculates at every place that holds a number; the results, or an error and nothing has changed.
fn calculate_at(
    json: &mut Json,
    places: &[Location],
    operand: &[u8],
    calculate: impl Fn(Number, Number) -> Number,
) -> Result<Vec<Option<Number>>, Fail> {
    let mut operand_number = None;
    let mut before: Vec<(&Location, Node)> = Vec::new();
    let mut results = Vec::with_capacity(places.len());
    for place in places {
        let Some(node) = json.get(place).filter(|node| node.as_number().is_some()) else {
            results.push(None);
            continue;
        };
        let Some(number) = node.as_number() else { continue };
        let node = node.clone();
        let operand = match operand_number {
            Some(operand) => operand,
            // A path that leads to no number asks for no operand either.
            None => *operand_number.insert(value(operand)?.as_number().ok_or(Fail::new("bad input number"))?),
        };
        let result = calculate(number, operand);
        if !result.to_f64().is_finite() {
            for (place, node) in before.into_iter().rev() {
                json.replace(place, node);
            }
            return Err(Fail::new("ERR result is not a number"));
        }
        before.push((place, node));
        json.set_number(place, result);
        results.push(Some(result));
    }
    Ok(results)
}

/// JSON.STRAPPEND key [path] value
pub fn strappend(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (path, text) = match args {
        [_, _, text] => (&b"."[..], *text),
        _ => (args[2], args[3]),
    };
    let (path, lengths) = change(ctx, args, |json| {
        let path = PathArg::parse(path)?;
        let places = json.locate(&path.path)?;
        let strings = places.iter().filter_map(|place| json.get(place)?.as_str());
        let (count, longest) =
            strings.fold((0, 0), |(count, longest): (usize, _), text| (count + 1, longest.max(text.len())));
        if count == 0 {
            let lengths = places.iter().map(|_| None).collect();
            return Ok(((path, lengths), false));
        }
        let node = value(text)?;
        let suffix = node.as_str().ok_or_else(|| wrong_value("string", &String::from_utf8_lossy(text)))?;
        if count.saturating_mul(suffix.len()).saturating_add(longest) > BYTES_MAX {
            return Err(TOO_MANY);
        }
        let lengths: Vec<_> = places.iter().map(|place| json.append_text(place, suffix)).collect();
        Ok(((path, lengths), !suffix.is_empty()))
    })?;
    reply_each(ctx.out, &path, lengths, "not a string", |out, length| out.unsigned(length as u64))
}

/// JSON.STRLEN key [path]
pub fn strlen(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (out, found) = ctx.read(args[1]);
    let json = document(found)?;
    let path = PathArg::at(args, 2);
    let Some(json) = json else {
        if path.is_ok_and(|path| path.is_legacy()) {
            out.null();
            return Ok(());
        }
        return Err(NO_KEY);
    };
    let path = path?;
    let nodes = json.find(&path.path)?;
    if path.is_legacy() {
        let first = nodes.first().ok_or_else(|| path.missing())?;
        let text = first.as_str().ok_or_else(|| wrong_value("string", first.type_name()))?;
        out.unsigned(text.len() as u64);
        return Ok(());
    }
    out.array(nodes.len());
    for node in nodes {
        match node.as_str() {
            Some(text) => out.unsigned(text.len() as u64),
            None => out.null(),
        }
    }
    Ok(())
}

/// JSON.TOGGLE key path
pub fn toggle(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (path, values) = change(ctx, args, |json| {
        let path = PathArg::parse(args[2])?;
        let places = json.locate(&path.path)?;
        let values: Vec<_> = places.iter().map(|place| json.toggle(place)).collect();
        let changed = values.iter().any(Option::is_some);
        Ok(((path, values), changed))
    })?;
    let is_legacy = path.is_legacy();
    reply_each(ctx.out, &path, values, "not a bool", |out, value| {
        if is_legacy {
            let mut text = String::new();
            let _ = write!(text, "{value}");
            out.bulk(text.as_bytes());
        } else {
            out.integer(i64::from(value));
        }
    })
}
