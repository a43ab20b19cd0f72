//! The commands that open a replication link, and those that turn the role. What follows on the link is not a matter of
//! commands any more.

use crate::base::log_sink;
use crate::base::number::format_u64;
use crate::base::options::PrimaryAddress;

use super::arguments::{integer_in, is_word};
use super::session::Request;
use super::table::server as rows;
use super::{ClientKind, Command, Context, Fail, Outcome};

pub static COMMANDS: &[Command] = &[
    Command::new(rows::REPLICAOF, replicaof),
    Command::new(rows::REPLICATE, replicate),
    Command::new(rows::ROLE, role),
    Command::new(rows::SLAVEOF, replicaof),
];

/// What clients that wait for keys are told when these become another server's business.
const UNBLOCKED: &str =
    "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)";

/// Turns the role while every token is held, so that no command runs in part under either.
fn replicaof(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    if ctx.session.client.kind() == ClientKind::Replica {
        return Err(Fail::new("ERR Command is not valid when client is a replica."));
    }
    let server = ctx.server;
    let Some(hooks) = server.hooks.get() else {
        return Err(Fail::new("ERR a bare keyspace follows nobody"));
    };
    let [_, host, port] = *args else { return Err(Fail::SYNTAX) };
    let primary = if is_word(host, "no") && is_word(port, "one") {
        None
    } else {
        let port = integer_in(port, 0..=i64::from(u16::MAX), "ERR Invalid master port")?;
        let host = std::str::from_utf8(host).map_err(|_| Fail::new("ERR Invalid master host"))?;
        Some(PrimaryAddress::new(host, port as u16))
    };
    if server.role.primary() == primary {
        ctx.out.simple(if primary.is_some() { "OK Already connected to specified master" } else { "OK" });
        return Ok(());
    }
    match &primary {
        Some(address) => log_sink::warning(format_args!("follows {} from now on", address.shown())),
        None => log_sink::warning(format_args!("follows nobody from now on and takes writes")),
    }
    if primary.is_some() {
        for waiter in server.clients.list().iter().filter_map(|client| client.waiter()) {
            waiter.unblock(Some(UNBLOCKED));
        }
    }
    server.options.write().replicaof.clone_from(&primary);
    for partition in ctx.every() {
        partition.keyspace.set_replica(primary.is_some());
    }
    server.role.turn(primary);
    server.settle_role();
    hooks.role_turned();
    ctx.out.ok();
    Ok(())
}

fn role(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    let hooks = ctx.server.hooks.get();
    let out = &mut *ctx.out;
    let role = &ctx.server.role;
    if let Some(PrimaryAddress { host, port, .. }) = role.primary() {
        out.array(5);
        out.bulk(b"slave");
        out.bulk(host.as_bytes());
        out.integer(port.into());
        out.bulk(role.link_state().word().as_bytes());
        out.integer(role.applied_if_linked().map_or(-1, |applied| applied as i64));
        return Ok(());
    }
    let replicas = hooks.map(|hooks| hooks.replicas()).unwrap_or_default();
    out.array(3);
    out.bulk(b"master");
    out.unsigned(hooks.map(|hooks| hooks.replication_offset()).unwrap_or_default());
    out.array(replicas.len());
    for (address, port, offset) in replicas {
        out.array(3);
        out.bulk(address.as_bytes());
        out.bulk(format_u64(port.into()).as_bytes());
        out.bulk(format_u64(offset).as_bytes());
    }
    Ok(())
}

/// Refuses users who may see some keys only: a copy holds all of them.
pub fn check_copy(ctx: &Context<'_>, args: &[&[u8]]) -> Outcome {
    let Some(number) = ctx.server.commands.find(args) else { return Ok(()) };
    let spec = &ctx.server.commands.command(number).spec;
    if ctx.session.user.may_copy_every_key(number, spec, args) {
        return Ok(());
    }
    Err(Fail::new(
        "NOPERM this user may see only the keys that its patterns name, and a replica gets all of them. Let it read every \
         key (%R~*), or name no keys; a replica of kevy may ask by prefix for keys of a pattern such as app:*, given every \
         channel",
    ))
}

/// The handshake is checked by whoever makes the feed, which answers it: there too where it asks for keys that the user, who
/// may see some only, may not.
fn replicate(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let part = match check_copy(ctx, args) {
        Ok(()) => None,
        Err(refused) => {
            let Some(number) = ctx.server.commands.find(args) else { return Err(refused) };
            let spec = &ctx.server.commands.command(number).spec;
            let part = ctx.session.user.prefixes_to_copy(number, spec, args);
            if part.is_empty() {
                return Err(refused);
            }
            Some(part)
        }
    };
    ctx.session.introduction.part = part;
    ctx.session.request = Some(Request::Replicate);
    Ok(())
}
