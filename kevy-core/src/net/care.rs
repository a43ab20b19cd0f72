//! Looking after connections: limits that only time or other clients change, and their end.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::base::log_sink;
use crate::dispatch::{Client, ClientKind};

use super::connection::{Fate, Intake};
use super::flush;
use super::reactor::Reactor;
use super::uring::close_socket;

/// How often connections are looked at for `timeout` and soft output limits.
pub(super) const CRON_INTERVAL_MS: u64 = 1_000;
/// How often the memory of all clients is compared with `maxmemory-clients`.
const CLIENTS_INTERVAL_MS: u64 = 100;

impl Reactor {
    /// Looks after what only time changes.
    pub(super) fn cron(&mut self, now: u64) {
        self.next_cron = now + CRON_INTERVAL_MS;
        if self.limits_clients() {
            self.next_cron = now + CLIENTS_INTERVAL_MS;
            self.evict_clients();
        }
        let timeout = self.settings.idle_timeout_ms;
        let mut output = 0;
        let mut over = Vec::new();
        for (key, connection) in &mut self.connections {
            let client = &connection.session.client;
            output += connection.kept();
            let idle = now.saturating_sub(client.last_active_ms.load(Ordering::Relaxed));
            let kind = client.kind();
            let limit = self.settings.output_limit(kind);
            let may_idle = kind == ClientKind::Normal && connection.waiting.is_none() && !connection.paused;
            let over_limit = flush::enforce(connection, limit, now);
            if over_limit {
                self.engine.server.stats.output_buffer_disconnections.fetch_add(1, Ordering::Relaxed);
            }
            if (timeout > 0 && idle > timeout && may_idle) || over_limit {
                over.push(key);
            }
        }
        over.into_iter().for_each(|key| self.close(key));
        self.handle.note_output(output);
        self.feeds_ended = self.feeds_ended && self.upgrades.housekeep();
    }

    /// Whether this reactor looks after the memory of all clients: one does.
    pub(super) fn limits_clients(&self) -> bool {
        self.index == 0 && self.settings.clients_bytes_max > 0
    }

    /// Ends the clients that take most until all together are within `maxmemory-clients`.
    fn evict_clients(&self) {
        let server = &self.engine.server;
        let is_counted = |client: &Arc<Client>| {
            matches!(client.kind(), ClientKind::Normal | ClientKind::Pubsub) && client.fd >= 0
        };
        let mut clients: Vec<(usize, Arc<Client>)> = server
            .clients
            .list()
            .into_iter()
            .filter(is_counted)
            .map(|client| (client.memory(), client))
            .collect();
        let mut total: u64 = clients.iter().map(|(bytes, _)| *bytes as u64).sum();
        clients.sort_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
        for (bytes, client) in clients {
            if total <= self.settings.clients_bytes_max {
                return;
            }
            if !client.no_evict.load(Ordering::Relaxed) {
                total -= bytes as u64;
                server.stats.evicted_clients.fetch_add(1, Ordering::Relaxed);
                log_sink::info(format_args!(
                    "client {} is disconnected: maxmemory-clients is reached",
                    client.id
                ));
                client.kill();
            }
        }
    }

    /// Closes the connections that CLIENT KILL and its like have marked.
    pub(super) fn kill_marked(&mut self) {
        let marked: Vec<usize> = self
            .connections
            .iter()
            .filter(|(_, connection)| connection.session.client.is_killed())
            .map(|(key, _)| key)
            .collect();
        for key in marked {
            let connection = &mut self.connections[key];
            // A client that kills itself still gets its reply.
            if connection.fate == Fate::CloseWhenSent {
                continue;
            }
            if self.disk_wait.is_idle() && !self.engine.shards.horizon.is_strict() {
                connection.safe = connection.out.buf.len();
            }
            flush::flush(connection);
            self.close(key);
        }
    }

    /// Closes the connections that have nothing under way, before a stop.
    pub(super) fn close_idle(&mut self) {
        let idle: Vec<usize> = self
            .connections
            .iter()
            .filter(|(_, connection)| connection.is_idle())
            .map(|(key, _)| key)
            .collect();
        idle.into_iter().for_each(|key| self.close(key));
    }

    /// Closes a connection and leaves nothing of it behind.
    pub(super) fn close(&mut self, key: usize) {
        let Some(mut connection) = self.connections.try_remove(key) else { return };
        self.upgraded.retain(|&upgraded| upgraded != key);
        self.paused.retain(|&paused| paused != key);
        if let Some(waiting) = connection.waiting.take() {
            self.end_wait(key, &waiting);
        }
        if connection.intake == Intake::Polled {
            // The descriptor is closed below, which deregisters it as well.
            let _ = connection.socket.deregister(self.poll.registry());
        }
        if let Some(upgrade) = &mut connection.upgrade {
            upgrade.closed(self.engine.server.clock.now_ms());
            self.feeds_ended = true;
        }
        self.engine.forget(&mut connection.session);
        self.engine.server.clients.remove(&connection.session.client);
        close_socket(&mut self.uring, *connection);
    }
}
