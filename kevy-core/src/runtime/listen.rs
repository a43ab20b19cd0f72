//! Opening the sockets that the options ask for.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::sync::Arc;

use crate::base::options::Options;
use crate::base::{Error, ErrorKind, Result};
use crate::io::{Acceptor, Listener, ServerTls};
use crate::net::Door;

/// What a runtime listens on.
#[derive(Debug, Default)]
pub struct Doors {
    pub listeners: Vec<Door>,
    /// The TCP port, where there is one.
    pub port: Option<u16>,
    /// The ports of a cluster's nodes.
    pub nodes: Vec<u16>,
    /// The TCP port of TLS, where there is one, and what its connections are made with.
    pub tls_port: Option<u16>,
    pub tls: Option<Arc<Acceptor>>,
}

/// Opens the TCP and Unix listeners of `options`: none without `port` and `unixsocket`.
pub fn open(options: &Options) -> Result<Doors> {
    let mut doors = Doors::default();
    if let Some(port) = options.port.filter(|_| options.cluster_enabled) {
        for node in 0..options.shard_count() {
            // Where the system chooses, it chooses each.
            let wanted = if port == 0 { Some(0) } else { u16::try_from(usize::from(port) + node).ok() };
            let wanted = wanted.ok_or_else(|| {
                let text = format!("port: {port} leaves no port for node {node}");
                Error::new(ErrorKind::InvalidOption, text)
            })?;
            let before = doors.listeners.len();
            doors.nodes.push(open_tcp(options, wanted, None, &mut doors.listeners)?);
            doors.listeners[before..].iter_mut().for_each(|door| door.node = Some(node));
        }
        doors.port = doors.nodes.first().copied();
    } else if let Some(port) = options.port {
        doors.port = Some(open_tcp(options, port, None, &mut doors.listeners)?);
    }
    if let Some(port) = options.tls_port {
        let config = ServerTls::new(options)
            .map_err(|text| Error::new(ErrorKind::InvalidOption, format!("TLS: {text}")))?;
        let acceptor = Arc::new(Acceptor::new(config));
        let before = doors.listeners.len();
        doors.tls_port = Some(open_tcp(options, port, None, &mut doors.listeners)?);
        doors.listeners[before..].iter_mut().for_each(|door| door.tls = Some(acceptor.clone()));
        doors.tls = Some(acceptor);
    }
    if let Some(base) = options.replication_port_base {
        for shard in 0..options.shard_count() {
            let port = u16::try_from(usize::from(base) + shard).map_err(|_| {
                let text = format!("replication-port-base: {base} leaves no port for shard {shard}");
                Error::new(ErrorKind::InvalidOption, text)
            })?;
            open_tcp(options, port, Some(shard), &mut doors.listeners)?;
        }
    }
    if !options.unixsocket.is_empty() {
        let path = Path::new(&options.unixsocket);
        let listener = Listener::unix(
            path,
            (options.unixsocketperm.0 != 0).then_some(options.unixsocketperm.0),
            options.tcp_backlog as i32,
        )
        .map_err(|error| Error::io(format_args!("cannot listen on {}", path.display()), &error))?;
        doors.listeners.push(Door { listener, shard: None, node: None, tls: None });
    }
    Ok(doors)
}

/// Listens on every address of `bind` and returns the port, which the system chose where it is 0.
fn open_tcp(options: &Options, port: u16, shard: Option<usize>, doors: &mut Vec<Door>) -> Result<u16> {
    let mut chosen = port;
    let before = doors.len();
    for name in &options.bind {
        let optional = name.is_optional();
        let address = SocketAddr::new(resolve(name.host())?, chosen);
        match Listener::tcp(address, options.tcp_backlog as i32) {
            Ok(listener) => {
                chosen = listener.port().unwrap_or(chosen);
                doors.push(Door { listener, shard, node: None, tls: None });
            }
            Err(error) if optional && is_missing(&error) => {}
            Err(error) => return Err(Error::io(format_args!("cannot listen on {address}"), &error)),
        }
    }
    if doors.len() == before {
        let text = format!("bind: this machine has none of the addresses to listen on for port {port}");
        return Err(Error::new(ErrorKind::InvalidOption, text));
    }
    Ok(chosen)
}

fn is_missing(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::AddrNotAvailable
        || matches!(error.raw_os_error(), Some(libc::EAFNOSUPPORT | libc::EPROTONOSUPPORT))
}

/// The first address of a host name, which is mostly an address itself.
fn resolve(host: &str) -> Result<IpAddr> {
    let unknown =
        || Error::new(ErrorKind::InvalidOption, format!("bind: '{host}' is no address of this machine"));
    (host, 0).to_socket_addrs().map_err(|_| unknown())?.next().map(|address| address.ip()).ok_or_else(unknown)
}
