//! Errors that clients were sent, and commands that did not run or failed.

use std::collections::BTreeMap;

/// Codes that are told apart; scripts and hosts may make up any.
const CODES_MAX: usize = 128;
const OVERFLOW: &str = "ERRORSTATS_OVERFLOW";

/// What went wrong, by kind.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    errors: BTreeMap<String, u64>,
    /// By the command's number: refused before it ran, and failed while it ran.
    commands: BTreeMap<usize, [u64; 2]>,
}

/// What became of a command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    Rejected,
    Failed,
}

impl Faults {
    /// Counts an error reply, given without the `-` before it.
    pub fn count(&mut self, error: &[u8]) {
        let code = error.split(|byte| byte.is_ascii_whitespace()).next().unwrap_or_default();
        let code = String::from_utf8_lossy(code);
        if let Some(count) = self.errors.get_mut(&*code) {
            *count += 1;
            return;
        }
        let code = if self.errors.len() < CODES_MAX { code.into_owned() } else { OVERFLOW.to_owned() };
        *self.errors.entry(code).or_default() += 1;
    }

    /// Counts what became of the command `number`.
    pub fn count_command(&mut self, number: usize, fault: Fault) {
        self.commands.entry(number).or_default()[fault as usize] += 1;
    }

    /// The codes of the errors sent, with how many of each.
    pub fn errors(&self) -> impl Iterator<Item = (&str, u64)> {
        self.errors.iter().map(|(code, count)| (code.as_str(), *count))
    }

    /// How often a command was refused, and how often it failed.
    pub fn of_command(&self, number: usize) -> [u64; 2] {
        self.commands.get(&number).copied().unwrap_or_default()
    }

    /// The numbers of the commands that were refused or failed.
    pub fn commands(&self) -> impl Iterator<Item = usize> {
        self.commands.keys().copied()
    }
}
