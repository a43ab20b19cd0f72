//! One entry of `COMMAND DOCS`.

use crate::command::Command;
use crate::command::spec::{Arg, ArgKind};
use crate::resp::Writer;

/// Writes what people want to know of `command`, whose full name is `name`.
pub fn write(out: &mut Writer, name: &str, command: &Command) {
    let spec = &command.spec;
    let fields = 4
        + usize::from(!spec.history.is_empty())
        + usize::from(!spec.args.is_empty())
        + usize::from(!command.subcommands.is_empty());
    out.map(fields);
    for (field, value) in [
        ("summary", spec.summary),
        ("since", spec.since),
        ("group", spec.group),
        ("complexity", spec.complexity),
    ] {
        out.bulk(field.as_bytes());
        out.bulk(value.as_bytes());
    }
    if !spec.history.is_empty() {
        out.bulk(b"history");
        out.set(spec.history.len());
        for (version, change) in spec.history {
            out.array(2);
            out.bulk(version.as_bytes());
            out.bulk(change.as_bytes());
        }
    }
    if !spec.args.is_empty() {
        out.bulk(b"arguments");
        // A key argument is told of by the key specification of the same rank, the last one taking the rest.
        let mut keys_seen = 0;
        write_args(out, spec.args, spec.keys.len(), &mut keys_seen);
    }
    if !command.subcommands.is_empty() {
        out.bulk(b"subcommands");
        out.map(command.subcommands.len());
        for sub in command.subcommands {
            let name = format!("{name}|{}", sub.spec.name);
            out.bulk(name.as_bytes());
            write(out, &name, sub);
        }
    }
}

fn write_args(out: &mut Writer, args: &[Arg], key_specs: usize, keys_seen: &mut usize) {
    out.array(args.len());
    for arg in args {
        write_arg(out, arg, key_specs, keys_seen);
    }
}

fn write_arg(out: &mut Writer, arg: &Arg, key_specs: usize, keys_seen: &mut usize) {
    let is_nested = matches!(arg.kind, ArgKind::OneOf | ArgKind::Block);
    let is_key = arg.kind == ArgKind::Key && key_specs > 0 || arg.key_spec.is_some();
    let flags: Vec<&str> =
        [(arg.optional, "optional"), (arg.multiple, "multiple"), (arg.multiple_token, "multiple_token")]
            .into_iter()
            .filter(|(set, _)| *set)
            .map(|(_, name)| name)
            .collect();
    let fields = 3
        + usize::from(is_key)
        + usize::from(arg.token.is_some())
        + usize::from(arg.since.is_some())
        + usize::from(!flags.is_empty());
    out.map(fields);
    out.bulk(b"name");
    out.bulk(arg.name.as_bytes());
    out.bulk(b"type");
    out.bulk(kind_name(arg.kind).as_bytes());
    if !is_nested {
        out.bulk(b"display_text");
        out.bulk(arg.name.as_bytes());
    }
    if is_key {
        out.bulk(b"key_spec_index");
        out.integer(arg.key_spec.unwrap_or((*keys_seen).min(key_specs - 1)) as i64);
        *keys_seen += 1;
    }
    for (field, value) in [("token", arg.token), ("since", arg.since)] {
        if let Some(value) = value {
            out.bulk(field.as_bytes());
            out.bulk(value.as_bytes());
        }
    }
    if !flags.is_empty() {
        out.bulk(b"flags");
        super::command_info::write_words(out, &flags);
    }
    if is_nested {
        out.bulk(b"arguments");
        write_args(out, arg.children, key_specs, keys_seen);
    }
}

fn kind_name(kind: ArgKind) -> &'static str {
    match kind {
        ArgKind::Key => "key",
        ArgKind::String => "string",
        ArgKind::Integer => "integer",
        ArgKind::Double => "double",
        ArgKind::Pattern => "pattern",
        ArgKind::UnixTime => "unix-time",
        ArgKind::Token => "pure-token",
        ArgKind::OneOf => "oneof",
        ArgKind::Block => "block",
    }
}
