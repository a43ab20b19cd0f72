//! What a replica is opened with, by name and value as in a configuration file.

use std::os::fd::{OwnedFd, RawFd};
use std::path::PathBuf;
use std::time::Duration;

use crate::base::options::Secret;
use crate::base::{Error, ErrorKind, Result, memory_size};
use crate::io::{Trust, duplicate};

use super::super::block::Packing;
use super::super::selection::{Kind, PREFIXES_MAX, kind_named};
use super::super::wire::ID_LEN_MAX;
use super::sentinel;

/// Where the primary is.
#[derive(Debug)]
pub enum Source {
    /// A host name or address, and a port.
    Tcp { host: String, port: u16, tls: bool },
    /// A Unix socket.
    Unix(PathBuf),
    /// Whichever server these Sentinels, hosts and ports, say is the primary of that name.
    Sentinels { sentinels: Vec<(String, u16)>, name: String },
    /// A connected socket. It cannot be connected again, so its end is the replica's.
    Fd(OwnedFd),
}

impl Source {
    /// A connected socket, told by its number. The replica gets a descriptor of its own for it.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] where the number is no open descriptor.
    pub fn duplicate(fd: RawFd) -> Result<Self> {
        duplicate(fd).map(Self::Fd).map_err(|error| Error::io(format!("descriptor {fd}"), &error))
    }
}

/// Which protocol the primary speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Speech {
    /// kevy's own: frames of every shard.
    #[default]
    Native,
    /// That of Redis and Valkey: one stream of bytes.
    Psync,
}

/// How a primary of Redis or Valkey is followed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Follow {
    /// By its stream; where it forbids that, by scanning its keys and tracking them.
    #[default]
    Auto,
    /// By its stream alone.
    Psync,
    /// By scanning and tracking alone.
    Scan,
}

/// When the primary is told that frames have been applied.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Acknowledge {
    /// By asking for more frames, the caller says that it has applied those it got.
    #[default]
    Auto,
    /// Only by `ack`.
    Manual,
}

/// The settings of a replica.
#[derive(Debug)]
pub struct ReplicaOptions {
    pub source: Option<Source>,
    pub speech: Speech,
    /// The name under which the primary keeps this replica's place; one name, one consumer.
    pub id: Option<String>,
    pub user: String,
    pub password: Secret,
    pub connect_timeout: Duration,
    /// How long the primary may be silent.
    pub receive_timeout: Duration,
    /// The wait before the first attempt to connect again; it doubles up to the maximum.
    pub reconnect_delay_min: Duration,
    pub reconnect_delay_max: Duration,
    /// Bytes that a batch holds at most, beside one frame that is longer.
    pub batch_bytes_max: usize,
    /// Bytes of transactions that wait for their parts on other shards.
    pub transaction_bytes_max: usize,
    /// Bytes of one frame, or of one string of a snapshot.
    pub frame_bytes_max: usize,
    pub acknowledge: Acknowledge,
    pub follow: Follow,
    /// Whether bookmarks are handed out.
    pub bookmarks: bool,
    /// What keys of commands that are handed out begin with, any of these; all are handed out if empty.
    pub prefixes: Vec<Vec<u8>>,
    /// The types of values that are asked for; all if empty. Only a kevy primary knows to leave others out.
    pub kinds: Vec<Kind>,
    /// The only database whose commands are handed out.
    pub database: Option<u32>,
    /// Whether a kevy primary is asked to send blocks that tell of damage, and how these are to be packed; where they are
    /// packed they are asked for.
    pub batches: bool,
    pub compression: Packing,
    /// What Sentinels are authenticated to with.
    pub sentinel_user: String,
    pub sentinel_password: Secret,
    /// What a primary is told of this side: the port, 0 for none, and the address, empty for the one it sees.
    pub announce_port: u16,
    pub announce_ip: String,
    /// Who is trusted to say who the primary is, and the certificate that is shown to it.
    pub trust: Trust,
    /// The name that the primary must prove to have; empty for the host of the URL.
    pub server_name: String,
}

impl Default for ReplicaOptions {
    fn default() -> Self {
        Self {
            source: None,
            speech: Speech::Native,
            id: None,
            user: String::new(),
            password: Secret::default(),
            connect_timeout: Duration::from_secs(10),
            receive_timeout: Duration::from_secs(60),
            reconnect_delay_min: Duration::from_millis(50),
            reconnect_delay_max: Duration::from_secs(5),
            batch_bytes_max: 1 << 20,
            transaction_bytes_max: 256 << 20,
            frame_bytes_max: 1 << 30,
            acknowledge: Acknowledge::Auto,
            follow: Follow::Auto,
            bookmarks: false,
            prefixes: Vec::new(),
            kinds: Vec::new(),
            database: None,
            batches: false,
            compression: Packing::None,
            sentinel_user: String::new(),
            sentinel_password: Secret::default(),
            announce_port: 0,
            announce_ip: String::new(),
            trust: Trust::default(),
            server_name: String::new(),
        }
    }
}

/// A row of the table of options: name, default, and what it is, for people.
#[derive(Clone, Copy, Debug)]
pub struct ReplicaOption {
    pub name: &'static str,
    pub default: &'static str,
    pub summary: &'static str,
}

const fn row(name: &'static str, default: &'static str, summary: &'static str) -> ReplicaOption {
    ReplicaOption { name, default, summary }
}

/// The port of a primary whose URL names none.
const PORT_DEFAULT: u16 = 6379;

impl ReplicaOptions {
    /// Every option that [`ReplicaOptions::set`] takes.
    pub const TABLE: [ReplicaOption; 26] = [
        row(
            "source",
            "",
            "The primary: kevy://[user:password@]host[:port] or kevy+unix:///path; redis://[user:password@]host[:port][/db] \
             or redis+unix:///path for Redis and Valkey; kevys:// and rediss:// with TLS; sentinel://host[:port],…/name for the \
             one that Sentinels name.",
        ),
        row("id", "", "The name under which the primary keeps this replica's place; random if empty."),
        row("user", "", "The name to authenticate with; without it only the password is sent."),
        row("password", "", "The password to authenticate with."),
        row("connect-timeout", "10000", "Milliseconds that connecting may take."),
        row("receive-timeout", "60000", "Milliseconds of silence after which the link is given up."),
        row("reconnect-delay-min", "50", "Milliseconds before the first attempt to connect again."),
        row("reconnect-delay-max", "5000", "Milliseconds between attempts at most."),
        row("batch-bytes-max", "1mb", "Bytes of a batch, beside one frame that is longer."),
        row("transaction-bytes-max", "256mb", "Bytes of transactions held until they are whole."),
        row("frame-bytes-max", "1gb", "Bytes of one frame, or of one string of a snapshot."),
        row("acknowledge", "auto", "auto: asking for more confirms what came before; manual: only ack does."),
        row(
            "follow",
            "auto",
            "How Redis and Valkey are followed. psync: by their stream. scan, which is weaker: SCAN, then CLIENT TRACKING and \
             reading again what changed. auto: scan where psync is forbidden.",
        ),
        row("bookmarks", "no", "Whether to hand out bookmarks: all that had happened has been seen."),
        row(
            "prefix",
            "",
            "Hands out only keys that begin with this, and commands on them; given again it adds another. A kevy primary sends \
             no others.",
        ),
        row(
            "type",
            "",
            "Hands out only values of these types and commands on them, as TYPE names them, such as hash,string; for a kevy \
             primary, which sends no others.",
        ),
        row("database", "", "Hands out only commands for this database; all if empty."),
        row(
            "batches",
            "no",
            "Whether a kevy primary sends blocks with checksums, so that damage on the way ends the link and what was damaged is \
             sent again.",
        ),
        row(
            "compression",
            "none",
            "How a kevy primary packs these blocks where that pays: none, lz4 or zstd, which bring blocks with them.",
        ),
        row("sentinel-user", "", "The name to authenticate to Sentinels with."),
        row("sentinel-password", "", "The password to authenticate to Sentinels with."),
        row(
            "tls-ca-cert-file",
            "",
            "The file with the certificates of those trusted to say who a kevys:// primary is.",
        ),
        row(
            "tls-ca-cert-dir",
            "",
            "A directory of such files; where neither is given the system's are taken.",
        ),
        row("tls-cert-file", "", "The file with the certificate that is shown to the primary."),
        row("tls-key-file", "", "The file with the private key of that certificate."),
        row(
            "tls-server-name",
            "",
            "The name that the primary must prove to have; the host of the URL if empty.",
        ),
    ];

    /// Sets one option by name; names match in any case.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`] with what the option takes.
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let bytes = || memory_size::parse(value).and_then(|bytes| usize::try_from(bytes).ok());
        let wrong = |takes: &str| invalid(name, value, takes);
        match &name.to_ascii_lowercase()[..] {
            "source" => self.set_source(value)?,
            "id" => {
                if value.len() > ID_LEN_MAX || !value.bytes().all(|byte| byte.is_ascii_graphic()) {
                    return Err(wrong(&format!("1 to {ID_LEN_MAX} printable characters without spaces")));
                }
                self.id = Some(value.to_owned()).filter(|id| !id.is_empty());
            }
            "user" => value.clone_into(&mut self.user),
            "password" => value.clone_into(&mut self.password.0),
            "connect-timeout" => self.connect_timeout = milliseconds(name, value, 1)?,
            "receive-timeout" => self.receive_timeout = milliseconds(name, value, 1)?,
            "reconnect-delay-min" => self.reconnect_delay_min = milliseconds(name, value, 1)?,
            "reconnect-delay-max" => self.reconnect_delay_max = milliseconds(name, value, 1)?,
            "batch-bytes-max" => {
                self.batch_bytes_max = bytes().ok_or_else(|| wrong("a memory value"))?;
            }
            "transaction-bytes-max" => {
                self.transaction_bytes_max = bytes().ok_or_else(|| wrong("a memory value"))?;
            }
            "frame-bytes-max" => {
                self.frame_bytes_max = bytes().ok_or_else(|| wrong("a memory value"))?;
            }
            "acknowledge" => {
                self.acknowledge = match value {
                    "auto" => Acknowledge::Auto,
                    "manual" => Acknowledge::Manual,
                    _ => return Err(wrong("'auto' or 'manual'")),
                }
            }
            "follow" => {
                self.follow = match value {
                    "auto" => Follow::Auto,
                    "psync" => Follow::Psync,
                    "scan" => Follow::Scan,
                    _ => return Err(wrong("'auto', 'psync' or 'scan'")),
                }
            }
            "tls-ca-cert-file" => value.clone_into(&mut self.trust.authorities),
            "tls-ca-cert-dir" => value.clone_into(&mut self.trust.authorities_directory),
            "tls-cert-file" => value.clone_into(&mut self.trust.certificate),
            "tls-key-file" => value.clone_into(&mut self.trust.key),
            "tls-server-name" => value.clone_into(&mut self.server_name),
            "bookmarks" => {
                self.bookmarks = match value {
                    "yes" => true,
                    "no" => false,
                    _ => return Err(wrong("'yes' or 'no'")),
                }
            }
            "batches" => {
                self.batches = match value {
                    "yes" => true,
                    "no" => false,
                    _ => return Err(wrong("'yes' or 'no'")),
                }
            }
            "compression" => {
                self.compression = Packing::named(value).ok_or_else(|| wrong("'none', 'lz4' or 'zstd'"))?;
            }
            "prefix" if value.is_empty() => self.prefixes.clear(),
            "prefix" if self.prefixes.len() >= PREFIXES_MAX => {
                return Err(wrong(&format!("one of at most {PREFIXES_MAX}")));
            }
            "prefix" => self.prefixes.push(value.as_bytes().to_vec()),
            "type" => {
                let names = value.split([',', ' ']).filter(|_| !value.is_empty());
                let kinds = names.map(|name| kind_named(name.as_bytes())).collect::<Option<Vec<_>>>();
                self.kinds = kinds.ok_or_else(|| wrong("types such as hash,string"))?;
            }
            "database" if value.is_empty() => self.database = None,
            "database" => self.database = Some(value.parse().map_err(|_| wrong("a number"))?),
            "sentinel-user" => value.clone_into(&mut self.sentinel_user),
            "sentinel-password" => value.clone_into(&mut self.sentinel_password.0),
            _ => {
                let text = format!("'{name}' is not an option of a replica");
                return Err(Error::new(ErrorKind::InvalidOption, text));
            }
        }
        Ok(())
    }

    /// Takes a URL: `kevy://` or `redis://`, with TLS `kevys://` or `rediss://`, and `[[user][:password]@]host[:port][/db]`, `kevy+unix://` or
    /// `redis+unix://[[user][:password]@]/path`, `sentinel://[[user][:password]@]host[:port][,host[:port]…]/name[/db]`,
    /// and after a `?` any options as `name=value`, joined by `&`. `%XX` stands for a byte.
    fn set_source(&mut self, url: &str) -> Result<()> {
        let wrong = || {
            let takes = "kevy:// or kevys://[user:password@]host[:port], kevy+unix:///path, \
                         redis:// or rediss://[user:password@]host[:port][/db], redis+unix:///path or sentinel://host[:port],…/name";
            invalid("source", url, takes)
        };
        let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (login, place) = match rest.split_once('/').map_or(rest, |(host, _)| host).rfind('@') {
            Some(at) => (&rest[..at], &rest[at + 1..]),
            None => ("", rest),
        };
        self.source = Some(match scheme {
            "kevy" | "kevys" => {
                let place = place.strip_suffix('/').unwrap_or(place);
                let (host, port) = split_port(place).ok_or_else(wrong)?;
                Source::Tcp { host, port: port.unwrap_or(PORT_DEFAULT), tls: scheme == "kevys" }
            }
            "kevy+unix" => {
                let path = percent_decode(place).filter(|path| path.starts_with('/')).ok_or_else(wrong)?;
                Source::Unix(path.into())
            }
            "redis" | "valkey" | "rediss" | "valkeys" => {
                let (host, db) = place.split_once('/').unwrap_or((place, ""));
                let (host, port) = split_port(host).ok_or_else(wrong)?;
                self.set_database(db).ok_or_else(wrong)?;
                let tls = matches!(scheme, "rediss" | "valkeys");
                Source::Tcp { host, port: port.unwrap_or(PORT_DEFAULT), tls }
            }
            "redis+unix" | "valkey+unix" | "unix" => {
                let path = percent_decode(place).filter(|path| path.starts_with('/')).ok_or_else(wrong)?;
                Source::Unix(path.into())
            }
            "sentinel" => {
                let (hosts, name) = place.split_once('/').ok_or_else(wrong)?;
                let (name, db) = name.split_once('/').unwrap_or((name, ""));
                self.set_database(db).ok_or_else(wrong)?;
                let sentinel = |place| {
                    split_port(place).map(|(host, port)| (host, port.unwrap_or(sentinel::PORT_DEFAULT)))
                };
                let sentinels = hosts.split(',').map(sentinel).collect::<Option<_>>().ok_or_else(wrong)?;
                let name = percent_decode(name).filter(|name| !name.is_empty()).ok_or_else(wrong)?;
                Source::Sentinels { sentinels, name }
            }
            _ => return Err(wrong()),
        });
        self.speech = if scheme.starts_with("kevy") { Speech::Native } else { Speech::Psync };
        if !login.is_empty() {
            let (user, password) = login.split_once(':').unwrap_or((login, ""));
            self.user = percent_decode(user).ok_or_else(wrong)?;
            self.password = Secret(percent_decode(password).ok_or_else(wrong)?);
        }
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or_else(wrong)?;
            if name.eq_ignore_ascii_case("source") {
                return Err(wrong());
            }
            self.set(name, &percent_decode(value).ok_or_else(wrong)?)?;
        }
        Ok(())
    }

    /// True where not everything that the primary holds is asked for.
    pub fn is_partial(&self) -> bool {
        !self.prefixes.is_empty() || !self.kinds.is_empty() || self.database.is_some()
    }

    fn set_database(&mut self, text: &str) -> Option<()> {
        if !text.is_empty() {
            self.database = Some(text.parse().ok()?);
        }
        Some(())
    }
}

fn invalid(name: &str, value: &str, takes: &str) -> Error {
    // A password must not end up in a log.
    let shown = if name == "source" && value.contains('@') { "a URL with credentials" } else { value };
    Error::new(ErrorKind::InvalidOption, format!("{name}: '{shown}' is not {takes}"))
}

fn milliseconds(name: &str, value: &str, min: u64) -> Result<Duration> {
    match value.parse::<u32>() {
        Ok(count) if u64::from(count) >= min => Ok(Duration::from_millis(count.into())),
        _ => Err(invalid(name, value, &format!("a number of milliseconds from {min} on"))),
    }
}

/// Host and port of `host`, `host:port`, `[v6]` or `[v6]:port`.
fn split_port(place: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            (host, if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) })
        }
        None => match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    let port = match port {
        Some(port) => Some(port.parse().ok()?),
        None => None,
    };
    (!host.is_empty() && !host.contains('/')).then(|| (host.to_owned(), port))
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        if *first == b'%' {
            let (digits, after) = after.split_first_chunk::<2>()?;
            let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = after;
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(url: &str) -> Result<ReplicaOptions> {
        let mut options = ReplicaOptions::default();
        options.set("source", url)?;
        Ok(options)
    }

    fn tcp(url: &str) -> (String, u16) {
        match source(url).expect(url).source {
            Some(Source::Tcp { host, port, .. }) => (host, port),
            other => panic!("{url}: {other:?}"),
        }
    }

    #[test]
    fn urls_name_the_primary() {
        assert_eq!(tcp("kevy://db"), ("db".into(), 6379));
        assert_eq!(tcp("kevy://10.0.0.1:7000/"), ("10.0.0.1".into(), 7000));
        assert_eq!(tcp("kevy://[::1]:7000"), ("::1".into(), 7000));
        assert_eq!(tcp("kevy://[::1]"), ("::1".into(), 6379));
        let options = source("kevy://me:p%40ss%2F@db:1?id=tail&bookmarks=yes").expect("a URL");
        assert_eq!((&options.user[..], &options.password.0[..]), ("me", "p@ss/"));
        assert_eq!((options.id.as_deref(), options.bookmarks), (Some("tail"), true));
        let options = source("kevy+unix://:secret@/run/kevy%20one.sock").expect("a URL");
        assert!(matches!(options.source, Some(Source::Unix(path)) if path.ends_with("kevy one.sock")));
        assert_eq!((&options.user[..], &options.password.0[..]), ("", "secret"));
    }

    #[test]
    fn urls_name_primaries_of_redis_and_those_that_sentinels_know() {
        assert_eq!(tcp("redis://db"), ("db".into(), 6379));
        let options = source("redis://:secret@[::1]:7/3?prefix=user:&prefix=session:").expect("a URL");
        assert_eq!((options.speech, options.database), (Speech::Psync, Some(3)));
        assert_eq!(options.prefixes, [b"user:".to_vec(), b"session:".to_vec()]);
        assert_eq!(source("redis://db?follow=scan").expect("a URL").follow, Follow::Scan);
        let options = source("sentinel://:secret@a,b:7,[::1]:8/main/2").expect("a URL");
        match options.source {
            Some(Source::Sentinels { sentinels, name }) => {
                assert_eq!(sentinels, [("a".into(), 26_379), ("b".into(), 7), ("::1".into(), 8)]);
                assert_eq!(name, "main");
            }
            other => panic!("{other:?}"),
        }
        assert_eq!((options.database, &options.password.0[..]), (Some(2), "secret"));
    }

    #[test]
    fn urls_that_are_wrong_are_refused_without_showing_a_password() {
        for url in [
            "",
            "db:6379",
            "kevy://",
            "kevy://:1",
            "kevy://db:x",
            "kevy://db:70000",
            "kevy://db/1/2",
            "kevy+unix://run",
            "http://db",
            "kevy://db?id",
            "kevy://db?source=x",
            "kevy://a%4@db",
            "kevy://[::1",
            "kevy://[::1]x",
            "redis://db/x",
            "redis+unix://run",
            "sentinel://db",
            "sentinel://db:1,/name",
            "sentinel://db/",
        ] {
            assert_eq!(source(url).expect_err(url).kind(), ErrorKind::InvalidOption, "{url}");
        }
        let error = source("kevy://me:secret@db:x").expect_err("a wrong port");
        assert!(!error.message().contains("secret"), "{error}");
        for (url, is_encrypted) in
            [("rediss://db/1", true), ("kevys://db", true), ("redis://db", false), ("kevy://db", false)]
        {
            let source = source(url).expect(url).source;
            assert!(matches!(source, Some(Source::Tcp { tls, .. }) if tls == is_encrypted), "{url}");
        }
    }

    #[test]
    fn every_option_of_the_table_can_be_set_to_its_default() {
        for option in ReplicaOptions::TABLE.iter().filter(|option| option.name != "source") {
            let mut options = ReplicaOptions::default();
            options.set(option.name, option.default).expect(option.name);
            assert_eq!(format!("{options:?}"), format!("{:?}", ReplicaOptions::default()), "{}", option.name);
        }
    }

    #[test]
    fn wrong_values_and_names_are_told() {
        let mut options = ReplicaOptions::default();
        for (name, value) in [
            ("connect-timeout", "0"),
            ("connect-timeout", "soon"),
            ("batch-bytes-max", "much"),
            ("acknowledge", "maybe"),
            ("follow", "closely"),
            ("bookmarks", "1"),
            ("type", "hash,heap"),
            ("batches", "1"),
            ("compression", "gzip"),
            ("id", "two words"),
            ("nothing", "1"),
        ] {
            let error = options.set(name, value).expect_err(name);
            assert!(error.kind() == ErrorKind::InvalidOption && error.message().contains(name), "{error}");
        }
    }
}
