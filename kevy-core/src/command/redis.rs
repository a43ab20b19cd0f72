//! The Redis command set, put together from its groups.

use super::{
    Command, CommandSet, acl, admin, bitmap, cluster, connection, generic, geo, hash, hyperloglog,
    introduction, json, list, pubsub, replication, scripting, set, sorted_set, stream, string, transaction,
    vector_set,
};

impl CommandSet {
    /// Every Redis command there is.
    pub fn redis() -> Self {
        let mut set = Self::new();
        let groups: &[&[Command]] = &[
            acl::COMMANDS,
            connection::COMMANDS,
            generic::COMMANDS,
            &string::COMMANDS,
            &bitmap::COMMANDS,
            &hash::COMMANDS,
            &list::COMMANDS,
            &sorted_set::COMMANDS,
            &json::COMMANDS,
            &set::COMMANDS,
            &geo::COMMANDS,
            &hyperloglog::COMMANDS,
            &stream::COMMANDS,
            &vector_set::COMMANDS,
            transaction::COMMANDS,
            pubsub::COMMANDS,
            scripting::COMMANDS,
            replication::COMMANDS,
            introduction::COMMANDS,
            cluster::COMMANDS,
            admin::COMMANDS,
        ];
        for command in groups.iter().copied().flatten() {
            set.add(command.clone());
        }
        set
    }
}
