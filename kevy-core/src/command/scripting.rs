//! Scripts and functions, as far as the rest of the runtime knows them: the verbs, what runs them, and the libraries
//! that a keyspace holds.
//!
//! Whatever runs scripts lies above this module and is reached through [`Scripts`].

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::lend::Lend;
use crate::base::words::quoted_words;

use super::help::{container, help};
use super::table::scripting as rows;
use super::{Command, Context, Fail, Outcome, Partition};

/// What a command of this group asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verb {
    /// EVAL and EVAL_RO, EVALSHA and EVALSHA_RO.
    Eval {
        by_digest: bool,
        read_only: bool,
    },
    ScriptDebug,
    ScriptExists,
    ScriptFlush,
    ScriptKill,
    ScriptLoad,
    Fcall {
        read_only: bool,
    },
    FunctionDelete,
    FunctionDump,
    FunctionFlush,
    FunctionKill,
    FunctionList,
    FunctionLoad,
    FunctionRestore,
    FunctionStats,
}

/// What runs scripts.
pub trait Scripts: Send + Sync {
    /// Runs a verb of this group. But for those that end or describe a running script, all shards are held.
    fn run(&self, verb: Verb, ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome;

    /// Whether EVAL, EVALSHA or FCALL with these arguments runs what declares that it writes nothing.
    fn only_reads(&self, args: &[&[u8]]) -> bool;

    /// What clients are told while a script runs for too long.
    fn busy(&self) -> Fail;

    /// Ends a running script, as SCRIPT KILL does where it has not written, and in any case if `at_once`. What it wrote
    /// is not replicated then.
    fn stop(&self, at_once: bool);

    /// Takes over the libraries of shard 0, which came from elsewhere. The names and errors of those that cannot be loaded.
    fn adopt(&self, partition: &Partition) -> Vec<(String, Fail)>;

    /// What INFO tells.
    fn figures(&self) -> Figures;
}

/// Sizes and counts for INFO; memory in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    pub eval_vm_memory: usize,
    pub function_vm_memory: usize,
    pub scripts: usize,
    pub script_memory: usize,
    pub functions: usize,
    pub libraries: usize,
    pub library_memory: usize,
}

/// The libraries of functions of a keyspace: their source. Compiled they are the interpreter's.
#[derive(Clone, Debug, Default)]
pub struct Functions {
    libraries: BTreeMap<Vec<u8>, Arc<[u8]>>,
    version: u64,
}

impl Functions {
    /// Adds a library, or replaces the one of that name.
    pub fn insert(&mut self, name: &[u8], code: &[u8]) {
        self.libraries.insert(name.to_vec(), code.into());
        self.version += 1;
    }

    /// Adds a library whose name stands in its first line; one without is none.
    pub fn load(&mut self, code: &[u8]) {
        let words = first_line(code).and_then(|(line, _)| line.words()).unwrap_or_default();
        if let Some(name) = words.iter().find_map(|word| name_in(word)) {
            self.insert(name, code);
        }
    }

    /// Takes the libraries of `other` in the place of its own.
    pub fn adopt(&mut self, other: &mut Self) {
        self.version += 1;
        self.libraries = std::mem::take(&mut other.libraries);
    }

    /// Takes a library away; false where there is none of that name.
    pub fn remove(&mut self, name: &[u8]) -> bool {
        self.version += 1;
        self.libraries.remove(name).is_some()
    }

    /// Takes all libraries away.
    pub fn clear(&mut self) {
        self.version += 1;
        self.libraries.clear();
    }

    /// Another number after every change.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Names and sources, by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&[u8], &Arc<[u8]>)> {
        self.libraries.iter().map(|(name, code)| (&name[..], code))
    }
}

/// The line that a script or a library begins with.
#[derive(Clone, Copy, Debug)]
pub struct FirstLine<'a>(&'a [u8]);

impl FirstLine<'_> {
    /// Its words, unquoted; `None` where quotes are not closed.
    pub fn words(self) -> Option<Vec<Vec<u8>>> {
        let (mut text, mut places) = (Vec::new(), Vec::new());
        quoted_words(self.0, &mut text, |start, length| places.push(start..start + length)).ok()?;
        Some(places.into_iter().filter_map(|place| text.get(place).map(<[u8]>::to_vec)).collect())
    }
}

/// The first line of `code`, and what follows, the line end included. `None` where no line ends, or a NUL byte stands in
/// it: to the reference the text ends there.
pub fn first_line(code: &[u8]) -> Option<(FirstLine<'_>, &[u8])> {
    let (line, rest) = code.split_at_checked(memchr::memchr2(b'\n', 0, code)?)?;
    rest.starts_with(b"\n").then_some((FirstLine(line), rest))
}

/// What a word of a library's first line says its name is.
pub fn name_in(word: &[u8]) -> Option<&[u8]> {
    let (key, name) = word.split_at_checked(5)?;
    key.eq_ignore_ascii_case(b"name=").then_some(name)
}

thread_local! {
    /// What the thread of a long script does in between.
    static BREATH: Lend<(), ()> = const { Lend::new() };
}

/// Runs `body`. A script in it that takes long calls `between` from time to time.
pub fn while_breathing<T>(between: &mut dyn FnMut(), body: impl FnOnce() -> T) -> T {
    BREATH.with(|breath| breath.during(&mut |()| between(), body))
}

/// Lets the thread do what it must do while a script takes long.
pub fn breathe() {
    BREATH.with(|breath| breath.call(&mut ()));
}

const NO_SCRIPTS: Fail = Fail::new("ERR this keyspace has no interpreter of scripts");

macro_rules! handlers {
    ($($name:ident = $verb:expr;)*) => {
        $(fn $name(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
            let server = ctx.server;
            server.scripts.get().ok_or(NO_SCRIPTS)?.run($verb, ctx, args)
        })*
    };
}

handlers! {
    eval = Verb::Eval { by_digest: false, read_only: false };
    eval_ro = Verb::Eval { by_digest: false, read_only: true };
    evalsha = Verb::Eval { by_digest: true, read_only: false };
    evalsha_ro = Verb::Eval { by_digest: true, read_only: true };
    fcall = Verb::Fcall { read_only: false };
    fcall_ro = Verb::Fcall { read_only: true };
    script_debug = Verb::ScriptDebug;
    script_exists = Verb::ScriptExists;
    script_flush = Verb::ScriptFlush;
    script_kill = Verb::ScriptKill;
    script_load = Verb::ScriptLoad;
    function_delete = Verb::FunctionDelete;
    function_dump = Verb::FunctionDump;
    function_flush = Verb::FunctionFlush;
    function_kill = Verb::FunctionKill;
    function_list = Verb::FunctionList;
    function_load = Verb::FunctionLoad;
    function_restore = Verb::FunctionRestore;
    function_stats = Verb::FunctionStats;
}

/// The verbs of this group.
pub static COMMANDS: &[Command] = &[
    Command::new(rows::EVAL, eval),
    Command::new(rows::EVAL_RO, eval_ro),
    Command::new(rows::EVALSHA, evalsha),
    Command::new(rows::EVALSHA_RO, evalsha_ro),
    Command::new(rows::FCALL, fcall),
    Command::new(rows::FCALL_RO, fcall_ro),
    Command::container(rows::FUNCTION, container, FUNCTION_COMMANDS),
    Command::container(rows::SCRIPT_CONTAINER, container, SCRIPT_COMMANDS),
];

const FUNCTION_COMMANDS: &[Command] = &[
    Command::new(rows::FUNCTION_DELETE, function_delete),
    Command::new(rows::FUNCTION_DUMP, function_dump),
    Command::new(rows::FUNCTION_FLUSH, function_flush),
    Command::new(rows::FUNCTION_HELP, help),
    Command::new(rows::FUNCTION_KILL, function_kill),
    Command::new(rows::FUNCTION_LIST, function_list),
    Command::new(rows::FUNCTION_LOAD, function_load),
    Command::new(rows::FUNCTION_RESTORE, function_restore),
    Command::new(rows::FUNCTION_STATS, function_stats),
];

const SCRIPT_COMMANDS: &[Command] = &[
    Command::new(rows::SCRIPT_DEBUG, script_debug),
    Command::new(rows::SCRIPT_EXISTS, script_exists),
    Command::new(rows::SCRIPT_FLUSH, script_flush),
    Command::new(rows::SCRIPT_HELP, help),
    Command::new(rows::SCRIPT_KILL, script_kill),
    Command::new(rows::SCRIPT_LOAD, script_load),
];
