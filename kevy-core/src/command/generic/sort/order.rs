//! The order of SORT.

use std::cmp::Ordering;

use crate::base::ArgvBuf;
use crate::base::number::parse_f64;
use crate::command::{Context, Fail};

use super::arguments::SortArguments;

/// The numbers of all elements in the order that the arguments ask for.
pub fn order(
    context: &mut Context<'_>,
    elements: &ArgvBuf,
    arguments: &SortArguments<'_>,
) -> Result<Vec<usize>, Fail> {
    let elements = elements.as_argv();
    let element = |at: &usize| elements.get(*at).unwrap_or_default();
    let mut order: Vec<usize> = (0..elements.len()).collect();
    let mut sort = |compare: &dyn Fn(&usize, &usize) -> Ordering| {
        order.sort_by(|a, b| if arguments.is_descending { compare(a, b).reverse() } else { compare(a, b) });
    };
    match (arguments.is_alpha, arguments.by) {
        (true, None) => sort(&|a, b| element(a).cmp(element(b))),
        (true, Some(by)) => {
            let mut weights = ArgvBuf::default();
            let mut has_weight = Vec::with_capacity(elements.len());
            for element in elements.iter() {
                let found = by.look_up(context, element, |_, weight| {
                    weights.push(weight.unwrap_or_default());
                    weight.is_some()
                });
                has_weight.push(found);
            }
            let weights = weights.as_argv();
            // An element without a weight comes before one whose weight is empty.
            let weight = |at: &usize| has_weight[*at].then(|| weights.get(*at).unwrap_or_default());
            sort(&|a, b| weight(a).cmp(&weight(b)));
        }
        (false, by) => {
            let mut weights = Vec::with_capacity(elements.len());
            for element in elements.iter() {
                let weight = match by {
                    None => number(element),
                    Some(by) => by.look_up(context, element, |_, weight| weight.map_or(Some(0.0), number)),
                };
                weights
                    .push(weight.ok_or(Fail::new("ERR One or more scores can't be converted into double"))?);
            }
            let by_weight =
                |a: &usize, b: &usize| weights[*a].partial_cmp(&weights[*b]).unwrap_or(Ordering::Equal);
            sort(&|a, b| by_weight(a, b).then_with(|| element(a).cmp(element(b))));
        }
    }
    Ok(order)
}

/// The number that a text begins with, if nothing follows it but what C would not see. No text at all is zero.
fn number(text: &[u8]) -> Option<f64> {
    let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
    if text.is_empty() {
        return Some(0.0);
    }
    let is_space = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'\x0b';
    let spaces = text.iter().take_while(|byte| is_space(byte)).count();
    parse_f64(&text[spaces..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_c() {
        for (text, expected) in [
            (&b""[..], Some(0.0)),
            (b"12", Some(12.0)),
            (b" \t-1.5", Some(-1.5)),
            (b"1\0x", Some(1.0)),
            (b"0x10", Some(16.0)),
            (b"inf", Some(f64::INFINITY)),
            (b"nan", None),
            (b" ", None),
            (b"1 ", None),
            (b"x", None),
            (b"1e400", None),
        ] {
            assert_eq!(number(text), expected, "{}", text.escape_ascii());
        }
    }
}
