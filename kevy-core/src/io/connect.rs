//! Connecting without waiting.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;

use socket2::{Domain, SockAddr, Socket as Inner, Type};

use super::Socket;

/// The addresses of a host. Names are looked up by the system, which may take its time.
pub fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    (host, port).to_socket_addrs().map(Iterator::collect)
}

impl Socket {
    /// Begins to connect to `address`; once the socket is writable, [`Socket::connected`] tells how it went.
    pub fn connect(address: SocketAddr) -> io::Result<Self> {
        Self::begin(Domain::for_address(address), &address.into(), None)
    }

    /// Begins to connect to a Unix socket.
    pub fn connect_unix(path: &Path) -> io::Result<Self> {
        Self::begin(Domain::UNIX, &SockAddr::unix(path)?, Some(path))
    }

    fn begin(domain: Domain, address: &SockAddr, path: Option<&Path>) -> io::Result<Self> {
        let inner = Inner::new(domain, Type::STREAM, None)?;
        inner.set_nonblocking(true)?;
        match inner.connect(address) {
            Err(error) if !is_under_way(&error) => return Err(error),
            _ => {}
        }
        Self::new(inner, path)
    }

    /// Whether the connection stands; `false` while it is being made.
    pub fn connected(&self) -> io::Result<bool> {
        if let Some(error) = self.inner().take_error()? {
            return Err(error);
        }
        match self.inner().peer_addr() {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn is_under_way(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EINPROGRESS)
}
