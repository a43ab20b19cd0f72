//! A set of commands that a runtime executes.

use std::fmt::Debug;

use hashbrown::HashMap;

use super::spec::Command;

/// The commands a runtime knows. [`CommandSet::redis`] is the usual one; a host may supply its own.
pub trait Commands: Send + Sync + Debug {
    /// The number of the command that `args` calls, a subcommand where the verb has them. Names match in
    /// any case. `None`: unknown (a container whose subcommand is unknown gives the container itself).
    fn find(&self, args: &[&[u8]]) -> Option<usize>;

    /// The command with that number.
    ///
    /// # Panics
    /// Where `find` never gave the number.
    fn command(&self, number: usize) -> &Command;

    /// How many commands there are, subcommands included; numbers run from 0.
    fn count(&self) -> usize;

    /// The full name of a command: `verb` or `verb|subcommand`.
    fn name(&self, number: usize) -> &str;
}

/// The command that `verb` or `verb|subcommand` names, in any case, and nothing behind it.
pub fn named(commands: &dyn Commands, name: &[u8]) -> Option<usize> {
    let parts: Vec<&[u8]> = name.splitn(2, |&byte| byte == b'|').collect();
    let number = commands.find(&parts)?;
    commands.name(number).as_bytes().eq_ignore_ascii_case(name).then_some(number)
}

/// A command set held in tables: the Redis set, a host's own, or both.
#[derive(Debug, Default)]
pub struct CommandSet {
    rows: Vec<Row>,
    by_name: HashMap<Vec<u8>, usize, foldhash::fast::RandomState>,
}

#[derive(Debug)]
struct Row {
    command: Command,
    name: String,
    is_subcommand: bool,
}

/// The longest name that is looked up; anything longer is unknown.
const NAME_LEN_MAX: usize = 64;

fn lower(into: &mut [u8; NAME_LEN_MAX], at: usize, word: &[u8]) -> Option<usize> {
    let end = at.checked_add(word.len())?;
    let target = into.get_mut(at..end)?;
    target.copy_from_slice(word);
    target.make_ascii_lowercase();
    Some(end)
}

impl CommandSet {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a command and its subcommands; one of the same name is replaced.
    pub fn add(&mut self, command: Command) {
        let name = command.spec.name.to_owned();
        for sub in command.subcommands {
            let full = format!("{name}|{}", sub.spec.name);
            self.insert(full, sub.clone(), true);
        }
        self.insert(name, command, false);
    }

    /// The same set with one more command.
    #[must_use]
    pub fn with(mut self, command: Command) -> Self {
        self.add(command);
        self
    }

    fn insert(&mut self, name: String, command: Command, is_subcommand: bool) {
        if let Some(&number) = self.by_name.get(name.as_bytes()) {
            self.rows[number].command = command;
            return;
        }
        self.by_name.insert(name.clone().into_bytes(), self.rows.len());
        self.rows.push(Row { command, name, is_subcommand });
    }
}

impl Commands for CommandSet {
    #[inline]
    fn find(&self, args: &[&[u8]]) -> Option<usize> {
        let mut name = [0; NAME_LEN_MAX];
        let end = lower(&mut name, 0, args.first()?)?;
        let number = *self.by_name.get(&name[..end])?;
        if self.rows[number].is_subcommand {
            // Its full name is no word that a client may say.
            return None;
        }
        if self.rows[number].command.subcommands.is_empty() {
            return Some(number);
        }
        let sub = args.get(1).and_then(|word| {
            *name.get_mut(end)? = b'|';
            let end = lower(&mut name, end + 1, word)?;
            self.by_name.get(&name[..end]).copied()
        });
        Some(sub.unwrap_or(number))
    }

    #[inline]
    fn command(&self, number: usize) -> &Command {
        &self.rows[number].command
    }

    fn count(&self) -> usize {
        self.rows.len()
    }

    fn name(&self, number: usize) -> &str {
        &self.rows[number].name
    }
}
