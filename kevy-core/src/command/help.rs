//! HELP of every verb with subcommands, written from the rows of the table.

use std::fmt::Write as _;

use super::spec::{Arg, ArgKind};
use super::{Context, Fail, Outcome};

/// At most this many bytes of a client's word are shown in an error.
const SHOWN_LEN_MAX: usize = 128;

/// The error for a `word` behind a verb that has no such subcommand.
pub fn unknown_subcommand(verb: &[u8], word: &[u8]) -> Fail {
    let verb = String::from_utf8_lossy(verb).to_ascii_uppercase();
    let text = format!("ERR unknown subcommand '{{}}'. Try {verb} HELP.");
    Fail::quoting(&text, &word[..word.len().min(SHOWN_LEN_MAX)])
}

/// The error for a subcommand that checks the number of its arguments itself.
pub fn wrong_count(verb: &[u8], word: &[u8]) -> Fail {
    let verb = String::from_utf8_lossy(verb).to_ascii_uppercase();
    let text = format!("ERR unknown subcommand or wrong number of arguments for '{{}}'. Try {verb} HELP.");
    Fail::quoting(&text, &word[..word.len().min(SHOWN_LEN_MAX)])
}

/// The handler of a verb that only stands for its subcommands: the word behind it names none.
pub fn container(_: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    Err(unknown_subcommand(args[0], args.get(1).copied().unwrap_or_default()))
}

/// `verb HELP`: a heading, then two lines for each subcommand.
pub fn help(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let commands = &ctx.server.commands;
    let rows = commands.find(&args[..1]).map_or(&[][..], |number| commands.command(number).subcommands);
    let verb = String::from_utf8_lossy(args[0]).to_ascii_uppercase();
    ctx.out.array(1 + 2 * rows.len());
    ctx.out.simple(&format!("{verb} <subcommand> [<argument> ...]. The subcommands of {verb}:"));
    for row in rows {
        let mut usage = row.spec.name.to_ascii_uppercase();
        write_all(&mut usage, row.spec.args);
        ctx.out.simple(&usage);
        ctx.out.simple(&format!("    {}", row.spec.summary));
    }
    Ok(())
}

fn write_all(out: &mut String, args: &[Arg]) {
    for arg in args {
        out.push(' ');
        write_arg(out, arg);
    }
}

/// `<value>`, `WORD`, `WORD <value>`, `(one|other)`, in brackets where it may be left out.
fn write_arg(out: &mut String, arg: &Arg) {
    let mut text = String::new();
    if let Some(token) = arg.token {
        text.push_str(token);
        if arg.kind != ArgKind::Token {
            text.push(' ');
        }
    }
    match arg.kind {
        ArgKind::Token => {}
        ArgKind::OneOf => {
            let choices: Vec<String> = arg.children.iter().map(one).collect();
            let _ = write!(text, "({})", choices.join("|"));
        }
        ArgKind::Block => {
            let parts: Vec<String> = arg.children.iter().map(one).collect();
            text.push_str(&parts.join(" "));
        }
        _ => {
            let _ = write!(text, "<{}>", arg.name);
        }
    }
    if arg.multiple {
        let repeated = text.clone();
        let _ = write!(text, " [{repeated} ...]");
    }
    if arg.optional {
        let _ = write!(out, "[{text}]");
    } else {
        out.push_str(&text);
    }
}

fn one(arg: &Arg) -> String {
    let mut text = String::new();
    write_arg(&mut text, arg);
    text
}
