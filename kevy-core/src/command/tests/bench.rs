//! A command set over shards of its own, without threads or sockets.

use std::sync::Arc;

use crate::base::options::Options;
use crate::base::random::Random;
use crate::base::{Clock, ManualClock};
use crate::command::server::ServerConfig;
use crate::command::spec::Scope;
use crate::command::{CommandSet, Commands, Context, Fail, Origin, Partition, Partitions, Server, Session};
use crate::resp::{ArgVec, Protocol, Writer, decode_command};
use crate::store::keyspace::Config;
use crate::store::{Keyspace, Limits, Seed};

/// Shards, what they share, and one session.
#[derive(Debug)]
pub struct Bench {
    pub server: Arc<Server>,
    pub clock: Arc<ManualClock>,
    pub partitions: Vec<Partition>,
    pub session: Session,
    pub protocol: Protocol,
    pub origin: Origin,
}

/// An effect: the shard it happened on, the database, the words.
pub type Effect = (usize, usize, String);

/// The time at which a bench stands, in unix milliseconds.
pub const START_MS: u64 = 1_700_000_000_000;

impl Bench {
    pub fn new(shards: usize) -> Self {
        Self::with(shards, &[("enable-debug-command", "yes")])
    }

    pub fn with(shards: usize, options: &[(&str, &str)]) -> Self {
        let mut values = Options::default();
        for (name, value) in options {
            values.set(name, value).expect("a known option");
        }
        let clock = Arc::new(ManualClock::new(START_MS));
        let seed = Seed::new(7);
        let partitions = (0..shards).map(|index| {
            let config = Config {
                databases: values.databases as usize,
                seed: seed.clone(),
                limits: Limits::from(&values),
            };
            let mut partition = Partition::new(index, Keyspace::new(config), Random::with_seed(index as u64));
            partition.effects.wanted = true;
            partition
        });
        let partitions = partitions.collect();
        let server = Arc::new(Server::new(ServerConfig {
            options: values,
            commands: Arc::new(CommandSet::redis()),
            clock: clock.clone(),
            shards,
            run_id: "0123456789".repeat(4),
        }));
        let mut bench = Self {
            session: Session::new(server.clients.add_hidden(START_MS), true),
            server,
            clock,
            partitions,
            protocol: Protocol::Resp2,
            origin: Origin::Client,
        };
        bench.session = bench.open(-1, "", "");
        bench
    }

    /// Another session of the same server.
    pub fn open(&self, fd: i32, address: &str, local_address: &str) -> Session {
        let now = self.clock.now_ms();
        let wake = Box::new(|| ());
        let client = self.server.clients.add(address.to_owned(), local_address.to_owned(), fd, now, wake);
        Session::new(client, true)
    }

    /// Runs a command and returns the bytes of its reply.
    pub fn exchange(&mut self, args: &[&[u8]]) -> Vec<u8> {
        let mut out = Writer::new(self.protocol);
        if let Err(fail) = self.call(args, &mut out) {
            out.error(fail.text());
        }
        self.protocol = out.protocol;
        out.buf
    }

    fn call(&mut self, args: &[&[u8]], out: &mut Writer) -> Result<(), Fail> {
        let commands = &self.server.commands;
        let number = commands.find(args).expect("a known command");
        let command = commands.command(number);
        if !command.spec.takes(args.len()) {
            return Err(Fail::arity(commands.name(number)));
        }
        self.session.last_command = number;
        let partitions = match (&command.spec.scope, &mut self.partitions[..]) {
            (Scope::Nothing, _) if self.session.watched.is_empty() => Partitions::None,
            (_, [one]) => Partitions::One(one),
            (_, all) => Partitions::Many(all.iter_mut().map(Some).collect()),
        };
        let mut context = Context {
            out,
            session: &mut self.session,
            server: &self.server,
            now: self.clock.now_ms(),
            origin: self.origin,
            partitions,
        };
        command.call(&mut context, args)
    }

    /// Runs a command written as a line of words and returns its reply in readable form.
    pub fn run(&mut self, line: &str) -> String {
        let words = super::script::words(line);
        let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        self.exchange(&words).escape_ascii().to_string()
    }

    /// The effects since the last call, in the order of the shards.
    pub fn effects(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        for partition in &mut self.partitions {
            for (db, bytes) in partition.effects.iter() {
                let mut argv = ArgVec::new();
                decode_command(bytes, &mut argv).expect("a command").expect("a whole one");
                let words: Vec<String> = argv.iter().map(|word| word.escape_ascii().to_string()).collect();
                effects.push((partition.index, db, words.join(" ")));
            }
            partition.effects.clear();
        }
        effects
    }
}
