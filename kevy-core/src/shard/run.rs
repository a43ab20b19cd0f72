//! Running commands on shards whose tokens are held.

use std::time::Instant;

use smallvec::SmallVec;

use crate::base::slot::{shard_of_slot, slot_of};
use crate::base::token::OwnedGuard;
use crate::command::monitoring::Fault;
use crate::command::server::Gates;
use crate::command::session::Request;
use crate::command::spec::Flags;
use crate::command::{Command, Context, Fail, Origin, Partition, Partitions, Server, Session, tracking};
use crate::resp::Writer;

use super::unblock::Held;
use super::{Shard, Shards, unblock};

/// What a run needs besides the shards.
#[derive(Debug)]
pub struct Caller<'a> {
    pub server: &'a Server,
    pub session: &'a mut Session,
    pub out: &'a mut Writer,
    pub now: u64,
    pub origin: Origin,
    /// The number of the command that runs.
    pub number: usize,
}

/// Runs one command whose keys all lie on `shard`.
#[inline]
pub fn run_alone(shard: &mut Shard, caller: &mut Caller<'_>, command: &Command, args: &[&[u8]]) {
    shard.partition.counters.commands += 1;
    if let Err(fail) = admit(&mut shard.partition, caller, command) {
        caller.out.error_bytes(fail.bytes());
        caller.server.count_fault(caller.number, Fault::Rejected, fail.bytes());
        shard.settle();
        return;
    }
    let monitoring = &caller.server.monitoring;
    let started = shard.partition.commands.begin(caller.number, monitoring.times_all());
    call(Partitions::One(&mut shard.partition), caller, command, args);
    if let Some(started) = started {
        finish(&mut shard.partition, caller, started, args);
    }
    shard.settle_for(caller.session.client.id);
    commit_alone(shard);
    if shard.owes() {
        unblock::serve(None, &mut SmallVec::from_iter([shard]), caller.server);
    }
}

/// Notes how long a command took that was timed.
#[inline(never)]
fn finish(partition: &mut Partition, caller: &Caller<'_>, started: Instant, args: &[&[u8]]) {
    let nanos = started.elapsed().as_nanos() as u64;
    let Caller { server, session, number, .. } = caller;
    if session.retrying && caller.out.is_empty() || matches!(session.request, Some(Request::Block(_))) {
        // It counts when it is served.
        return partition.commands.cancel(*number, true);
    }
    partition.commands.end(*number, nanos, server.monitoring.tracks());
    let sleeps = matches!(session.request, Some(Request::Sleep { .. }));
    if server.monitoring.is_noteworthy(nanos) || sleeps {
        server.note_slow(session, *number, args, nanos);
    }
}

/// Allocations freed for each key evicted, so that eviction sees the memory it gained.
const FREE_BUDGET: usize = 1024;

/// Looks whether a command may run, and makes room under `maxmemory` before one that may grow the keyspace.
#[inline]
fn admit(partition: &mut Partition, caller: &Caller<'_>, command: &Command) -> Result<(), Fail> {
    if caller.server.gates.any() {
        check_gates(caller, command)?;
    }
    admit_memory(partition, caller, command.spec.flags.has(Flags::DENYOOM))
}

/// Makes room under `maxmemory`; fails where what runs next `must_fit` and does not.
#[inline]
fn admit_memory(partition: &mut Partition, caller: &Caller<'_>, must_fit: bool) -> Result<(), Fail> {
    let limit = caller.server.maxmemory();
    // What goes from a replica went from its primary before.
    if limit == 0 || caller.origin == Origin::Replica || partition.keyspace.is_replica() {
        return Ok(());
    }
    make_room(partition, caller, limit, must_fit)
}

/// Refuses a client's writes while they could not be made to last, and those that were let in before the role turned.
#[cold]
fn check_gates(caller: &Caller<'_>, command: &Command) -> Result<(), Fail> {
    if command.spec.flags.has(Flags::WRITE) { caller.server.check_write(caller.origin) } else { Ok(()) }
}

#[cold]
fn make_room(
    partition: &mut Partition,
    caller: &Caller<'_>,
    limit: usize,
    must_fit: bool,
) -> Result<(), Fail> {
    let server = caller.server;
    if server.gates.is_closed(Gates::PAUSED_WRITES) {
        // What is evicted would have to reach the replicas.
        return Ok(());
    }
    let index = partition.index;
    let started = (server.monitoring.latency.threshold_ms() > 0).then(Instant::now);
    server.publish_memory(index, partition.keyspace.used_memory());
    while server.used_memory() > limit {
        if partition.keyspace.evict_one(caller.now).is_none() {
            break;
        }
        // What was evicted counts until it is freed.
        partition.keyspace.free_some(FREE_BUDGET);
        server.publish_memory(index, partition.keyspace.used_memory());
    }
    if let Some(started) = started {
        server.monitoring.latency.note("eviction-cycle", started.elapsed().as_millis() as u64, caller.now);
    }
    if must_fit && server.used_memory() > limit { Err(Fail::OUT_OF_MEMORY) } else { Ok(()) }
}

/// Calls the handler and writes its error if it fails.
#[inline]
fn call(partitions: Partitions<'_>, caller: &mut Caller<'_>, command: &Command, args: &[&[u8]]) {
    let mut context = Context {
        out: caller.out,
        session: caller.session,
        server: caller.server,
        now: caller.now,
        origin: caller.origin,
        partitions,
    };
    if let Err(fail) = command.call(&mut context, args) {
        context.out.error_bytes(fail.bytes());
        context.server.count_fault(caller.number, Fault::Failed, fail.bytes());
    }
    if context.session.follows.any {
        tracking::remember(&mut context.partitions, context.session, &command.spec, args);
    }
    if context.server.monitors.is_on() {
        context.server.show(context.session, &command.spec, args);
    }
}

/// Moves the effects of what just ran to the shard's stream.
#[inline]
fn commit_alone(shard: &mut Shard) {
    shard.settle();
    if shard.partition.effects.is_empty() {
        return;
    }
    if shard.partition.effects.passes_on() && shard.stream.is_logged() {
        return commit_apart(shard, 0, &[]);
    }
    let Shard { partition, stream, .. } = shard;
    let wrap = partition.effects.len() > 1;
    if wrap {
        stream.begin(0, &[]);
    }
    for (db, argv) in partition.effects.iter() {
        stream.append(db, argv);
    }
    if wrap {
        stream.end();
    }
    partition.effects.clear();
}

/// As [`commit_alone`], or as the part of a transaction over several shards, where the log on disk is not to hold all of the
/// effects: what changes nothing that is kept follows the unit.
#[cold]
fn commit_apart(shard: &mut Shard, transaction: u64, changed: &[usize]) {
    let Shard { partition, stream, .. } = shard;
    let wrap = changed.len() > 1 || partition.effects.iter_only(true).nth(1).is_some();
    if wrap {
        stream.begin(transaction, changed);
    }
    partition.effects.iter_only(true).for_each(|(db, argv)| stream.append(db, argv));
    if wrap {
        stream.end();
    }
    partition.effects.iter_only(false).for_each(|(db, argv)| stream.pass_on(db, argv));
    partition.effects.clear();
}

/// Runs commands one after the other on several shards at one instant: a multi-shard command or EXEC.
///
/// `members` are the shards' numbers in the order of `guards`. `run` gets the partitions and may call any number
/// of commands through [`Step::call`]; all their effects become one transaction.
pub fn run_many<R>(
    shards: &Shards,
    guards: &mut [OwnedGuard<'_, Shard>],
    members: &[usize],
    caller: &mut Caller<'_>,
    run: impl FnOnce(&mut Step<'_, '_, '_>) -> R,
) -> R {
    let mut held: Held<'_> = guards.iter_mut().map(|guard| &mut **guard).collect();
    let result = run(&mut Step::new(&mut held, members, shards.len(), caller));
    held.iter_mut().for_each(|shard| shard.settle_for(caller.session.client.id));
    commit(Some(shards), &mut held);
    if held.iter().any(|shard| shard.owes()) {
        unblock::serve(Some(shards), &mut held, caller.server);
    }
    result
}

/// Moves the effects of what just ran to the streams of the held shards. Those of several shards become one
/// transaction, whose number `shards` gives; who holds one shard needs none.
pub(super) fn commit(shards: Option<&Shards>, held: &mut Held<'_>) {
    let changed: SmallVec<[usize; 8]> = held
        .iter()
        .filter(|shard| !shard.partition.effects.is_empty())
        .map(|shard| shard.partition.index)
        .collect();
    match shards {
        Some(shards) if changed.len() > 1 => commit_together(shards, held, &changed),
        _ => held.iter_mut().for_each(|shard| commit_alone(shard)),
    }
}

fn commit_together(shards: &Shards, held: &mut Held<'_>, changed: &[usize]) {
    let transaction = shards.next_transaction();
    for shard in held {
        shard.settle();
        let Shard { partition, stream, .. } = &mut **shard;
        if partition.effects.is_empty() {
            continue;
        }
        if partition.effects.passes_on() && stream.is_logged() {
            commit_apart(shard, transaction, changed);
            continue;
        }
        stream.begin(transaction, changed);
        for (db, argv) in partition.effects.iter() {
            stream.append(db, argv);
        }
        stream.end();
        partition.effects.clear();
    }
}

fn home_of(key: &[u8], shards: usize) -> usize {
    shard_of_slot(slot_of(key), shards)
}

/// Several held shards on which commands run.
#[derive(Debug)]
pub struct Step<'a, 'p, 'c> {
    partitions: SmallVec<[&'p mut Partition; 8]>,
    members: &'a [usize],
    shards: usize,
    caller: &'a mut Caller<'c>,
}

impl<'a, 'p, 'c> Step<'a, 'p, 'c> {
    /// `members` are the numbers of the held shards among all `shards`.
    pub(super) fn new(
        held: &'p mut Held<'_>,
        members: &'a [usize],
        shards: usize,
        caller: &'a mut Caller<'c>,
    ) -> Self {
        let partitions = held.iter_mut().map(|shard| &mut shard.partition).collect();
        Self { partitions, members, shards, caller }
    }

    pub fn out(&mut self) -> &mut Writer {
        self.caller.out
    }

    pub fn session(&mut self) -> &mut Session {
        self.caller.session
    }

    /// Lets watched keys that have expired break their watches.
    pub fn expire_watched(&mut self) {
        let Caller { session, now, .. } = &mut *self.caller;
        for (db, key) in &session.watched {
            let home = home_of(key, self.shards);
            if let Ok(at) = self.members.binary_search(&home) {
                self.partitions[at].keyspace.exists(*db, key, *now);
            }
        }
    }

    /// Ends all watches of the session.
    pub fn forget_watches(&mut self) {
        let session = &mut *self.caller.session;
        for (db, key) in std::mem::take(&mut session.watched) {
            let home = home_of(&key, self.shards);
            if let Ok(at) = self.members.binary_search(&home) {
                self.partitions[at].keyspace.unwatch(db, &key, &session.watch_broken);
            }
        }
        session.watch_broken = Default::default();
    }

    /// Looks whether commands may run of which one `writes` or `must_fit` under `maxmemory`, so that all of them run.
    pub fn admit_all(&mut self, writes: bool, must_fit: bool) -> Result<(), Fail> {
        let writable = self.caller.server.check_write(self.caller.origin);
        if writes {
            writable.clone()?;
        }
        self.caller.session.exec_writes = writable;
        let caller = &*self.caller;
        self.partitions.iter_mut().try_for_each(|partition| admit_memory(partition, caller, must_fit))
    }

    /// Runs one command on the held shards.
    pub fn call(&mut self, number: usize, args: &[&[u8]]) {
        let server = self.caller.server;
        let command = server.commands.command(number);
        self.caller.number = number;
        let Some(first) = self.partitions.first_mut() else {
            return self.call_nowhere(number, args);
        };
        first.counters.commands += 1;
        // A transaction is admitted as a whole: one that has begun runs to its end.
        let admitted = self.caller.session.in_exec;
        for partition in self.partitions.iter_mut().filter(|_| !admitted) {
            if let Err(fail) = admit(partition, self.caller, command) {
                self.caller.out.error_bytes(fail.bytes());
                server.count_fault(number, Fault::Rejected, fail.bytes());
                return;
            }
        }
        let times_all = server.monitoring.times_all();
        // Whether a command that waits counts is known behind it.
        let waits = command.spec.flags.has(Flags::BLOCKING);
        let started =
            self.partitions.first_mut().and_then(|one| one.commands.begin(number, times_all || waits));
        let partitions = match &mut self.partitions[..] {
            [] => Partitions::None,
            [one] if self.shards == 1 => Partitions::One(one),
            several => {
                let mut all: Vec<Option<&mut Partition>> = Vec::new();
                all.resize_with(self.shards, || None);
                for (partition, &member) in several.iter_mut().zip(self.members) {
                    all[member] = Some(partition);
                }
                Partitions::Many(all)
            }
        };
        call(partitions, self.caller, command, args);
        if let (Some(started), Some(first)) = (started, self.partitions.first_mut()) {
            finish(first, self.caller, started, args);
        }
    }

    /// Runs one command that needs no shard.
    fn call_nowhere(&mut self, number: usize, args: &[&[u8]]) {
        let server = self.caller.server;
        let monitoring = &server.monitoring;
        let started = Instant::now();
        call(Partitions::None, self.caller, server.commands.command(number), args);
        let nanos = started.elapsed().as_nanos() as u64;
        let mut stats = monitoring.elsewhere.lock();
        stats.begin(number, true);
        stats.end(number, nanos, monitoring.tracks());
        drop(stats);
        if monitoring.is_noteworthy(nanos) {
            server.note_slow(self.caller.session, number, args, nanos);
        }
    }

    /// Counts a command that consists of others, begun at `started`.
    pub fn count(&mut self, number: usize, started: Instant) {
        let Some(first) = self.partitions.first_mut() else { return };
        first.counters.commands += 1;
        first.commands.begin(number, true);
        first.commands.end(
            number,
            started.elapsed().as_nanos() as u64,
            self.caller.server.monitoring.tracks(),
        );
    }
}
