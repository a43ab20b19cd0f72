//! The commands that open a replication link. What follows on the link is not a matter of commands any more.

use super::arguments::{integer, is_word};
use super::session::Request;
use super::table::server as rows;
use super::{Command, Context, Fail, Outcome};

pub static COMMANDS: &[Command] =
    &[Command::new(rows::REPLCONF, replconf), Command::new(rows::REPLICATE, replicate)];

/// The handshake is checked by whoever makes the feed, which answers it.
fn replicate(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    ctx.session.request = Some(Request::Replicate);
    Ok(())
}

/// What a replica may say of itself before it asks for data.
fn replconf(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    for pair in args[1..].chunks(2) {
        let [name, value] = *pair else { return Err(Fail::SYNTAX) };
        match name {
            name if is_word(name, "listening-port") => {
                integer(value)?;
            }
            name if ["ip-address", "capa", "version"].iter().any(|word| is_word(name, word)) => {}
            _ => return Err(Fail::quoting("ERR Unrecognized REPLCONF option: {}", name)),
        }
    }
    ctx.out.ok();
    Ok(())
}
