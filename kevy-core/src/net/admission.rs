//! Who comes in: connections are accepted, handed round the reactors, let in or turned away.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use mio::Token;

use crate::base::log_sink;
use crate::base::signal::{self, Ring};
use crate::dispatch::{Session, Wake};
use crate::io::{Acceptor, Listener, Socket};
use crate::resp::Limits;

use super::connection::{Connection, Intake};
use super::reactor::Reactor;

/// How long the handshake of a TLS connection may take.
const HANDSHAKE_MS_MAX: u64 = 10_000;
/// How long to wait for descriptors or memory before connections are accepted again.
pub(super) const ACCEPT_INTERVAL_MS: u64 = 100;

/// What a client of another machine is told where anybody could come in. The text is that of Redis, which monitoring knows.
const PROTECTED: &[u8] = b"-DENIED Redis is running in protected mode because protected mode is enabled and no password is \
set for the default user. In this mode connections are only accepted from the loopback interface. If you want to connect \
from external computers to Redis you may adopt one of the following solutions: 1) Just disable protected mode sending the \
command 'CONFIG SET protected-mode no' from the loopback interface by connecting to Redis from the same host the server is \
running, however MAKE SURE Redis is not publicly accessible from internet if you do so. Use CONFIG REWRITE to make this \
change permanent. 2) Alternatively you can just disable the protected mode by editing the Redis configuration file, and \
setting the protected mode option to 'no', and then restarting the server. 3) If you started the server manually just for \
testing, restart it with the '--protected-mode no' option. 4) Setup a an authentication password for the default user. \
NOTE: You only need to do one of the above things in order for the server to start accepting connections from the \
outside.\r\n";

/// A listening socket, and the shard that replicas attach to there.
#[derive(Debug)]
pub struct Door {
    pub listener: Listener,
    pub shard: Option<usize>,
    /// The node of a cluster whose port it is: its reactor serves what comes in.
    pub node: Option<usize>,
    /// What its connections are encrypted with, if they are.
    pub tls: Option<Arc<Acceptor>>,
}

impl Reactor {
    /// Accepts what waits at a listener and hands the connections round the reactors.
    pub(super) fn accept(&mut self, at: usize, now: u64) {
        while let Some(door) = self.listeners.get(at) {
            match door.listener.accept() {
                Ok(Some(socket)) => self.welcome(at, socket, now),
                Ok(None) => break,
                Err(_) => {
                    // Out of descriptors or memory: the connection stays in the kernel's queue, which will not tell
                    // of it again.
                    self.accept_again = Some(now + ACCEPT_INTERVAL_MS);
                    break;
                }
            }
        }
    }

    /// Hands a connection that came in at a listener to the reactor whose turn it is.
    pub(super) fn welcome(&mut self, at: usize, mut socket: Socket, now: u64) {
        let Some(Door { shard, node, tls, .. }) = self.listeners.get(at) else { return };
        let (shard, node) = (*shard, *node);
        self.engine.server.stats.connections_received.fetch_add(1, Ordering::Relaxed);
        if tls.as_ref().is_some_and(|tls| socket.accept_tls(&tls.current()).is_err()) {
            return;
        }
        let peer = node.unwrap_or(self.next_peer % self.peers.len());
        self.next_peer = self.next_peer.wrapping_add(1);
        if peer == self.index {
            self.admit(socket, (shard, node), now);
        } else {
            self.peers[peer].admit(socket, shard);
        }
    }

    pub(super) fn arrivals(&mut self, now: u64) {
        for (socket, shard) in self.handle.take_arrivals() {
            self.admit(socket, (shard, None), now);
        }
    }

    /// Makes a connection of a socket.
    fn admit(&mut self, mut socket: Socket, (shard, node): (Option<usize>, Option<usize>), now: u64) {
        let server = &self.engine.server;
        if self.stop_at.is_some() {
            return;
        }
        if self.settings.is_protected && !socket.is_local() && server.acl.takes_any_password() {
            server.stats.connections_rejected.fetch_add(1, Ordering::Relaxed);
            // The peer is turned away whether or not it reads why.
            let _ = socket.send(PROTECTED);
            return;
        }
        if server.clients.connected() >= self.settings.clients_max {
            server.stats.connections_rejected.fetch_add(1, Ordering::Relaxed);
            log_sink::warning(format_args!(
                "maxclients is reached: a connection from {} is refused",
                socket.peer
            ));
            // The peer is turned away whether or not it reads why.
            let _ = socket.send(b"-ERR max number of clients reached\r\n");
            return;
        }
        if !self.settings.keepalive.is_zero() {
            // Without probes a dead peer is only noticed later.
            let _ = socket.set_keepalive(self.settings.keepalive);
        }
        let handle = self.handle.clone();
        let key = self.connections.vacant_key();
        let client = server.clients.add(
            socket.peer.clone(),
            socket.local.clone(),
            socket.fd(),
            now,
            Box::new(move |why| match why {
                Wake::Killed => handle.alarm.ring(signal::KILL),
                Wake::Answered => handle.answered(key),
                Wake::Pushed => handle.pushed(key),
            }),
        );
        let mut session = Session::new(client, false);
        session.log_out(&server.acl);
        session.node = node;
        let limits = Limits { bulk_len_max: self.settings.bulk_len_max, ..Limits::default() };
        let mut connection = Box::new(Connection::new(socket, session, limits));
        connection.listed = true;
        connection.shard = shard;
        if self.uring.is_some() && connection.socket.is_plain() {
            connection.intake = Intake::Resting;
            connection.readable = false;
        } else if connection.socket.register(self.poll.registry(), Token(key)).is_err() {
            server.clients.remove(&connection.session.client);
            return;
        }
        if connection.socket.is_handshaking() {
            self.handshakes.push_back((now + HANDSHAKE_MS_MAX, key, connection.session.client.id));
        }
        self.connections.insert(connection);
        self.readable.push(key);
    }

    /// Closes connections that have not come to terms about keys in time.
    #[cold]
    pub(super) fn end_handshakes(&mut self, now: u64) {
        while let Some(&(at, key, id)) = self.handshakes.front()
            && at <= now
        {
            self.handshakes.pop_front();
            let is_late = self.connections.get(key).is_some_and(|connection| {
                connection.session.client.id == id && connection.socket.is_handshaking()
            });
            if is_late {
                self.close(key);
            }
        }
    }
}
