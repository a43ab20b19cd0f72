//! AUTH and HELLO.

use crate::base::number::parse_i64;
use crate::command::acl::{DEFAULT_USER, Place, Reason};
use crate::command::arguments::is_word;
use crate::command::version::REDIS_VERSION;
use crate::command::{Context, Fail, Outcome};
use crate::resp::Protocol;

use super::client::check_name;
use super::{set_protocol, version};

const WRONG_PASSWORD: Fail = Fail::new("WRONGPASS invalid username-password pair or user is disabled.");
const NO_PASSWORD: Fail = Fail::new(
    "ERR AUTH <password> called without any password configured for the default user. \
     Are you sure your configuration is correct?",
);
const HELLO_BEFORE_AUTH: Fail = Fail::new(
    "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> \
     option can be used to authenticate the client and select the RESP protocol version at the \
     same time",
);

pub fn auth(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (user, password) = match args {
        [_, password] => {
            if ctx.server.acl.takes_any_password() {
                return Err(NO_PASSWORD);
            }
            (DEFAULT_USER.as_bytes(), *password)
        }
        [_, user, password] => (*user, *password),
        _ => return Err(Fail::SYNTAX),
    };
    authenticate(ctx, args[0], user, password)?;
    ctx.out.ok();
    Ok(())
}

/// Makes the session that of `user` if the password is right. `verb` is what asked for it.
fn authenticate(ctx: &mut Context<'_>, verb: &[u8], user: &[u8], password: &[u8]) -> Outcome {
    let Some(accepted) = ctx.server.acl.authenticate(user, password) else {
        let place = if ctx.session.is_queueing() { Place::Multi } else { Place::TopLevel };
        ctx.server.note_denied(ctx.session, (Reason::Auth, place), verb, user, ctx.now);
        return Err(WRONG_PASSWORD);
    };
    ctx.session.log_in(accepted);
    Ok(())
}

/// What HELLO was asked to change.
#[derive(Default)]
struct Greeting<'a> {
    protocol: Option<Protocol>,
    credentials: Option<(&'a [u8], &'a [u8])>,
    name: Option<&'a [u8]>,
}

impl<'a> Greeting<'a> {
    fn parse(args: &[&'a [u8]]) -> Result<Self, Fail> {
        let mut greeting = Self::default();
        let Some((asked, mut rest)) = args.split_first() else { return Ok(greeting) };
        greeting.protocol = Some(match parse_i64(asked) {
            Some(2) => Protocol::Resp2,
            Some(3) => Protocol::Resp3,
            Some(_) => return Err(Fail::new("NOPROTO unsupported protocol version")),
            None => return Err(Fail::new("ERR Protocol version is not an integer or out of range")),
        });
        loop {
            rest = match rest {
                [] => return Ok(greeting),
                [word, user, password, rest @ ..] if is_word(word, "AUTH") => {
                    greeting.credentials = Some((user, password));
                    rest
                }
                [word, name, rest @ ..] if is_word(word, "SETNAME") => {
                    check_name(name)?;
                    greeting.name = Some(name);
                    rest
                }
                [word, ..] => return Err(Fail::quoting("ERR Syntax error in HELLO option '{}'", word)),
            }
        }
    }
}

pub fn hello(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let greeting = Greeting::parse(&args[1..])?;
    if let Some((user, password)) = greeting.credentials {
        authenticate(ctx, args[0], user, password)?;
    }
    if !ctx.session.authenticated {
        return Err(HELLO_BEFORE_AUTH);
    }
    if let Some(name) = greeting.name {
        name.clone_into(&mut ctx.session.client.text.lock().name);
    }
    if let Some(protocol) = greeting.protocol {
        set_protocol(ctx, protocol);
    }
    let out = &mut *ctx.out;
    out.map(7);
    for (field, value) in [("server", "redis"), ("version", REDIS_VERSION)] {
        out.bulk(field.as_bytes());
        out.bulk(value.as_bytes());
    }
    out.bulk(b"proto");
    out.integer(version(out.protocol).into());
    out.bulk(b"id");
    out.unsigned(ctx.session.client.id);
    let role = if ctx.server.role.is_replica() { "replica" } else { "master" };
    let mode = if ctx.server.cluster.get().is_some() { "cluster" } else { "standalone" };
    for (field, value) in [("mode", mode), ("role", role)] {
        out.bulk(field.as_bytes());
        out.bulk(value.as_bytes());
    }
    out.bulk(b"modules");
    out.array(0);
    Ok(())
}
