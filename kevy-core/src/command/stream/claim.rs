//! Entries that another consumer takes over: XCLAIM and XAUTOCLAIM.

use smallvec::SmallVec;

use crate::command::arguments::{integer, integer_in, is_word};
use crate::command::notify::event;
use crate::command::{Context, Fail, Origin, Outcome};
use crate::resp::Writer;
use crate::store::{Group, Limits, Nodes, Pending, Stream, StreamId};

use super::effects::GroupEffects;
use super::{clock, id, no_group, stream, write_entry, write_id};

/// What a claim did.
#[derive(Debug, Default)]
struct Done {
    is_new_consumer: bool,
    claimed: Vec<(StreamId, Pending)>,
    /// Entries that waited for acknowledgement and are no longer there.
    gone: Vec<StreamId>,
    /// The position of the group if that has come further.
    progress: Option<(StreamId, Option<u64>)>,
    last_id: StreamId,
}

impl Done {
    fn changed(&self) -> bool {
        self.is_new_consumer || !self.claimed.is_empty() || !self.gone.is_empty() || self.progress.is_some()
    }

    fn record(&self, mut effects: GroupEffects<'_>, consumer: &[u8]) {
        if self.is_new_consumer {
            effects.new_consumer(consumer);
        }
        effects.pending(consumer, &self.claimed, self.last_id);
        effects.acknowledged(&self.gone);
        if let Some((last_id, entries_read)) = self.progress {
            effects.progress(last_id, entries_read);
        }
    }
}

/// How entries are claimed.
#[derive(Clone, Copy, Debug)]
struct Claim {
    /// In milliseconds; entries delivered later than that are left alone.
    idle_min: i64,
    /// The time that counts as the last delivery, in unix milliseconds.
    delivered_at: u64,
    deliveries: Option<u64>,
    /// Entries that wait for nobody's acknowledgement are claimed too.
    force: bool,
    /// Only ids are replied, and it does not count as a delivery.
    just_id: bool,
    now: u64,
}

impl Claim {
    /// How often an entry that is claimed counts as delivered; `None` for one that is to be left alone.
    fn deliveries(&self, old: Option<&Pending>) -> Option<u64> {
        if let Some(old) = old
            && self.idle_min > 0
            && (self.now as i64).wrapping_sub(old.delivered_at as i64) < self.idle_min
        {
            return None;
        }
        // One that is made counts as delivered once before.
        let before = match old {
            Some(old) => old.deliveries,
            None if self.force => 1,
            None => return None,
        };
        Some(self.deliveries.unwrap_or(if self.just_id { before } else { before.saturating_add(1) }))
    }

    /// Lets the consumer have an entry that is there; whether that may be.
    fn take(&self, group: &mut Group, consumer: &[u8], id: StreamId, done: &mut Done) -> bool {
        let Some(deliveries) = self.deliveries(group.get_pending(id)) else { return false };
        let (consumer, is_new) = group.find_or_add(consumer, self.now);
        let pending = Pending { consumer, delivered_at: self.delivered_at, deliveries };
        group.set_pending(id, pending);
        done.is_new_consumer |= is_new;
        done.claimed.push((id, pending));
        true
    }

    /// Replies an entry that was claimed.
    fn write(&self, out: &mut Writer, nodes: &Nodes, id: StreamId) {
        match nodes.get(id).filter(|_| !self.just_id) {
            Some(entry) => write_entry(out, &entry),
            None => write_id(out, id),
        }
    }
}

fn idle_min(arg: &[u8], verb: &str) -> Result<i64, Fail> {
    match integer(arg) {
        Ok(idle) => Ok(idle.max(0)),
        Err(_) => Err(Fail::with(format!("ERR Invalid min-idle-time argument for {verb}"))),
    }
}

fn check_group(context: &mut Context<'_>, key: &[u8], name: &[u8]) -> Result<(), Fail> {
    let (_, found) = context.read(key);
    let group = stream(found)?.and_then(|stream| stream.group(name));
    group.map(|_| ()).ok_or_else(|| no_group(key, name))
}

/// Runs `claim` on a group, and records what it did.
fn run(
    context: &mut Context<'_>,
    args: &[&[u8]],
    claim: impl FnOnce(&mut Writer, &mut Group, &Nodes, &mut Done),
) -> Outcome {
    let (db, now, key, name, consumer) = (context.session.db, context.now, args[1], args[2], args[3]);
    let seen_at = clock(context);
    let out = &mut *context.out;
    let partition = context.partitions.at(key);
    let done = partition.keyspace.edit(db, key, now, false, |stream: &mut Stream, _: &Limits, _| {
        let done = stream.edit_group(name, |group, nodes| {
            let mut done = Done::default();
            claim(out, group, nodes, &mut done);
            if let Some(number) = group.find(consumer) {
                group.edit_consumer(number, |consumer| {
                    consumer.seen_at = seen_at;
                    if !done.claimed.is_empty() {
                        consumer.active_at = Some(seen_at);
                    }
                });
            }
            done.last_id = group.last_id;
            done
        });
        let changed = done.as_ref().is_some_and(Done::changed);
        (done, changed)
    })?;
    if let Some(done) = done.flatten() {
        let effects = GroupEffects { effects: &mut partition.effects, db, key, group: name };
        done.record(effects, consumer);
        if done.is_new_consumer {
            partition.notify(db, event::XGROUP_CREATECONSUMER, key);
        }
    }
    Ok(())
}

/// XCLAIM key group consumer min-idle-time id [id ...] [IDLE ms] [TIME unix-time-milliseconds] [RETRYCOUNT count]
/// [FORCE] [JUSTID] [LASTID lastid]
pub fn xclaim(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    check_group(context, args[1], args[2])?;
    let is_replica = context.origin == Origin::Replica;
    let now = clock(context);
    let mut claim = Claim {
        idle_min: idle_min(args[4], "XCLAIM")?,
        delivered_at: now,
        deliveries: None,
        force: false,
        just_id: false,
        now,
    };
    let ids: SmallVec<[StreamId; 8]> = args[5..].iter().map_while(|arg| id::exact(arg, 0).ok()).collect();
    let (mut time, mut last_id) = (None, None);
    let number = |arg: &[u8], option: &str| {
        integer(arg).map_err(|_| Fail::with(format!("ERR Invalid {option} option argument for XCLAIM")))
    };
    let mut rest = &args[5 + ids.len()..];
    while !rest.is_empty() {
        rest = match rest {
            [word, rest @ ..] if is_word(word, "FORCE") => {
                claim.force = true;
                rest
            }
            [word, rest @ ..] if is_word(word, "JUSTID") => {
                claim.just_id = true;
                rest
            }
            [word, idle, rest @ ..] if is_word(word, "IDLE") => {
                time = Some((now as i64).wrapping_sub(number(idle, "IDLE")?));
                rest
            }
            [word, at, rest @ ..] if is_word(word, "TIME") => {
                time = Some(number(at, "TIME")?);
                rest
            }
            [word, count, rest @ ..] if is_word(word, "RETRYCOUNT") => {
                claim.deliveries = u64::try_from(number(count, "RETRYCOUNT")?).ok();
                rest
            }
            [word, id, rest @ ..] if is_word(word, "LASTID") => {
                last_id = Some(id::exact(id, 0)?);
                rest
            }
            [word, ..] => {
                return Err(Fail::quoting("ERR Unrecognized XCLAIM option '{}'", word));
            }
            [] => rest,
        };
    }
    // The clocks of a primary and its replica need not agree.
    if let Some(Ok(time)) = time.map(u64::try_from)
        && (is_replica || time <= now)
    {
        claim.delivered_at = time;
    }
    // A snapshot tells of what waited for acknowledgement, whether it is still there or not. Redis, as a primary, lets
    // an entry that is not wait no longer, with LASTID.
    let keeps_gone = is_replica && claim.force && last_id.is_none();
    let later = context.out.array_later();
    let mut written = 0;
    run(context, args, |out, group, nodes, done| {
        if let Some(last_id) = last_id.filter(|last_id| *last_id > group.last_id) {
            group.last_id = last_id;
            done.progress = Some((last_id, group.entries_read));
        }
        for &id in &ids {
            if !keeps_gone && nodes.get(id).is_none() {
                if group.acknowledge(id) {
                    done.gone.push(id);
                }
                continue;
            }
            if claim.take(group, args[3], id, done) {
                claim.write(out, nodes, id);
                written += 1;
            }
        }
    })?;
    context.out.finish_array(later, written);
    Ok(())
}

/// How many entries are looked at for one that may be claimed.
const TRIES_PER_ENTRY: u64 = 10;
/// As many entries as an array of their ids could have.
const COUNT_MAX: i64 = i64::MAX / 16;

/// XAUTOCLAIM key group consumer min-idle-time start [COUNT count] [JUSTID]
pub fn xautoclaim(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let now = clock(context);
    let idle_min = idle_min(args[4], "XAUTOCLAIM")?;
    let start = id::range_start(args[5])?;
    let (mut count, mut just_id) = (100, false);
    let mut rest = &args[6..];
    while !rest.is_empty() {
        rest = match rest {
            [word, number, rest @ ..] if is_word(word, "COUNT") => {
                count = integer_in(number, 1..=COUNT_MAX, "ERR COUNT must be > 0")? as u64;
                rest
            }
            [word, rest @ ..] if is_word(word, "JUSTID") => {
                just_id = true;
                rest
            }
            _ => return Err(Fail::SYNTAX),
        };
    }
    check_group(context, args[1], args[2])?;
    let claim = Claim { idle_min, delivered_at: now, deliveries: None, force: false, just_id, now };
    context.out.array(3);
    let mut gone = Vec::new();
    let mut reply = Writer::new(context.out.protocol);
    let (mut cursor, mut written) = (Some(start), 0);
    run(context, args, |_, group, nodes, done| {
        let mut tries = count.saturating_mul(TRIES_PER_ENTRY);
        let next = |cursor: &mut Option<StreamId>, group: &Group| {
            *cursor = cursor.and_then(|at| group.pending(at).next()).map(|(id, _)| id);
            *cursor
        };
        while let Some(id) = next(&mut cursor, group) {
            if count == 0 || tries == 0 {
                break;
            }
            tries -= 1;
            cursor = id.next();
            if nodes.get(id).is_none() {
                group.acknowledge(id);
                done.gone.push(id);
                count -= 1;
                continue;
            }
            if claim.take(group, args[3], id, done) {
                claim.write(&mut reply, nodes, id);
                written += 1;
                count -= 1;
            }
        }
        gone.clone_from(&done.gone);
    })?;
    let out = &mut *context.out;
    write_id(out, cursor.unwrap_or(StreamId::MIN));
    out.array(written);
    out.raw(&reply.buf);
    out.array(gone.len());
    gone.iter().for_each(|id| write_id(out, *id));
    Ok(())
}
