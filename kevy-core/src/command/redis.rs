//! The Redis command set, put together from its groups.

use super::{Command, CommandSet, admin, connection, generic, hash, string, transaction};

impl CommandSet {
    /// Every Redis command there is.
    pub fn redis() -> Self {
        let mut set = Self::new();
        let groups: [&[Command]; 6] = [
            connection::COMMANDS,
            generic::COMMANDS,
            &string::COMMANDS,
            &hash::COMMANDS,
            transaction::COMMANDS,
            admin::COMMANDS,
        ];
        for command in groups.into_iter().flatten() {
            set.add(command.clone());
        }
        set
    }
}
