//! Applying what a primary did: the same commands on the same shards, with the primary's own answers taken for granted.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::base::random::Random;
use crate::base::{Error, ErrorKind, Result, log_sink};
use crate::command::spec::Flags;
use crate::command::{Command, Origin, Session};
use crate::resp::writer::{Protocol, Writer};
use crate::route::{self, Route};
use crate::shard::run::Caller;
use crate::shard::{Shard, Shards, run_many};

use super::Engine;

/// A session of the primary, and where its replies go that nobody reads.
#[derive(Debug)]
pub struct Applier {
    session: Session,
    out: Writer,
    /// The turn of the role for which the primary's commands are applied; `None` for a copy that nobody sees yet.
    turn: Option<u64>,
    databases: usize,
    /// The database of the last command of each of the primary's shards, where the streams here follow the primary's.
    tracked: Option<Vec<Option<usize>>>,
    /// What the last commands added to the streams of their shards.
    pub steps: SmallVec<[Recorded; 4]>,
    /// Commands that did not fit the copy.
    pub misfits: u64,
}

/// What was added to the stream of a shard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Recorded {
    pub shard: usize,
    /// The next offset before and after.
    pub before: u64,
    pub after: u64,
}

/// What became of the primary's commands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Applied {
    Done,
    /// Nothing: the role has turned since.
    Turned,
}

/// Commands that did not fit are told of one by one up to this number, and counted.
const MISFITS_TOLD_MAX: u64 = 100;

impl Applier {
    /// A session whose commands need no admission.
    pub fn new(engine: &Engine, turn: Option<u64>) -> Self {
        let client = engine.server.clients.add_hidden(engine.server.clock.now_ms());
        client.set_kind(crate::command::ClientKind::Primary);
        let databases = engine.server.options.read().databases as usize;
        Self {
            session: Session::new(client, true),
            out: Writer::new(Protocol::Resp2),
            turn,
            databases,
            tracked: None,
            steps: SmallVec::new(),
            misfits: 0,
        }
    }

    /// Tells what is added to the streams, and has them name databases where the primary's did.
    pub fn track(&mut self, shards: usize) {
        self.tracked = Some(vec![None; shards]);
    }

    /// Takes note of what `guard` has recorded since its stream stood at `before`. Whoever stands where the primary's stream
    /// does is in the database of its last command; where that is another one than here, the next effect has to say its own.
    fn recorded(&mut self, guard: &mut Shard, before: u64) {
        if let Some(databases) = &self.tracked {
            let shard = guard.partition.index;
            guard.stream.expect_db(databases.get(shard).copied().flatten());
            self.steps.push(Recorded { shard, before, after: guard.stream.next_offset() });
        }
    }

    fn is_turned(&self, engine: &Engine) -> bool {
        self.turn.is_some_and(|turn| engine.server.role.turns() != turn)
    }

    /// The command that `args` call and its shards; `None` for what no primary's stream holds.
    fn plan<'e>(
        &mut self,
        engine: &'e Engine,
        db: usize,
        args: &[&[u8]],
    ) -> Result<Option<(usize, &'e Command, Route)>> {
        if db >= self.databases {
            let text = format!("the primary uses database {db}, and 'databases' is {}", self.databases);
            return Err(Error::new(ErrorKind::Unsupported, text));
        }
        let commands = &engine.server.commands;
        let found = commands.find(args).map(|number| (number, commands.command(number)));
        let Some((number, command)) =
            found.filter(|(_, command)| command.spec.flags.has(Flags::WRITE.or(Flags::MAY_REPLICATE)))
        else {
            self.misfit(args, "it is no command that changes keys here");
            return Ok(None);
        };
        if !command.spec.takes(args.len()) {
            self.misfit(args, "it has a wrong number of arguments");
            return Ok(None);
        }
        match route::route(&command.spec, args, engine.shards.len()) {
            Ok(route) => Ok(Some((number, command, route))),
            Err(fail) => {
                self.misfit(args, &fail.text());
                Ok(None)
            }
        }
    }

    /// Applies one command of the primary's shard `from` to database `db`. The caller holds no token.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for a database that there is not.
    pub fn apply(&mut self, engine: &Engine, from: usize, db: usize, args: &[&[u8]]) -> Result<Applied> {
        self.steps.clear();
        self.enter(from, db);
        let Some((number, _, mut route)) = self.plan(engine, db, args)? else { return Ok(Applied::Done) };
        if route == Route::Nowhere {
            // What concerns no key is passed on in the stream in which it came.
            route = Route::One(from.min(engine.shards.len() - 1));
        }
        self.session.db = db;
        self.out.buf.clear();
        // What a primary's effects touch has not expired there, so nothing is due here.
        let at = (0, Origin::Replica);
        match route {
            Route::One(shard) => {
                let mut guard = engine.take(shard);
                if self.is_turned(engine) {
                    return Ok(Applied::Turned);
                }
                let before = guard.stream.next_offset();
                engine.run_one(&mut guard, &mut self.session, number, args, &mut self.out, at);
                self.recorded(&mut guard, before);
                engine.leave(guard);
            }
            route => return self.together(engine, route, &[(db, args)]),
        }
        self.session.request = None;
        if self.out.buf.first() == Some(&b'-') {
            self.refused(args, 0);
        }
        Ok(Applied::Done)
    }

    /// The primary's stream of shard `from` is in database `db`.
    fn enter(&mut self, from: usize, db: usize) {
        if let Some(last) = self.tracked.as_mut().and_then(|databases| databases.get_mut(from)) {
            *last = Some(db);
        }
    }

    /// Applies commands of the primary, each for its database, as they happened: at one instant. `from` are the shards that
    /// they came from.
    ///
    /// # Errors
    /// As [`Applier::apply`].
    pub fn apply_together(
        &mut self,
        engine: &Engine,
        from: &[usize],
        commands: &[(usize, &[&[u8]])],
    ) -> Result<Applied> {
        self.steps.clear();
        let is_about_all = |args: &[&[u8]]| matches!(args.first(), Some(verb) if [&b"FLUSHALL"[..], b"FLUSHDB", b"SWAPDB"].contains(verb));
        if commands.iter().any(|(_, args)| is_about_all(args)) {
            // Such a command is handed out once, though every part of the transaction may have switched databases for it.
            self.tracked.iter_mut().flatten().for_each(|last| *last = None);
        } else {
            from.iter().zip(commands).for_each(|(from, (db, _))| self.enter(*from, *db));
        }
        let mut all = Route::Nowhere;
        for (db, args) in commands {
            if let Some((_, _, route)) = self.plan(engine, *db, args)? {
                all = route::union(all, route, engine.shards.len());
            }
        }
        self.together(engine, all, commands)
    }

    fn together(&mut self, engine: &Engine, route: Route, commands: &[(usize, &[&[u8]])]) -> Result<Applied> {
        let members = route::members(&route, engine.shards.len());
        let mut guards = loop {
            let guards = engine.shards.take_several(&members);
            if guards.iter().all(|guard| !guard.owes()) {
                break guards;
            }
            drop(guards);
            engine.serve_blocked();
        };
        if self.is_turned(engine) {
            return Ok(Applied::Turned);
        }
        let before: SmallVec<[u64; 8]> = guards.iter().map(|guard| guard.stream.next_offset()).collect();
        let mut refused = Vec::new();
        let Self { session, out, .. } = self;
        session.in_exec = true;
        let mut caller = Caller {
            server: &engine.server,
            session,
            out,
            now: 0,
            origin: Origin::Replica,
            number: usize::MAX,
        };
        run_many(&engine.shards, &mut guards, &members, &mut caller, |step| {
            for (at, (db, args)) in commands.iter().enumerate() {
                let commands = &engine.server.commands;
                let fits = |number: &usize| {
                    let command = commands.command(*number);
                    command.spec.flags.has(Flags::WRITE.or(Flags::MAY_REPLICATE))
                        && command.spec.takes(args.len())
                };
                let Some(number) = commands.find(args).filter(fits) else { continue };
                step.session().db = *db;
                step.out().buf.clear();
                step.call(number, args);
                if step.out().buf.first() == Some(&b'-') {
                    refused.push((at, step.out().buf.clone()));
                }
            }
        });
        self.session.in_exec = false;
        self.session.request = None;
        guards.iter_mut().zip(before).for_each(|(guard, before)| self.recorded(guard, before));
        guards.iter_mut().for_each(|guard| guard.leave());
        let owes = guards.iter().any(|guard| guard.owes());
        drop(guards);
        if owes {
            engine.serve_blocked();
        }
        for (at, reply) in refused {
            self.misfit(commands[at].1, String::from_utf8_lossy(&reply).trim());
        }
        Ok(Applied::Done)
    }

    #[cold]
    fn refused(&mut self, args: &[&[u8]], start: usize) {
        let reply = String::from_utf8_lossy(&self.out.buf[start..]).trim().to_owned();
        self.misfit(args, &reply);
    }

    #[cold]
    fn misfit(&mut self, args: &[&[u8]], why: &str) {
        self.misfits += 1;
        if self.misfits <= MISFITS_TOLD_MAX {
            let verb = args.first().copied().unwrap_or_default();
            let verb = verb[..verb.len().min(64)].escape_ascii();
            log_sink::error(format_args!("a command '{verb}' of the primary did not fit this copy: {why}"));
        }
    }
}

impl Engine {
    /// An empty twin of this engine: the same server and as many shards, which nobody else sees.
    pub fn twin(&self) -> Self {
        let options = self.server.options.read().clone();
        let seed = self.shards.take(0).partition.keyspace.seed().clone();
        let mut random = Random::from_system();
        let shards = (0..self.shards.len())
            .map(|index| {
                let mut shard = Shard::new(index, &options, seed.clone(), random.fork());
                shard.partition.keyspace.set_replica(true);
                shard
            })
            .collect();
        Self::new(self.server.clone(), Arc::new(Shards::new(shards)))
    }
}
