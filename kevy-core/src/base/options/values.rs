//! The types of option values: how each is read, and how CONFIG GET writes it.
//!
//! What a value is refused with is Redis's wording, because clients see it in the reply to CONFIG SET.

use std::borrow::Cow;
use std::fmt;

use super::kind::{Kind, OptionSpec};
use crate::base::{memory_size, number};

/// A type that an option's field may have.
pub trait OptionValue: Default {
    /// Takes the value that `text` writes, or says what it should have been.
    fn set(&mut self, text: &str, spec: &OptionSpec) -> Result<(), Cow<'static, str>>;

    /// The value as CONFIG GET writes it.
    fn text(&self, spec: &OptionSpec) -> String;
}

impl OptionValue for bool {
    fn set(&mut self, text: &str, _: &OptionSpec) -> Result<(), Cow<'static, str>> {
        *self = match text {
            _ if text.eq_ignore_ascii_case("yes") => true,
            _ if text.eq_ignore_ascii_case("no") => false,
            _ => return Err("argument must be 'yes' or 'no'".into()),
        };
        Ok(())
    }

    fn text(&self, _: &OptionSpec) -> String {
        if *self { "yes" } else { "no" }.into()
    }
}

fn outside(min: impl fmt::Display, max: impl fmt::Display) -> Cow<'static, str> {
    format!("argument must be between {min} and {max} inclusive").into()
}

fn integer<T: TryFrom<i64>>(text: &str, spec: &OptionSpec) -> Result<T, Cow<'static, str>> {
    let value = match spec.kind {
        Kind::Memory { min, max } => {
            let bytes = memory_size::parse(text).ok_or("argument must be a memory value")?;
            if !(min..=max).contains(&bytes) {
                return Err(outside(min, max));
            }
            return T::try_from(bytes as i64).map_err(|_| outside(min, max));
        }
        Kind::Integer { min, max } | Kind::OptionalInteger { min, max } => {
            let value =
                number::parse_i64(text.as_bytes()).ok_or("argument couldn't be parsed into an integer")?;
            (min..=max).contains(&value).then_some(value).ok_or_else(|| outside(min, max))?
        }
        _ => return Err("argument couldn't be parsed into an integer".into()),
    };
    T::try_from(value).map_err(|_| "argument couldn't be parsed into an integer".into())
}

macro_rules! integers {
    ($($type:ty)*) => { $(
        impl OptionValue for $type {
            fn set(&mut self, text: &str, spec: &OptionSpec) -> Result<(), Cow<'static, str>> {
                *self = integer(text, spec)?;
                Ok(())
            }

            fn text(&self, _: &OptionSpec) -> String {
                self.to_string()
            }
        }
    )* };
}

integers!(i32 i64 u16 u32 u64 usize);

impl OptionValue for Option<u16> {
    fn set(&mut self, text: &str, spec: &OptionSpec) -> Result<(), Cow<'static, str>> {
        *self = if text.is_empty() { None } else { Some(integer(text, spec)?) };
        Ok(())
    }

    fn text(&self, _: &OptionSpec) -> String {
        self.map_or_else(String::new, |value| value.to_string())
    }
}

impl OptionValue for String {
    fn set(&mut self, text: &str, _: &OptionSpec) -> Result<(), Cow<'static, str>> {
        *self = text.into();
        Ok(())
    }

    fn text(&self, _: &OptionSpec) -> String {
        self.clone()
    }
}

/// Text that is not shown where values are printed for debugging.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "none" } else { "hidden" })
    }
}

impl OptionValue for Secret {
    fn set(&mut self, text: &str, spec: &OptionSpec) -> Result<(), Cow<'static, str>> {
        self.0.set(text, spec)
    }

    fn text(&self, _: &OptionSpec) -> String {
        self.0.clone()
    }
}

/// Where a primary takes connections from replicas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrimaryAddress {
    /// A name or an address.
    pub host: String,
    pub port: u16,
    /// The URL of a replica's source, if it was given as one; empty otherwise.
    pub url: String,
}

impl PrimaryAddress {
    /// A host and a port for clients.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self { host: host.into(), port, url: String::new() }
    }

    /// The address behind a URL, without credentials, as far as it names one.
    fn of_url(url: &str) -> Option<Self> {
        let (_, rest) = url.split_once("://")?;
        let rest = rest.split('?').next().unwrap_or(rest);
        let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
        let (host, port) = match place.split('/').next().unwrap_or(place) {
            "" => (place, None),
            address => match address.rsplit_once(':').filter(|(host, _)| !host.contains(',')) {
                Some((host, port)) => (host.trim_start_matches('[').trim_end_matches(']'), port.parse().ok()),
                None => (address, None),
            },
        };
        Some(Self { host: host.into(), port: port.unwrap_or(6379), url: url.into() })
    }

    /// Host and port, for people.
    pub fn shown(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

impl OptionValue for Option<PrimaryAddress> {
    fn set(&mut self, text: &str, _: &OptionSpec) -> Result<(), Cow<'static, str>> {
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        *self = match words[..] {
            [] => None,
            [no, one] if no.eq_ignore_ascii_case("no") && one.eq_ignore_ascii_case("one") => None,
            [url] if url.contains("://") => PrimaryAddress::of_url(url),
            [host, port] => {
                let port = number::parse_u64(port.as_bytes()).and_then(|port| u16::try_from(port).ok());
                Some(PrimaryAddress::new(host, port.ok_or("Invalid master port")?))
            }
            _ => return Err(
                "must be a host and a port with a space between, a URL such as redis://host:port, or no one"
                    .into(),
            ),
        };
        Ok(())
    }

    fn text(&self, _: &OptionSpec) -> String {
        match self {
            None => String::new(),
            Some(PrimaryAddress { host, port, url }) if url.is_empty() => format!("{host} {port}"),
            Some(PrimaryAddress { url, .. }) => url.clone(),
        }
    }
}

/// Users and their rules, as the words of one line each.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct UserLines(Vec<Vec<String>>);

impl UserLines {
    pub fn add(&mut self, words: Vec<String>) {
        self.0.push(words);
    }

    /// The users of such lines, each its words with spaces between.
    pub fn from_lines(lines: &[String]) -> Self {
        Self(lines.iter().map(|line| line.split(' ').map(str::to_owned).collect()).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn lines(&self) -> &[Vec<String>] {
        &self.0
    }
}

impl fmt::Debug for UserLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} users", self.0.len())
    }
}

impl OptionValue for UserLines {
    fn set(&mut self, text: &str, _: &OptionSpec) -> Result<(), Cow<'static, str>> {
        let words: Vec<String> = text.split_ascii_whitespace().map(str::to_owned).collect();
        if words.is_empty() {
            self.0.clear();
        } else {
            self.add(words);
        }
        Ok(())
    }

    fn text(&self, _: &OptionSpec) -> String {
        self.0.iter().map(|words| words.join(" ")).collect::<Vec<_>>().join("\n")
    }
}

/// A directory; empty for the working directory of the process, which nobody has asked to be written to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory(pub String);

impl OptionValue for Directory {
    fn set(&mut self, text: &str, spec: &OptionSpec) -> Result<(), Cow<'static, str>> {
        self.0.set(text, spec)
    }

    fn text(&self, _: &OptionSpec) -> String {
        if !self.0.is_empty() {
            return self.0.clone();
        }
        std::env::current_dir().map_or_else(|_| ".".into(), |path| path.to_string_lossy().into())
    }
}

/// The name of a file, without a directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileName(pub String);

impl OptionValue for FileName {
    fn set(&mut self, text: &str, spec: &OptionSpec) -> Result<(), Cow<'static, str>> {
        if text.is_empty() || text.contains('/') {
            return Err(format!("{} can't be a path, just a filename", spec.name).into());
        }
        self.0.set(text, spec)
    }

    fn text(&self, _: &OptionSpec) -> String {
        self.0.clone()
    }
}

/// The points at which a snapshot is due.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SavePoints {
    /// Those of redis.conf where a directory is given, and none where it is not.
    #[default]
    Auto,
    /// Seconds and changes: one is due when so many of both have passed since the last.
    At(Vec<(u64, u64)>),
}

impl SavePoints {
    /// The points of redis.conf.
    const USUAL: [(u64, u64); 3] = [(3600, 1), (300, 100), (60, 10_000)];

    /// The points that hold for a directory.
    pub fn with(&self, directory: &Directory) -> Vec<(u64, u64)> {
        match self {
            Self::At(points) => points.clone(),
            Self::Auto if directory.0.is_empty() => Vec::new(),
            Self::Auto => Self::USUAL.to_vec(),
        }
    }
}

impl OptionValue for SavePoints {
    fn set(&mut self, text: &str, _: &OptionSpec) -> Result<(), Cow<'static, str>> {
        const INVALID: &str = "Invalid save parameters";
        if text.eq_ignore_ascii_case("auto") {
            *self = Self::Auto;
            return Ok(());
        }
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let (pairs, rest) = words.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(INVALID.into());
        }
        let number =
            |word: &str| number::parse_u64(word.as_bytes()).filter(|value| *value <= i64::MAX as u64);
        let points = pairs.iter().map(|[seconds, changes]| {
            let seconds =
                number(seconds).filter(|seconds| *seconds > 0 && *seconds <= i64::MAX as u64 / 1000);
            Some((seconds?, number(changes)?))
        });
        *self = Self::At(points.collect::<Option<Vec<_>>>().ok_or(INVALID)?);
        Ok(())
    }

    fn text(&self, _: &OptionSpec) -> String {
        match self {
            Self::Auto => "auto".into(),
            Self::At(points) => {
                let points: Vec<String> =
                    points.iter().map(|(seconds, changes)| format!("{seconds} {changes}")).collect();
                points.join(" ")
            }
        }
    }
}

/// File permissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Octal(pub u32);

impl OptionValue for Octal {
    fn set(&mut self, text: &str, spec: &OptionSpec) -> Result<(), Cow<'static, str>> {
        const NOT_OCTAL: &str = "argument couldn't be parsed as an octal number";
        // `from_str_radix` would take a plus sign.
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NOT_OCTAL.into());
        }
        let value = u32::from_str_radix(text, 8).map_err(|_| NOT_OCTAL)?;
        match spec.kind {
            Kind::Octal { max } if value > max => Err(outside(0, format_args!("{max:o}"))),
            _ => {
                self.0 = value;
                Ok(())
            }
        }
    }

    fn text(&self, _: &OptionSpec) -> String {
        format!("{:o}", self.0)
    }
}

/// How many times a second background work runs: outside 1 to 500 the nearer end is taken, as Redis does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hertz(pub u32);

impl OptionValue for Hertz {
    fn set(&mut self, text: &str, spec: &OptionSpec) -> Result<(), Cow<'static, str>> {
        self.0 = integer::<u32>(text, spec)?.clamp(1, 500);
        Ok(())
    }

    fn text(&self, _: &OptionSpec) -> String {
        self.0.to_string()
    }
}

/// An option that cannot be changed from its default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fixed;

impl OptionValue for Fixed {
    fn set(&mut self, text: &str, spec: &OptionSpec) -> Result<(), Cow<'static, str>> {
        if text.eq_ignore_ascii_case(spec.default) {
            return Ok(());
        }
        let reason = if let Kind::Fixed(reason) = spec.kind { reason } else { "it cannot be changed" };
        Err(format!("argument must be '{}': {reason}", spec.default).into())
    }

    fn text(&self, spec: &OptionSpec) -> String {
        spec.default.into()
    }
}

/// An address to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindAddress {
    /// As it was written: `*`, `::*`, an address or a host name, after a `-` if its absence is no error.
    written: String,
}

impl BindAddress {
    /// The address or host name; every IPv4 address for `*`, every IPv6 address for `::*`.
    pub fn host(&self) -> &str {
        match self.written.trim_start_matches('-') {
            "*" => "0.0.0.0",
            "::*" => "::",
            host => host,
        }
    }

    /// True where the machine need not have the address.
    pub fn is_optional(&self) -> bool {
        self.written.starts_with('-')
    }
}

impl OptionValue for Vec<BindAddress> {
    fn set(&mut self, text: &str, _: &OptionSpec) -> Result<(), Cow<'static, str>> {
        const ADDRESSES_MAX: usize = 16;
        let addresses: Self =
            text.split_ascii_whitespace().map(|word| BindAddress { written: word.into() }).collect();
        if addresses.len() > ADDRESSES_MAX {
            return Err("Too many bind addresses specified.".into());
        }
        *self = addresses;
        Ok(())
    }

    fn text(&self, _: &OptionSpec) -> String {
        let words: Vec<&str> = self.iter().map(|address| address.written.as_str()).collect();
        words.join(" ")
    }
}

/// One of the words that the option's row lists, for options that nothing is decided by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word(pub String);

impl OptionValue for Word {
    fn set(&mut self, text: &str, spec: &OptionSpec) -> Result<(), Cow<'static, str>> {
        let Kind::Choice(words) = spec.kind else { return self.0.set(text, spec) };
        match words.iter().find(|word| word.eq_ignore_ascii_case(text)) {
            Some(word) => self.0 = (*word).into(),
            None => {
                return Err(format!("argument(s) must be one of the following: {}", words.join(", ")).into());
            }
        }
        Ok(())
    }

    fn text(&self, _: &OptionSpec) -> String {
        self.0.clone()
    }
}

/// Bytes, or a share of `maxmemory` in percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryShare {
    Bytes(u64),
    Percent(u8),
}

impl Default for MemoryShare {
    fn default() -> Self {
        Self::Bytes(0)
    }
}

impl MemoryShare {
    /// In bytes, 0 for no limit.
    pub fn bytes(self, maxmemory: u64) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Percent(percent) => maxmemory / 100 * u64::from(percent),
        }
    }
}

impl OptionValue for MemoryShare {
    fn set(&mut self, text: &str, _: &OptionSpec) -> Result<(), Cow<'static, str>> {
        const NO_SHARE: &str = "argument must be a memory or percent value";
        *self = match text.strip_suffix('%') {
            Some(digits) => {
                let percent = number::parse_u64(digits.as_bytes()).ok_or(NO_SHARE)?;
                let percent = u8::try_from(percent).ok().filter(|percent| *percent <= 100);
                Self::Percent(percent.ok_or("percentage argument must be less or equal to 100")?)
            }
            None => Self::Bytes(memory_size::parse(text).ok_or(NO_SHARE)?),
        };
        Ok(())
    }

    fn text(&self, _: &OptionSpec) -> String {
        match self {
            Self::Bytes(bytes) => bytes.to_string(),
            Self::Percent(percent) => format!("{percent}%"),
        }
    }
}

/// Percentages, in the order in which they are shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Percentiles(pub Vec<f64>);

impl OptionValue for Percentiles {
    fn set(&mut self, text: &str, spec: &OptionSpec) -> Result<(), Cow<'static, str>> {
        let parse = |word: &str| number::parse_f64(word.as_bytes());
        let values: Option<Vec<f64>> = text.split_ascii_whitespace().map(parse).collect();
        let Some(values) = values else { return Err(format!("Invalid {} parameters", spec.name).into()) };
        if values.iter().any(|value| !(0.0..=100.0).contains(value)) {
            return Err(format!("{} parameters should sit between [0.0,100.0]", spec.name).into());
        }
        self.0 = values;
        Ok(())
    }

    fn text(&self, _: &OptionSpec) -> String {
        let words: Vec<String> = self.0.iter().map(f64::to_string).collect();
        words.join(" ")
    }
}

/// How much unsent output a client of one class may have before it is disconnected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BufferLimit {
    /// Bytes at which the client is disconnected at once; 0 for no limit.
    pub hard_bytes: u64,
    /// Bytes at which it is disconnected after `soft_seconds` above them; 0 for no limit.
    pub soft_bytes: u64,
    /// Seconds that the soft limit may be exceeded.
    pub soft_seconds: u64,
}

/// The output limits of every class of clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BufferLimits {
    /// Clients that send commands.
    pub normal: BufferLimit,
    /// Replicas.
    pub replica: BufferLimit,
    /// Clients that subscribe to a channel.
    pub pubsub: BufferLimit,
}

impl OptionValue for BufferLimits {
    fn set(&mut self, text: &str, _: &OptionSpec) -> Result<(), Cow<'static, str>> {
        const NOT_A_LIMIT: &str =
            "Error in hard, soft or soft_seconds setting in buffer limit configuration.";
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let (groups, rest) = words.as_chunks::<4>();
        if !rest.is_empty() {
            return Err("Wrong number of arguments in buffer limit configuration.".into());
        }
        // Classes that are not named keep their limits.
        let mut limits = *self;
        for [class, hard, soft, seconds] in groups {
            let class = match class.to_ascii_lowercase().as_str() {
                "normal" => &mut limits.normal,
                "slave" | "replica" => &mut limits.replica,
                "pubsub" => &mut limits.pubsub,
                _ => return Err("Invalid client class specified in buffer limit configuration.".into()),
            };
            *class = BufferLimit {
                hard_bytes: memory_size::parse(hard).ok_or(NOT_A_LIMIT)?,
                soft_bytes: memory_size::parse(soft).ok_or(NOT_A_LIMIT)?,
                soft_seconds: number::parse_u64(seconds.as_bytes()).ok_or(NOT_A_LIMIT)?,
            };
        }
        *self = limits;
        Ok(())
    }

    fn text(&self, _: &OptionSpec) -> String {
        let text = |class: &str, limit: &BufferLimit| {
            format!("{class} {} {} {}", limit.hard_bytes, limit.soft_bytes, limit.soft_seconds)
        };
        let classes = [("normal", &self.normal), ("slave", &self.replica), ("pubsub", &self.pubsub)];
        classes.map(|(class, limit)| text(class, limit)).join(" ")
    }
}
