//! One entry of `COMMAND INFO`.

use crate::command::Command;
use crate::command::spec::{Begin, Find, Flags, KeySpec, Spec};
use crate::resp::Writer;

/// Writes a set of words as simple strings, the form of flags in these replies.
pub fn write_words(out: &mut Writer, words: &[&str]) {
    out.set(words.len());
    for word in words {
        out.simple(word);
    }
}

/// Writes the entry of `command`, whose full name is `name`.
pub fn write(out: &mut Writer, name: &str, command: &Command) {
    let spec = &command.spec;
    out.array(10);
    out.bulk(name.as_bytes());
    out.integer(spec.arity.into());
    write_flags(out, spec.flags);
    for number in key_range(spec) {
        out.integer(number);
    }
    out.set(spec.categories.len());
    for category in spec.categories {
        out.simple(&format!("@{category}"));
    }
    out.set(spec.tips.len());
    for tip in spec.tips {
        out.bulk(tip.as_bytes());
    }
    out.set(spec.keys.len());
    for key_spec in spec.keys {
        write_key_spec(out, key_spec);
    }
    match command.subcommands.len() {
        // Redis's own shape: none is an empty set, some are an array.
        0 => out.set(0),
        some => out.array(some),
    }
    for sub in command.subcommands {
        write(out, &format!("{name}|{}", sub.spec.name), sub);
    }
}

fn write_flags(out: &mut Writer, flags: Flags) {
    let names: Vec<&str> =
        Flags::NAMES.iter().filter(|(flag, _)| flags.has(*flag)).map(|(_, name)| *name).collect();
    write_words(out, &names);
}

/// First key, last key and step, as clients older than key specifications read them: the plain ranges that
/// follow each other. Zeros where there are none.
fn key_range(spec: &Spec) -> [i64; 3] {
    if let [KeySpec { begin: Begin::Index(first), find: Find::Range { last, step, .. }, .. }] = *spec.keys {
        return [first as i64, from_start(first, last), step as i64];
    }
    let mut range: Option<(usize, i64)> = None;
    for key_spec in spec.keys {
        let Begin::Index(first) = key_spec.begin else { continue };
        let Find::Range { last, step: 1, .. } = key_spec.find else { continue };
        let last = from_start(first, last);
        range = match range {
            None => Some((first, last)),
            Some((start, end)) if end + 1 == first as i64 => Some((start, last)),
            other => other,
        };
    }
    range.map_or([0; 3], |(first, last)| [first as i64, last, 1])
}

/// The last key's position: what counts from the first key counts from the verb, what counts from the end stays.
fn from_start(first: usize, last: i32) -> i64 {
    if last < 0 { last.into() } else { first as i64 + i64::from(last) }
}

fn write_key_spec(out: &mut Writer, spec: &KeySpec) {
    out.map(3);
    out.bulk(b"flags");
    write_words(out, spec.flags);
    out.bulk(b"begin_search");
    match spec.begin {
        Begin::Index(at) => write_search(out, "index", &[("index", at as i64)]),
        Begin::Keyword { word, from } => {
            write_search_head(out, "keyword", 2);
            out.bulk(b"keyword");
            out.bulk(word.as_bytes());
            out.bulk(b"startfrom");
            out.integer(from.into());
        }
        Begin::Unknown => write_search(out, "unknown", &[]),
    }
    out.bulk(b"find_keys");
    match spec.find {
        Find::Range { last, step, limit } => write_search(
            out,
            "range",
            &[("lastkey", last.into()), ("keystep", step as i64), ("limit", limit as i64)],
        ),
        Find::Count { count, first, step } => write_search(
            out,
            "keynum",
            &[("keynumidx", count as i64), ("firstkey", first as i64), ("keystep", step as i64)],
        ),
        Find::Unknown => write_search(out, "unknown", &[]),
    }
}

fn write_search_head(out: &mut Writer, kind: &str, fields: usize) {
    out.map(2);
    out.bulk(b"type");
    out.bulk(kind.as_bytes());
    out.bulk(b"spec");
    out.map(fields);
}

fn write_search(out: &mut Writer, kind: &str, fields: &[(&str, i64)]) {
    write_search_head(out, kind, fields.len());
    for (name, value) in fields {
        out.bulk(name.as_bytes());
        out.integer(*value);
    }
}
