//! The options that connections follow.

use std::time::Duration;

use crate::dispatch::{ClientKind, Server};

use super::flush::OutputLimit;

/// The settings that connections follow, read again when an option changes.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    pub(super) bulk_len_max: usize,
    pub(super) query_buffer_max: usize,
    pub(super) idle_timeout_ms: u64,
    pub(super) keepalive: Duration,
    pub(super) clients_max: usize,
    pub(super) clients_bytes_max: u64,
    pub(super) is_protected: bool,
    pub(super) outputs: [OutputLimit; 3],
}

impl Settings {
    pub(super) fn read(server: &Server) -> Self {
        let options = server.options.read();
        let outputs = &options.client_output_buffer_limit;
        let outputs = [&outputs.normal, &outputs.replica, &outputs.pubsub].map(|class| OutputLimit {
            hard_bytes: class.hard_bytes as usize,
            soft_bytes: class.soft_bytes as usize,
            soft_ms: class.soft_seconds * 1_000,
        });
        Self {
            bulk_len_max: options.proto_max_bulk_len as usize,
            query_buffer_max: options.client_query_buffer_limit as usize,
            idle_timeout_ms: u64::from(options.timeout) * 1_000,
            keepalive: Duration::from_secs(u64::from(options.tcp_keepalive)),
            clients_max: options.maxclients as usize,
            clients_bytes_max: options.maxmemory_clients.bytes(options.maxmemory),
            is_protected: options.protected_mode,
            outputs,
        }
    }

    /// How much may wait to be sent to a client.
    pub(super) fn output_limit(&self, kind: ClientKind) -> &OutputLimit {
        let [normal, replica, pubsub] = &self.outputs;
        match kind {
            ClientKind::Normal | ClientKind::Primary => normal,
            ClientKind::Replica => replica,
            ClientKind::Pubsub => pubsub,
        }
    }
}
