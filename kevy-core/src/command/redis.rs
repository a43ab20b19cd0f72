//! The Redis command set, put together from its groups.

use super::{CommandSet, hash, string};

impl CommandSet {
    /// Every Redis command there is.
    pub fn redis() -> Self {
        let mut set = Self::new();
        let groups: [&[super::Command]; 2] = [&string::COMMANDS, &hash::COMMANDS];
        for command in groups.into_iter().flatten() {
            set.add(command.clone());
        }
        set
    }
}
