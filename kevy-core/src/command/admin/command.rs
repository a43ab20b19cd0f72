//! COMMAND: what the table says about every verb, in the reply shapes of Redis 7.2.

use crate::base::glob;
use crate::command::arguments::is_word;
use crate::command::commands::named;
use crate::command::help::help;
use crate::command::keys::{each_key, flags_of};
use crate::command::spec::{Begin, Flags, KeySpec};
use crate::command::table::server as rows;
use crate::command::{Command, Commands, Context, Fail, Outcome};

use super::{command_docs, command_info};

/// COMMAND and its subcommands.
pub const COMMAND: Command = Command::container(rows::COMMAND, all, SUBCOMMANDS);

static SUBCOMMANDS: &[Command] = &[
    Command::new(rows::COMMAND_COUNT, count),
    Command::new(rows::COMMAND_DOCS, docs),
    Command::new(rows::COMMAND_GETKEYS, getkeys),
    Command::new(rows::COMMAND_GETKEYSANDFLAGS, getkeysandflags),
    Command::new(rows::COMMAND_HELP, help),
    Command::new(rows::COMMAND_INFO, info),
    Command::new(rows::COMMAND_LIST, list),
];

/// Numbers of the verbs, without subcommands.
fn verbs(commands: &dyn Commands) -> impl Iterator<Item = usize> {
    (0..commands.count()).filter(|&number| !commands.name(number).contains('|'))
}

fn all(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    if args.len() > 1 {
        return crate::command::help::container(ctx, args);
    }
    write_infos(ctx);
    Ok(())
}

fn write_infos(ctx: &mut Context<'_>) {
    let commands = &*ctx.server.commands;
    ctx.out.array(verbs(commands).count());
    for number in verbs(commands) {
        command_info::write(ctx.out, commands.name(number), commands.command(number));
    }
}

fn count(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    ctx.out.unsigned(verbs(&*ctx.server.commands).count() as u64);
    Ok(())
}

fn info(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let names = &args[2..];
    if names.is_empty() {
        write_infos(ctx);
        return Ok(());
    }
    let commands = &*ctx.server.commands;
    ctx.out.array(names.len());
    for name in names {
        match named(commands, name) {
            Some(number) => command_info::write(ctx.out, commands.name(number), commands.command(number)),
            None => ctx.out.null(),
        }
    }
    Ok(())
}

fn docs(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let commands = &*ctx.server.commands;
    let numbers: Vec<usize> = match &args[2..] {
        [] => verbs(commands).collect(),
        names => names.iter().filter_map(|name| named(commands, name)).collect(),
    };
    ctx.out.map(numbers.len());
    for number in numbers {
        let name = commands.name(number);
        ctx.out.bulk(name.as_bytes());
        command_docs::write(ctx.out, name, commands.command(number));
    }
    Ok(())
}

fn list(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let commands = &*ctx.server.commands;
    let keeps: Box<dyn Fn(usize) -> bool> = match args[2..] {
        [] => Box::new(|_| true),
        [filter, by, wanted] if is_word(filter, "FILTERBY") => match by {
            // There are no modules to have brought a command.
            by if is_word(by, "MODULE") => Box::new(|_| false),
            by if is_word(by, "ACLCAT") => Box::new(move |number| {
                commands.command(number).spec.categories.iter().any(|category| is_word(wanted, category))
            }),
            by if is_word(by, "PATTERN") => {
                Box::new(move |number| glob::matches(wanted, commands.name(number).as_bytes(), true))
            }
            _ => return Err(Fail::SYNTAX),
        },
        _ => return Err(Fail::SYNTAX),
    };
    let kept: Vec<usize> = (0..commands.count()).filter(|&number| keeps(number)).collect();
    ctx.out.array(kept.len());
    for number in kept {
        ctx.out.bulk(commands.name(number).as_bytes());
    }
    Ok(())
}

fn getkeys(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let keys = keys_of_line(ctx, &args[2..])?;
    ctx.out.array(keys.len());
    for (at, _) in keys {
        ctx.out.bulk(args[2 + at]);
    }
    Ok(())
}

fn getkeysandflags(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let keys = keys_of_line(ctx, &args[2..])?;
    ctx.out.array(keys.len());
    for (at, flags) in keys {
        ctx.out.array(2);
        ctx.out.bulk(args[2 + at]);
        command_info::write_words(ctx.out, flags);
    }
    Ok(())
}

const INVALID_ARGUMENTS: Fail = Fail::new("ERR Invalid arguments specified for command");

/// The keys of a full command line: their positions and how each is used.
fn keys_of_line(ctx: &Context<'_>, line: &[&[u8]]) -> Result<Vec<(usize, &'static [&'static str])>, Fail> {
    let commands = &*ctx.server.commands;
    let number = commands.find(line).filter(|&number| {
        let command = commands.command(number);
        // A verb with subcommands and a word that is none of them.
        command.subcommands.is_empty() || line.len() < 2
    });
    let number = number.ok_or(Fail::new("ERR Invalid command specified"))?;
    let spec = &commands.command(number).spec;
    if spec.keys.is_empty() {
        return Err(Fail::new("ERR The command has no key arguments"));
    }
    if !spec.takes(line.len()) {
        return Err(Fail::new("ERR Invalid number of arguments specified for command"));
    }
    let mut keys = Vec::new();
    match each_key(spec, line, |at, key_spec| keys.push((at, flags_of(spec, key_spec.flags, line)))) {
        Ok(()) => {}
        Err(_) if spec.flags.has(Flags::NO_MANDATORY_KEYS) => return Ok(Vec::new()),
        Err(_) => return Err(INVALID_ARGUMENTS),
    }
    // Keys behind a word are not there where the word is not; a count of keys may well be 0.
    let is_behind_word = |key_spec: &KeySpec| matches!(key_spec.begin, Begin::Keyword { .. });
    if keys.is_empty() && spec.keys.iter().all(is_behind_word) {
        return Err(INVALID_ARGUMENTS);
    }
    Ok(keys)
}
