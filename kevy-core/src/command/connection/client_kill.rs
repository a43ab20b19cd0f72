//! CLIENT KILL.

use crate::base::number::parse_i64;
use crate::command::acl::Acl;
use crate::command::arguments::{integer_in, is_word};
use crate::command::client::ClientKind;
use crate::command::session::Request;
use crate::command::{Client, Context, Fail, Outcome};

use super::client::kind_of;

/// Which clients to end; what is `None` says nothing.
#[derive(Default)]
struct Filter<'a> {
    id: Option<u64>,
    kind: Option<ClientKind>,
    address: Option<&'a [u8]>,
    local_address: Option<&'a [u8]>,
    user: Option<&'a [u8]>,
    /// At least this many seconds old.
    age_seconds_min: Option<u64>,
    skip_me: bool,
}

impl<'a> Filter<'a> {
    fn parse(args: &[&'a [u8]], acl: &Acl) -> Result<Self, Fail> {
        if let [address] = args {
            return Ok(Self { address: Some(address), ..Self::default() });
        }
        let mut filter = Self { skip_me: true, ..Self::default() };
        for pair in args.chunks(2) {
            let [option, value] = *pair else { return Err(Fail::SYNTAX) };
            match option {
                option if is_word(option, "ID") => {
                    let id = integer_in(value, 1..=i64::MAX, "ERR client-id should be greater than 0")?;
                    filter.id = Some(id as u64);
                }
                option if is_word(option, "TYPE") => filter.kind = Some(kind_of(value)?),
                option if is_word(option, "ADDR") => filter.address = Some(value),
                option if is_word(option, "LADDR") => filter.local_address = Some(value),
                option if is_word(option, "USER") => {
                    if acl.find(value).is_none() {
                        return Err(Fail::quoting("ERR No such user '{}'", value));
                    }
                    filter.user = Some(value);
                }
                option if is_word(option, "SKIPME") => {
                    filter.skip_me = match value {
                        value if is_word(value, "yes") => true,
                        value if is_word(value, "no") => false,
                        _ => return Err(Fail::SYNTAX),
                    };
                }
                option if is_word(option, "MAXAGE") => {
                    let age =
                        parse_i64(value).ok_or(Fail::new("ERR maxage is not an integer or out of range"))?;
                    let age = u64::try_from(age).ok().filter(|age| *age > 0);
                    filter.age_seconds_min =
                        Some(age.ok_or(Fail::new("ERR maxage should be greater than 0"))?);
                }
                _ => return Err(Fail::SYNTAX),
            }
        }
        Ok(filter)
    }

    fn takes(&self, client: &Client, now: u64) -> bool {
        let age_seconds = now.saturating_sub(client.created_ms) / 1000;
        self.id.is_none_or(|id| client.id == id)
            && self.kind.is_none_or(|kind| client.kind() == kind)
            && self.address.is_none_or(|address| client.address.as_bytes() == address)
            && self.local_address.is_none_or(|address| client.local_address.as_bytes() == address)
            && self.user.is_none_or(|user| client.text.lock().user == user)
            && self.age_seconds_min.is_none_or(|min| age_seconds >= min)
    }
}

pub fn kill(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let filter = Filter::parse(&args[2..], &ctx.server.acl)?;
    let me = ctx.session.client.id;
    let mut killed = 0;
    for client in ctx.server.clients.list() {
        if !filter.takes(&client, ctx.now) || filter.skip_me && client.id == me {
            continue;
        }
        killed += 1;
        if client.id == me && client.fd >= 0 {
            // The reply still has to leave.
            ctx.session.request = Some(Request::Close);
        } else {
            client.kill();
        }
    }
    if args.len() > 3 {
        ctx.out.integer(killed);
    } else if killed > 0 {
        ctx.out.ok();
    } else {
        return Err(Fail::new("ERR No such client"));
    }
    Ok(())
}
