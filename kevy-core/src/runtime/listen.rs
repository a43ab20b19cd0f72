//! Opening the sockets that the options ask for.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
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
        let listener = Listener::unix(path, options.unixsocketperm, options.tcp_backlog as i32)
            .map_err(|error| Error::io(format_args!("cannot listen on {}", path.display()), &error))?;
        doors.listeners.push(listener);
    }
    Ok(doors)
}

fn open_tcp(options: &Options, port: u16, doors: &mut Doors) -> Result<()> {
    let mut chosen = port;
    for name in &options.bind {
        // A leading minus means: go without this address where the machine does not have it.
        let (name, optional) = name.strip_prefix('-').map_or((name.as_str(), false), |name| (name, true));
        let address = SocketAddr::new(parse(name)?, chosen);
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

/// An address of `bind`: `*` is every IPv4 address, `::*` every IPv6 one.
fn parse(name: &str) -> Result<IpAddr> {
    match name {
        "*" => Ok(Ipv4Addr::UNSPECIFIED.into()),
        "::*" => Ok(std::net::Ipv6Addr::UNSPECIFIED.into()),
        "localhost" => Ok(Ipv4Addr::LOCALHOST.into()),
        _ => name.parse().map_err(|_| {
            Error::new(ErrorKind::InvalidOption, format!("bind: '{name}' is not an IPv4 or IPv6 address"))
        }),
    }
}
