//! TLS over a socket that never waits.
//!
//! A socket with TLS moves bytes as any other does. The handshake happens inside of its first reads and writes, so whoever
//! owns the socket need not know of it, but for three things: bytes may wait here to be sent although the owner has none
//! ([`Tls::has_pending`]), what was read may not have been all there is ([`Tls::has_more`]), and a handshake that does not
//! come to its end is for the owner to give up ([`Tls::is_handshaking`]).

use std::fmt;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, Connection, ServerConnection};
use socket2::Socket as Inner;

use super::socket::{Moved, NO_SIGNAL};
use super::tls_config::{ClientTls, ServerTls};

/// How often the system is asked for more while nothing comes of what it had: a peer that sends only what TLS keeps for
/// itself shall not hold up others.
const ROUNDS_MAX: usize = 32;

/// One connection's TLS.
pub struct Tls {
    connection: Connection,
    /// The peer has sent its last byte.
    ended: bool,
    has_more: bool,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("is_handshaking", &self.is_handshaking()).finish_non_exhaustive()
    }
}

/// The bytes below TLS.
struct Wire<'a>(&'a Inner);

impl Read for Wire<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send_with_flags(bytes, NO_SIGNAL)
    }

    fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.send_vectored_with_flags(parts, NO_SIGNAL)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn broken(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, error)
}

impl Tls {
    /// The side that was connected to.
    pub fn server(config: &ServerTls) -> io::Result<Self> {
        Ok(Self::new(ServerConnection::new(config.0.clone()).map_err(broken)?.into()))
    }

    /// The side that connects, to a peer that must prove to be `host`.
    pub fn client(config: &ClientTls, host: &str) -> io::Result<Self> {
        let name = ServerName::try_from(host.to_owned()).map_err(broken)?;
        Ok(Self::new(ClientConnection::new(Arc::clone(&config.0), name).map_err(broken)?.into()))
    }

    fn new(connection: Connection) -> Self {
        Self { connection, ended: false, has_more: false }
    }

    /// Whether the peers have not agreed on keys yet.
    pub fn is_handshaking(&self) -> bool {
        self.connection.is_handshaking()
    }

    /// Whether bytes wait here to be sent.
    pub fn has_pending(&self) -> bool {
        self.connection.wants_write()
    }

    /// Whether the last read left something, so that readiness will not be reported anew.
    pub fn has_more(&self) -> bool {
        self.has_more
    }

    /// Reads into `buffer` until it is full or the socket has nothing more.
    pub fn receive(&mut self, inner: &Inner, buffer: &mut [u8]) -> io::Result<Moved> {
        let mut filled = 0;
        let mut rounds = 0;
        self.has_more = false;
        while filled < buffer.len() {
            match self.connection.reader().read(&mut buffer[filled..]) {
                Ok(0) => self.ended = true,
                Ok(n) => {
                    filled += n;
                    continue;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                // The peer is gone without having said so. What it sent counts: a reply that is cut off is noticed above.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => self.ended = true,
                Err(error) => return Err(error),
            }
            if self.ended {
                self.has_more = filled > 0;
                break;
            }
            if rounds == ROUNDS_MAX {
                self.has_more = true;
                break;
            }
            rounds += 1;
            match self.connection.read_tls(&mut Wire(inner)) {
                Ok(_) => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => break,
                Err(error) if is_gone(&error) => {
                    self.ended = true;
                    self.has_more = filled > 0;
                    break;
                }
                Err(error) => return Err(error),
            }
            if let Err(error) = self.connection.process_new_packets() {
                // The alert tells the peer why, if it still listens.
                let _ = self.flush(inner);
                return Err(broken(error));
            }
        }
        if self.has_pending() && !self.ended {
            self.flush(inner)?;
        }
        Ok(match filled {
            0 if self.ended => Moved::Closed,
            0 => Moved::Later,
            n => Moved::Bytes(n),
        })
    }

    /// Takes from `bytes` what there is room for, and sends what the socket takes.
    pub fn send(&mut self, inner: &Inner, bytes: &[u8]) -> io::Result<Moved> {
        let taken = self.connection.writer().write(bytes)?;
        match self.flush(inner) {
            Ok(()) if taken > 0 => Ok(Moved::Bytes(taken)),
            Ok(()) => Ok(Moved::Later),
            Err(error) if is_gone(&error) => Ok(Moved::Closed),
            Err(error) => Err(error),
        }
    }

    /// Sends what waits here, as far as the socket takes it.
    pub fn flush(&mut self, inner: &Inner) -> io::Result<()> {
        while self.connection.wants_write() {
            match self.connection.write_tls(&mut Wire(inner)) {
                Ok(_) => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Tells the peer that nothing more comes, if the socket takes it now.
    pub fn close(&mut self, inner: &Inner) {
        self.connection.send_close_notify();
        // A peer that is gone need not be told.
        let _ = self.flush(inner);
    }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted)
}
