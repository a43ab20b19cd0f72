//! Stream sockets of every kind behind one type: TCP, Unix, and one end of a socket pair.

use std::fmt;
use std::io::{self, ErrorKind};
use std::mem::MaybeUninit;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::path::Path;
use std::time::Duration;

use mio::event::Source;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use socket2::{Domain, SockAddr, Socket as Inner, TcpKeepalive, Type};

use super::tls::Tls;
use super::tls_config::{ClientTls, ServerTls};

/// A connected, non-blocking stream socket.
pub struct Socket {
    inner: Inner,
    tls: Option<Box<Tls>>,
    /// `ip:port`, `path:0`, or empty where neither exists.
    pub peer: String,
    pub local: String,
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").field("fd", &self.fd()).field("peer", &self.peer).finish()
    }
}

/// A second descriptor, closed on exec, for what `fd` stands for; `fd` stays its owner's.
///
/// # Errors
/// Where `fd` is not open or no more descriptors are to be had.
pub fn duplicate(fd: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: fcntl takes any number, and one that is not open is an error.
    let copy = unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0) };
    if copy < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor was made just now and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
}

/// What one attempt to move bytes did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Moved {
    Bytes(usize),
    /// The socket can do nothing now; its readiness will be reported.
    Later,
    /// The peer is gone.
    Closed,
}

impl Socket {
    /// Takes over a connected socket; it becomes non-blocking. `path` names the Unix socket it came in on.
    pub fn new(inner: Inner, path: Option<&Path>) -> io::Result<Self> {
        inner.set_nonblocking(true)?;
        let name = |address: io::Result<SockAddr>| match (address.ok().and_then(|a| a.as_socket()), path) {
            (Some(address), _) => show_address(address),
            (None, Some(path)) => format!("{}:0", path.display()),
            (None, None) => String::new(),
        };
        let (peer, local) = (name(inner.peer_addr()), name(inner.local_addr()));
        if inner.local_addr()?.as_socket().is_some() {
            // Replies are written whole, so waiting to fill a segment only delays them.
            inner.set_tcp_nodelay(true)?;
        }
        Ok(Self { inner, tls: None, peer, local })
    }

    /// Takes over a descriptor that the caller owns.
    pub fn from_fd(fd: OwnedFd) -> io::Result<Self> {
        Self::new(Inner::from(fd), None)
    }

    /// Two ends of one in-process connection; the second is for a client and blocks as clients expect.
    pub fn pair() -> io::Result<(Self, OwnedFd)> {
        let (ours, theirs) = Inner::pair(Domain::UNIX, Type::STREAM, None)?;
        Ok((Self::new(ours, None)?, theirs.into()))
    }

    pub(super) fn inner(&self) -> &Inner {
        &self.inner
    }

    pub fn fd(&self) -> RawFd {
        self.inner.as_raw_fd()
    }

    /// Whether the peer is on this machine.
    pub fn is_local(&self) -> bool {
        let address = self.inner.peer_addr().ok().and_then(|address| address.as_socket());
        address.is_none_or(|address| address.ip().to_canonical().is_loopback())
    }

    /// Sends keep-alive probes after `idle` without traffic, where the socket is TCP.
    pub fn set_keepalive(&self, idle: Duration) -> io::Result<()> {
        if self.inner.local_addr()?.as_socket().is_none() {
            return Ok(());
        }
        let interval = (idle / 3).max(Duration::from_secs(1));
        let keepalive = TcpKeepalive::new().with_time(idle).with_interval(interval).with_retries(3);
        self.inner.set_tcp_keepalive(&keepalive)
    }

    /// Begins TLS with a peer that connected to here; the handshake happens inside of what follows.
    pub fn accept_tls(&mut self, config: &ServerTls) -> io::Result<()> {
        self.tls = Some(Box::new(Tls::server(config)?));
        Ok(())
    }

    /// Begins TLS with a peer that was connected to and must prove to be `host`.
    pub fn connect_tls(&mut self, config: &ClientTls, host: &str) -> io::Result<()> {
        self.tls = Some(Box::new(Tls::client(config, host)?));
        Ok(())
    }

    /// Whether what passes is what is sent, so that whoever knows the descriptor can move it.
    pub fn is_plain(&self) -> bool {
        self.tls.is_none()
    }

    /// Whether TLS has not come so far that bytes can pass.
    pub fn is_handshaking(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.is_handshaking())
    }

    /// Whether bytes that were taken to be sent wait for the socket.
    #[inline]
    pub fn has_pending(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.has_pending())
    }

    /// Whether there is something to read that readiness will not be reported for.
    #[inline]
    pub fn has_more(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.has_more())
    }

    /// Sends what waits, as far as the socket takes it.
    pub fn flush(&mut self) -> io::Result<()> {
        self.tls.as_mut().map_or(Ok(()), |tls| tls.flush(&self.inner))
    }

    /// Reads into `buffer`.
    #[inline]
    pub fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Moved> {
        if let Some(tls) = &mut self.tls {
            return tls.receive(&self.inner, buffer);
        }
        // SAFETY: the kernel only writes initialized bytes, so the slice stays initialized.
        let raw = unsafe { &mut *(std::ptr::from_mut(buffer) as *mut [MaybeUninit<u8>]) };
        moved(self.inner.recv(raw), true)
    }

    /// Sends from `bytes`; never raises SIGPIPE.
    #[inline]
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<Moved> {
        if let Some(tls) = &mut self.tls {
            return tls.send(&self.inner, bytes);
        }
        moved(self.inner.send_with_flags(bytes, NO_SIGNAL), false)
    }

    pub fn register(&self, registry: &Registry, token: Token) -> io::Result<()> {
        SourceFd(&self.fd()).register(registry, token, Interest::READABLE | Interest::WRITABLE)
    }

    pub fn deregister(&self, registry: &Registry) -> io::Result<()> {
        SourceFd(&self.fd()).deregister(registry)
    }
}

#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
pub(super) const NO_SIGNAL: i32 = libc::MSG_NOSIGNAL;
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
pub(super) const NO_SIGNAL: i32 = 0;

impl Drop for Socket {
    fn drop(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.close(&self.inner);
        }
    }
}

fn moved(result: io::Result<usize>, reading: bool) -> io::Result<Moved> {
    match result {
        Ok(0) if reading => Ok(Moved::Closed),
        Ok(n) => Ok(Moved::Bytes(n)),
        Err(error) => match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::Interrupted => Ok(Moved::Later),
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted => {
                Ok(Moved::Closed)
            }
            _ => Err(error),
        },
    }
}

/// An address as `CLIENT LIST` shows it.
fn show_address(address: SocketAddr) -> String {
    match address.ip() {
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => format!("{v4}:{}", address.port()),
            None => format!("[{v6}]:{}", address.port()),
        },
        IpAddr::V4(v4) => format!("{v4}:{}", address.port()),
    }
}

/// A listening socket.
#[derive(Debug)]
pub struct Listener {
    inner: Inner,
    path: Option<std::path::PathBuf>,
}

impl Listener {
    /// Listens on an address; port 0 lets the system choose.
    pub fn tcp(address: SocketAddr, backlog: i32) -> io::Result<Self> {
        let inner = Inner::new(Domain::for_address(address), Type::STREAM, None)?;
        if address.is_ipv6() {
            inner.set_only_v6(true)?;
        }
        inner.set_reuse_address(true)?;
        inner.bind(&address.into())?;
        inner.listen(backlog)?;
        inner.set_nonblocking(true)?;
        Ok(Self { inner, path: None })
    }

    /// Listens on a Unix socket, replacing a stale one that nobody listens on; removed when dropped.
    pub fn unix(path: &Path, permissions: Option<u32>, backlog: i32) -> io::Result<Self> {
        let inner = Inner::new(Domain::UNIX, Type::STREAM, None)?;
        let address = SockAddr::unix(path)?;
        if let Err(error) = inner.bind(&address) {
            if error.kind() != ErrorKind::AddrInUse
                || Inner::new(Domain::UNIX, Type::STREAM, None)?.connect(&address).is_ok()
            {
                return Err(error);
            }
            std::fs::remove_file(path)?;
            inner.bind(&address)?;
        }
        if let Some(mode) = permissions {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
        }
        inner.listen(backlog)?;
        inner.set_nonblocking(true)?;
        Ok(Self { inner, path: Some(path.to_owned()) })
    }

    /// The port, where it is TCP.
    pub fn port(&self) -> Option<u16> {
        self.inner.local_addr().ok()?.as_socket().map(|address| address.port())
    }

    /// The next waiting connection, `None` where there is none.
    pub fn accept(&self) -> io::Result<Option<Socket>> {
        loop {
            return match self.inner.accept() {
                Ok((socket, _)) => match Socket::new(socket, self.path.as_deref()) {
                    Ok(socket) => Ok(Some(socket)),
                    // The peer left between connecting and here.
                    Err(_) => continue,
                },
                Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
                Err(error)
                    if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::ConnectionAborted) =>
                {
                    continue;
                }
                Err(error) => Err(error),
            };
        }
    }

    /// Makes a socket of a connection that was accepted elsewhere.
    ///
    /// # Errors
    /// Where the peer has left meanwhile.
    pub fn adopt(&self, fd: OwnedFd) -> io::Result<Socket> {
        Socket::new(Inner::from(fd), self.path.as_deref())
    }

    pub fn fd(&self) -> RawFd {
        self.inner.as_raw_fd()
    }

    pub fn register(&self, registry: &Registry, token: Token) -> io::Result<()> {
        SourceFd(&self.fd()).register(registry, token, Interest::READABLE)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // Whoever removed it first had the right to.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Takes ownership of a raw descriptor.
///
/// # Safety
/// `fd` must be open and owned by the caller, who gives it away.
pub unsafe fn own_fd(fd: RawFd) -> OwnedFd {
    // SAFETY: the caller's promise is the same.
    unsafe { OwnedFd::from_raw_fd(fd) }
}
