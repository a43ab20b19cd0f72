//! Opening the sockets that the options ask for.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::path::Path;

use crate::base::options::Options;
use crate::base::{Error, ErrorKind, Result};
use crate::io::Listener;

/// What a runtime listens on.
#[derive(Debug, Default)]
pub struct Doors {
    pub listeners: Vec<Listener>,
    /// The TCP port, where there is one.
    pub port: Option<u16>,
}

/// Opens the TCP and Unix listeners of `options`: none without `port` and `unixsocket`.
pub fn open(options: &Options) -> Result<Doors> {
    let mut doors = Doors::default();
    if let Some(port) = options.port {
        open_tcp(options, port, &mut doors)?;
    }
    if !options.unixsocket.is_empty() {
        let path = Path::new(&options.unixsocket);
        let listener = Listener::unix(path, (options.unixsocketperm.0 != 0).then_some(options.unixsocketperm.0), options.tcp_backlog as i32)
            .map_err(|error| Error::io(format_args!("cannot listen on {}", path.display()), &error))?;
        doors.listeners.push(listener);
    }
    Ok(doors)
}

fn open_tcp(options: &Options, port: u16, doors: &mut Doors) -> Result<()> {
    let mut chosen = port;
    for name in &options.bind {
        let optional = name.is_optional();
        let address = SocketAddr::new(resolve(name.host())?, chosen);
        match Listener::tcp(address, options.tcp_backlog as i32) {
            Ok(listener) => {
                chosen = listener.port().unwrap_or(chosen);
                doors.listeners.push(listener);
            }
            Err(error) if optional && is_missing(&error) => {}
            Err(error) => return Err(Error::io(format_args!("cannot listen on {address}"), &error)),
        }
    }
    if doors.listeners.is_empty() {
        return Err(Error::new(ErrorKind::InvalidOption, format!("bind: no address to listen on for port {port}")));
    }
    doors.port = Some(chosen);
    Ok(())
}

fn is_missing(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::AddrNotAvailable
        || matches!(error.raw_os_error(), Some(libc::EAFNOSUPPORT | libc::EPROTONOSUPPORT))
}

/// The first address of a host name, which is mostly an address itself.
fn resolve(host: &str) -> Result<IpAddr> {
    let unknown = || Error::new(ErrorKind::InvalidOption, format!("bind: '{host}' is no address of this machine"));
    (host, 0).to_socket_addrs().map_err(|_| unknown())?.next().map(|address| address.ip()).ok_or_else(unknown)
}
