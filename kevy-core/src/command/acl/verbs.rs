//! ACL: the verbs that show and change users.

use std::sync::Arc;

use crate::base::log_sink;
use crate::command::arguments::{integer, integer_in, is_word};
use crate::command::help::{container, help, wrong_count};
use crate::command::session::Request;
use crate::command::table::acl as rows;
use crate::command::{Client, Command, Commands, Context, Fail, Outcome};
use crate::resp::Writer;

use super::log::Entry;
use super::rule::{is_user_name, join_selectors};
use super::selector::Selector;
use super::user::{Rules, User};
use super::{CATEGORIES, DEFAULT_USER, clients_of, file, secret};

/// ACL and its subcommands.
pub static COMMANDS: &[Command] = &[Command::container(rows::ACL, container, SUBCOMMANDS)];

static SUBCOMMANDS: &[Command] = &[
    Command::new(rows::ACL_CAT, cat),
    Command::new(rows::ACL_DELUSER, deluser),
    Command::new(rows::ACL_DRYRUN, dryrun),
    Command::new(rows::ACL_GENPASS, genpass),
    Command::new(rows::ACL_GETUSER, getuser),
    Command::new(rows::ACL_HELP, help),
    Command::new(rows::ACL_LIST, list),
    Command::new(rows::ACL_LOAD, load),
    Command::new(rows::ACL_LOG, log),
    Command::new(rows::ACL_SAVE, save),
    Command::new(rows::ACL_SETUSER, setuser),
    Command::new(rows::ACL_USERS, users),
    Command::new(rows::ACL_WHOAMI, whoami),
];

const NO_FILE: Fail = Fail::new(
    "ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER \
     command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store users \
     in the Redis configuration.",
);

fn cat(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let commands = &*ctx.server.commands;
    let names: Vec<&str> = match args[2..] {
        [] => categories(commands),
        [category] => {
            let is_in = |number: &usize| {
                commands.command(*number).spec.categories.iter().any(|own| is_word(category, own))
            };
            if !categories(commands).iter().any(|known| is_word(category, known)) {
                return Err(Fail::quoting("ERR Unknown category '{}'", category));
            }
            (0..commands.count()).filter(is_in).map(|number| commands.name(number)).collect()
        }
        _ => return Err(wrong_count(args[0], args[1])),
    };
    ctx.out.array(names.len());
    names.into_iter().for_each(|name| ctx.out.bulk(name.as_bytes()));
    Ok(())
}

/// Redis's categories, and then others that commands are in.
fn categories(commands: &dyn Commands) -> Vec<&'static str> {
    let mut all = CATEGORIES.to_vec();
    for category in (0..commands.count()).flat_map(|number| commands.command(number).spec.categories) {
        if !all.contains(category) {
            all.push(category);
        }
    }
    all
}

fn setuser(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (acl, commands) = (&ctx.server.acl, &*ctx.server.commands);
    let name = args[2];
    if !is_user_name(name) {
        return Err(Fail::new("ERR Usernames can't contain spaces or null characters"));
    }
    let rules = join_selectors(&args[3..])
        .map_err(|open| Fail::quoting("ERR Unmatched parenthesis in acl selector starting at '{}'.", open))?;
    let all_channels = ctx.server.options.read().acl_pubsub_default.is_all();
    let before = {
        let _changing = acl.changing.lock();
        let before = acl.find(name).map(|user| user.rules());
        let mut after = match &before {
            Some(rules) => (**rules).clone().with_channels_first(all_channels),
            None => Rules::new(commands, all_channels),
        };
        for rule in &rules {
            after.apply(rule, commands).map_err(|error| {
                let shown = Fail::quoting("ERR Error in ACL SETUSER modifier '{}'", rule);
                shown.and(format!(": {error}").as_bytes())
            })?;
        }
        acl.put(name, after);
        before
    };
    if let (Some(before), Some(user)) = (before, acl.find(name)) {
        cut_off(ctx, name, &before, &user.rules());
    }
    ctx.out.ok();
    Ok(())
}

fn deluser(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    if args[2..].contains(&DEFAULT_USER.as_bytes()) {
        return Err(Fail::new("ERR The 'default' user cannot be removed"));
    }
    let mut removed = 0;
    for &name in &args[2..] {
        let acl = &ctx.server.acl;
        let user = {
            let _changing = acl.changing.lock();
            let user = acl.find(name);
            user.inspect(|user| acl.remove(user, &*ctx.server.commands))
        };
        if user.is_some() {
            removed += 1;
            clients_of(ctx.server, name).iter().for_each(|client| end(ctx, client));
        }
    }
    ctx.out.integer(removed);
    Ok(())
}

/// Ends a client's session; the one that asks still gets its reply.
fn end(ctx: &mut Context<'_>, client: &Client) {
    if client.id == ctx.session.client.id && client.fd >= 0 {
        ctx.session.request = Some(Request::Close);
    } else {
        client.kill();
    }
}

/// Ends the sessions of a user's subscribers that follow channels they may no longer use.
fn cut_off(ctx: &mut Context<'_>, name: &[u8], before: &Rules, after: &Rules) {
    if is_superset(after, before) {
        return;
    }
    let is_denied = |channel: &[u8], is_pattern: bool| {
        !after.selectors.iter().any(|selector| selector.allows_channel(channel, is_pattern))
    };
    for client in ctx.server.pubsub.clients_where(is_denied) {
        if client.text.lock().user == name {
            end(ctx, &client);
        }
    }
}

/// Whether every pattern of channels of `old` is one of `new`.
fn is_superset(new: &Rules, old: &Rules) -> bool {
    let patterns = |rules: &Rules| {
        let named = |selector: &Selector| selector.channels().map(<[Vec<u8>]>::to_vec);
        rules.selectors.iter().map(named).collect::<Option<Vec<_>>>().map(|all| all.concat())
    };
    match (patterns(new), patterns(old)) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(new), Some(old)) => old.iter().all(|pattern| new.contains(pattern)),
    }
}

fn getuser(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let Some(user) = ctx.server.acl.find(args[2]) else {
        ctx.out.null();
        return Ok(());
    };
    let rules = user.rules();
    let out = &mut *ctx.out;
    out.map(6);
    out.bulk(b"flags");
    let flags = rules.flags();
    out.set(flags.len());
    flags.into_iter().for_each(|flag| out.bulk(flag.as_bytes()));
    out.bulk(b"passwords");
    out.array(rules.passwords().len());
    rules.passwords().iter().for_each(|hash| out.bulk(hash.text()));
    let Some((root, others)) = rules.selectors.split_first() else { return Ok(()) };
    write_permissions(out, root);
    out.bulk(b"selectors");
    out.array(others.len());
    for selector in others {
        out.map(3);
        write_permissions(out, selector);
    }
    Ok(())
}

fn write_permissions(out: &mut Writer, selector: &Selector) {
    let mut write = |name: &str, write: fn(&Selector, &mut Vec<u8>)| {
        let mut text = Vec::new();
        write(selector, &mut text);
        out.bulk(name.as_bytes());
        out.bulk(&text);
    };
    write("commands", Selector::write_commands);
    write("keys", Selector::write_keys);
    write("channels", Selector::write_channels);
}

fn list(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    let lines = ctx.server.acl.lines();
    ctx.out.array(lines.len());
    lines.iter().for_each(|line| ctx.out.bulk(line));
    Ok(())
}

fn users(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    let users = ctx.server.acl.users();
    ctx.out.array(users.len());
    users.iter().for_each(|user| ctx.out.bulk(&user.name));
    Ok(())
}

fn whoami(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    ctx.out.bulk(&ctx.session.user.name);
    Ok(())
}

fn genpass(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    const OUTSIDE: &str = "ERR ACL GENPASS argument must be the number of bits for the output password, a positive \
                           number up to 4096";
    let bits = match args[2..] {
        [] => 256,
        [bits] => {
            integer(bits)?;
            integer_in(bits, 1..=4096, OUTSIDE)?
        }
        _ => return Err(wrong_count(args[0], args[1])),
    };
    let password = secret::generate(bits as usize)
        .map_err(|error| Fail::with(format!("ERR the system has no random numbers to give: {error}")))?;
    ctx.out.bulk(&password);
    Ok(())
}

fn dryrun(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let commands = &*ctx.server.commands;
    let user =
        ctx.server.acl.find(args[2]).ok_or_else(|| Fail::quoting("ERR User '{}' not found", args[2]))?;
    let line = &args[3..];
    let number = commands.find(line).filter(|&number| {
        // A verb with subcommands and a word that is none of them.
        commands.command(number).subcommands.is_empty() || line.len() < 2
    });
    let number = number.ok_or_else(|| Fail::quoting("ERR Command '{}' not found", line[0]))?;
    let spec = &commands.command(number).spec;
    let name = commands.name(number);
    if !spec.takes(line.len()) {
        return Err(Fail::arity(name));
    }
    match user.may(number, spec, line) {
        Ok(()) => ctx.out.ok(),
        Err(denied) => ctx.out.bulk(&denied.dry_run_reply(name, line)),
    }
    Ok(())
}

fn log(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    const USUAL: usize = 10;
    let count = match args[2..] {
        [] => USUAL,
        [word] if is_word(word, "RESET") => {
            ctx.server.acl.log.clear();
            ctx.out.ok();
            return Ok(());
        }
        [count] => usize::try_from(integer(count)?.max(0)).unwrap_or(usize::MAX),
        _ => return Err(wrong_count(args[0], args[1])),
    };
    let entries = ctx.server.acl.log.latest(count);
    ctx.out.array(entries.len());
    entries.iter().for_each(|entry| write_entry(ctx.out, entry, ctx.now));
    Ok(())
}

fn write_entry(out: &mut Writer, entry: &Entry, now: u64) {
    out.map(10);
    out.bulk(b"count");
    out.unsigned(entry.count);
    let texts: [(&str, &[u8]); 4] = [
        ("reason", entry.reason.word().as_bytes()),
        ("context", entry.place.word().as_bytes()),
        ("object", &entry.object),
        ("username", &entry.user),
    ];
    for (name, text) in texts {
        out.bulk(name.as_bytes());
        out.bulk(text);
    }
    out.bulk(b"age-seconds");
    out.double(now.saturating_sub(entry.updated_ms) as f64 / 1000.0);
    out.bulk(b"client-info");
    out.bulk(&entry.client);
    let numbers = [
        ("entry-id", entry.id),
        ("timestamp-created", entry.created_ms),
        ("timestamp-last-updated", entry.updated_ms),
    ];
    for (name, number) in numbers {
        out.bulk(name.as_bytes());
        out.unsigned(number);
    }
}

fn load(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    let server = ctx.server;
    let (path, all_channels) = {
        let options = server.options.read();
        (file::path(&options).ok_or(NO_FILE)?, options.acl_pubsub_default.is_all())
    };
    let commands = &*server.commands;
    let wanted =
        file::read(&path, commands, all_channels).map_err(|text| Fail::with(format!("ERR {text}")))?;
    let before: Vec<(Arc<User>, Arc<Rules>)> =
        server.acl.users().into_iter().map(|user| (user.clone(), user.rules())).collect();
    for user in server.acl.replace(wanted, commands) {
        clients_of(server, &user.name).iter().for_each(|client| end(ctx, client));
    }
    for (user, rules) in before {
        cut_off(ctx, &user.name, &rules, &user.rules());
    }
    ctx.out.ok();
    Ok(())
}

fn save(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    let path = file::path(&ctx.server.options.read()).ok_or(NO_FILE)?;
    file::write(&path, &ctx.server.acl.lines()).map_err(|error| {
        log_sink::warning(format_args!("{} cannot be written: {error}", path.display()));
        Fail::new("ERR There was an error trying to save the ACLs. Please check the server logs for more information")
    })?;
    ctx.out.ok();
    Ok(())
}
