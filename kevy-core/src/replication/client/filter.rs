//! Frames that a consumer does not want, left out on its own side.

use crate::command::{CommandSet, Commands, keys};

use super::frame::{Frame, FrameKind};

/// Which keys and which database a consumer wants. Nothing is left out by default.
pub struct Filter {
    prefixes: Vec<Vec<u8>>,
    database: Option<u32>,
    /// Where the keys of commands stand; looked at only where there are prefixes.
    commands: Option<CommandSet>,
}

impl std::fmt::Debug for Filter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Filter").field("prefixes", &self.prefixes.len()).field("db", &self.database).finish()
    }
}

impl Filter {
    pub fn new(prefixes: Vec<Vec<u8>>, database: Option<u32>) -> Self {
        let commands = (!prefixes.is_empty()).then(CommandSet::redis);
        Self { prefixes, database, commands }
    }

    /// Whether the frame is handed out. A command with several keys is if one of them is wanted, one without keys always.
    #[inline]
    pub fn passes(&self, frame: &Frame<'_>) -> bool {
        if self.commands.is_none() && self.database.is_none() {
            return true;
        }
        self.wants(frame)
    }

    #[cold]
    fn wants(&self, frame: &Frame<'_>) -> bool {
        if !matches!(frame.kind, FrameKind::Entry | FrameKind::Command) {
            return true;
        }
        let args: Vec<&[u8]> = frame.argv.iter().collect();
        let whole = [&b"FLUSHALL"[..], b"SWAPDB", b"FUNCTION"];
        let is_whole =
            args.first().is_some_and(|verb| whole.iter().any(|word| verb.eq_ignore_ascii_case(word)));
        if self.database.is_some_and(|db| db as usize != frame.db) && !is_whole {
            return false;
        }
        let Some(commands) = &self.commands else { return true };
        let Some(number) = commands.find(&args) else { return true };
        let Ok(positions) = keys::keys_of(&commands.command(number).spec, &args) else { return true };
        let mut keys = positions.into_iter().filter_map(|at| args.get(at)).peekable();
        keys.peek().is_none() || keys.any(|key| self.prefixes.iter().any(|prefix| key.starts_with(prefix)))
    }
}
