//! CLIENT TRACKING, CACHING, GETREDIR and TRACKINGINFO.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::command::arguments::{integer, is_word};
use crate::command::tracking::{Tracking, track, untrack};
use crate::command::{Client, Context, Fail, Outcome};

const OTHER_BROADCAST: Fail = Fail::new(
    "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a \
     different mode.",
);
const OTHER_OPTION: Fail = Fail::new(
    "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a \
     different mode.",
);

/// Reads the options behind ON or OFF.
fn parse(ctx: &Context<'_>, args: &[&[u8]]) -> Result<(Tracking, Option<Arc<Client>>), Fail> {
    let mut tracking = Tracking::default();
    let mut target = None;
    let mut rest = args.iter();
    while let Some(option) = rest.next() {
        match *option {
            word if is_word(word, "REDIRECT") => {
                let id = rest.next().ok_or(Fail::SYNTAX)?;
                if tracking.redirect.is_some() {
                    return Err(Fail::new("ERR A client can only redirect to a single other client"));
                }
                let client = u64::try_from(integer(id)?).ok().and_then(|id| ctx.server.clients.get(id));
                let client =
                    client.ok_or(Fail::new("ERR The client ID you want redirect to does not exist"))?;
                tracking.redirect = Some(client.id);
                target = Some(client);
            }
            word if is_word(word, "BCAST") => tracking.broadcast = true,
            word if is_word(word, "OPTIN") => tracking.opt_in = true,
            word if is_word(word, "OPTOUT") => tracking.opt_out = true,
            word if is_word(word, "NOLOOP") => tracking.no_loop = true,
            word if is_word(word, "PREFIX") => {
                tracking.prefixes.push((*rest.next().ok_or(Fail::SYNTAX)?).into());
            }
            _ => return Err(Fail::SYNTAX),
        }
    }
    Ok((tracking, target))
}

/// Refuses what does not fit together, or does not fit what the session has asked for before.
fn check(tracking: &Tracking, before: Option<&Tracking>) -> Outcome {
    if !tracking.broadcast && !tracking.prefixes.is_empty() {
        return Err(Fail::new("ERR PREFIX option requires BCAST mode to be enabled"));
    }
    if before.is_some_and(|before| before.broadcast != tracking.broadcast) {
        return Err(OTHER_BROADCAST);
    }
    if tracking.broadcast && (tracking.opt_in || tracking.opt_out) {
        return Err(Fail::new("ERR OPTIN and OPTOUT are not compatible with BCAST"));
    }
    if tracking.opt_in && tracking.opt_out {
        return Err(Fail::new("ERR You can't specify both OPTIN mode and OPTOUT mode"));
    }
    let turns = |before: &Tracking| tracking.opt_in && before.opt_out || tracking.opt_out && before.opt_in;
    if before.is_some_and(turns) {
        return Err(OTHER_OPTION);
    }
    for (at, prefix) in tracking.prefixes.iter().enumerate() {
        let existing = before.map_or(&[][..], |before| &before.prefixes);
        if let Some(other) = existing.iter().find(|other| overlap(prefix, other)) {
            return Err(overlapping(prefix, "an existing prefix", other));
        }
        if let Some(other) = tracking.prefixes[at + 1..].iter().find(|other| overlap(prefix, other)) {
            return Err(overlapping(prefix, "another provided prefix", other));
        }
    }
    Ok(())
}

fn overlap(a: &[u8], b: &[u8]) -> bool {
    a.starts_with(b) || b.starts_with(a)
}

fn overlapping(prefix: &[u8], which: &str, other: &[u8]) -> Fail {
    Fail::quoting("ERR Prefix '{}' overlaps with ", prefix)
        .and(which.as_bytes())
        .and(b" '")
        .and(crate::command::spec::shown(other))
        .and(b"'. Prefixes for a single client must not overlap.")
}

pub fn tracking(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (mut tracking, target) = parse(ctx, &args[3..])?;
    match args[2] {
        word if is_word(word, "ON") => {
            let before = ctx.session.follows.tracking.as_deref();
            check(&tracking, before)?;
            if tracking.broadcast {
                let mut prefixes = before.map(|before| before.prefixes.clone()).unwrap_or_default();
                if tracking.prefixes.is_empty() && prefixes.is_empty() {
                    tracking.prefixes.push(Box::default());
                }
                prefixes.append(&mut tracking.prefixes);
                tracking.prefixes = prefixes;
            }
            track(ctx.server, ctx.session, tracking, target);
            // Whoever changes a key from now on notes it.
            for partition in ctx.every() {
                partition.keyspace.note_changes(true);
            }
        }
        word if is_word(word, "OFF") => untrack(ctx.server, ctx.session),
        _ => return Err(Fail::SYNTAX),
    }
    ctx.out.ok();
    Ok(())
}

pub fn caching(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let Some(tracking) = &mut ctx.session.follows.tracking else {
        return Err(Fail::new(
            "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled",
        ));
    };
    match args[2] {
        word if is_word(word, "YES") => {
            if !tracking.opt_in {
                return Err(Fail::new(
                    "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.",
                ));
            }
            tracking.caching = Some(true);
        }
        word if is_word(word, "NO") => {
            if !tracking.opt_out {
                return Err(Fail::new(
                    "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.",
                ));
            }
            tracking.caching = Some(false);
        }
        _ => return Err(Fail::SYNTAX),
    }
    ctx.out.ok();
    Ok(())
}

fn redirect(tracking: Option<&Tracking>) -> i64 {
    tracking.map_or(-1, |tracking| tracking.redirect.map_or(0, |id| id as i64))
}

pub fn getredir(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    ctx.out.integer(redirect(ctx.session.follows.tracking.as_deref()));
    Ok(())
}

pub fn trackinginfo(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    let tracking = ctx.session.follows.tracking.as_deref();
    let mut flags: Vec<&str> = vec![if tracking.is_some() { "on" } else { "off" }];
    if let Some(tracking) = tracking {
        let is_broken = ctx.session.client.is_redirect_broken.load(Ordering::Relaxed);
        let shown = [
            (tracking.broadcast, "bcast"),
            (tracking.opt_in, "optin"),
            (tracking.opt_in && tracking.caching == Some(true), "caching-yes"),
            (tracking.opt_out, "optout"),
            (tracking.opt_out && tracking.caching == Some(false), "caching-no"),
            (tracking.no_loop, "noloop"),
            (is_broken, "broken_redirect"),
        ];
        flags.extend(shown.iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| flag));
    }
    let out = &mut *ctx.out;
    out.map(3);
    out.bulk(b"flags");
    out.set(flags.len());
    flags.iter().for_each(|flag| out.bulk(flag.as_bytes()));
    out.bulk(b"redirect");
    out.integer(redirect(tracking));
    out.bulk(b"prefixes");
    let mut prefixes: Vec<&Box<[u8]>> = tracking.iter().flat_map(|tracking| &tracking.prefixes).collect();
    prefixes.sort();
    out.array(prefixes.len());
    prefixes.iter().for_each(|prefix| out.bulk(prefix));
    Ok(())
}
