//! CONFIG: options read and changed while the server runs.

use crate::base::options::UserLines;
use crate::command::help::{container, help};
use crate::command::monitoring::Faults;
use crate::command::table::server as rows;
use crate::command::{Command, Context, Counters, Fail, Outcome};
use crate::store::Limits;

/// CONFIG and its subcommands.
pub const CONFIG: Command = Command::container(rows::CONFIG, container, SUBCOMMANDS);

static SUBCOMMANDS: &[Command] = &[
    Command::new(rows::CONFIG_GET, get),
    Command::new(rows::CONFIG_HELP, help),
    Command::new(rows::CONFIG_RESETSTAT, resetstat),
    Command::new(rows::CONFIG_REWRITE, rewrite),
    Command::new(rows::CONFIG_SET, set),
];

fn get(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let patterns: Vec<_> = args[2..].iter().map(|pattern| String::from_utf8_lossy(pattern)).collect();
    let patterns: Vec<&str> = patterns.iter().map(AsRef::as_ref).collect();
    let found = ctx.server.options.read().matching(&patterns);
    ctx.out.map(found.len());
    for (name, value) in found {
        ctx.out.bulk(name.as_bytes());
        ctx.out.bulk(value.as_bytes());
    }
    Ok(())
}

fn set(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let mut pairs = Vec::new();
    for pair in args[2..].chunks(2) {
        let [name, value] = *pair else { return Err(Fail::SYNTAX) };
        let Ok(value) = str::from_utf8(value) else {
            let text = "ERR CONFIG SET failed (possibly related to argument '{}') - argument must be UTF-8";
            return Err(Fail::quoting(text, name));
        };
        pairs.push((String::from_utf8_lossy(name), value));
    }
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (&**name, *value)).collect();
    let server = ctx.server;
    let limits = {
        let mut options = server.options.write();
        let mut changed = options.clone();
        changed.set_many_atomically(&pairs).map_err(|error| Fail::with(error.config_set_reply()))?;
        if let Some(hooks) = server.hooks.get() {
            let names: Vec<&str> = pairs.iter().map(|(name, _)| *name).collect();
            hooks.check_options(&changed, &names).map_err(|(name, reason)| {
                let start = "ERR CONFIG SET failed (possibly related to argument";
                Fail::with(format!("{start} '{name}') - {reason}"))
            })?;
        }
        *options = changed;
        if pairs.iter().any(|(name, _)| name.eq_ignore_ascii_case("requirepass")) {
            server.acl.set_default_password(options.requirepass.0.as_bytes(), &*server.commands);
        }
        Limits::from(&*options)
    };
    server.follow_options();
    for partition in ctx.every() {
        partition.keyspace.set_limits(limits.clone());
        partition.follow();
    }
    if let Some(hooks) = server.hooks.get() {
        let names: Vec<&str> = pairs.iter().map(|(name, _)| *name).collect();
        hooks.options_changed(&names);
    }
    ctx.out.ok();
    Ok(())
}

fn resetstat(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    // This call is counted already, and is the first of those that count from now on.
    let own = ctx.server.commands.find(args).unwrap_or_default();
    for (at, partition) in ctx.every().into_iter().enumerate() {
        partition.counters = Counters { commands: u64::from(at == 0), ..Counters::default() };
        partition.keyspace.reset_freed();
        partition.commands.reset();
        if at == 0 {
            partition.commands.begin(own, true);
        }
    }
    ctx.server.stats.reset();
    let monitoring = &ctx.server.monitoring;
    monitoring.elsewhere.lock().reset();
    *monitoring.faults.lock() = Faults::default();
    monitoring.rates.reset();
    ctx.server.acl.denied.reset();
    if let Some(hooks) = ctx.server.hooks.get() {
        hooks.reset_syncs();
    }
    ctx.out.ok();
    Ok(())
}

fn rewrite(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    let mut options = ctx.server.options.read().clone();
    // Users of a file of their own are for ACL SAVE to write.
    if options.aclfile.is_empty() {
        options.user = UserLines::from_lines(&ctx.server.acl.configured_lines(&*ctx.server.commands));
    }
    if options.config_file.is_empty() {
        return Err(Fail::new("ERR The server is running without a config file"));
    }
    options.rewrite_file().map_err(|error| Fail::with(format!("ERR Rewriting config file: {error}")))?;
    ctx.out.ok();
    Ok(())
}
