//! What the table says of one option.

use std::borrow::Cow;

use super::table::Options;

/// One row of the table of options.
#[derive(Clone, Copy, Debug)]
pub struct OptionSpec {
    /// The name in redis.conf, in lower case.
    pub name: &'static str,
    /// An older name for the same option.
    pub alias: Option<&'static str>,
    /// The values it takes.
    pub kind: Kind,
    /// The value it has if nothing is said, in the form of redis.conf.
    pub default: &'static str,
    /// Whether CONFIG SET may change it.
    pub mutability: Mutability,
    /// True where the value must not appear in logs and messages.
    pub is_sensitive: bool,
    /// Whether CONFIG GET tells of it.
    pub listing: Listing,
    /// Where it stands in `--help` and in the reference.
    pub section: Section,
    pub(super) documentation: &'static str,
    pub(super) set: fn(&mut Options, &str, &OptionSpec) -> Result<(), Cow<'static, str>>,
    pub(super) get: fn(&Options, &OptionSpec) -> String,
}

/// The values an option takes, and how they are written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// `yes` or `no`.
    Switch,
    /// A whole number within inclusive bounds.
    Integer { min: i64, max: i64 },
    /// Nothing, or a whole number within inclusive bounds.
    OptionalInteger { min: i64, max: i64 },
    /// An amount of memory in bytes, or with a unit such as `kb`, within inclusive bounds in bytes.
    Memory { min: u64, max: u64 },
    /// File permissions in octal.
    Octal { max: u32 },
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A host and a port, or nothing.
    Address,
    /// Any text.
    Text,
    /// Words with a space between them.
    Words,
    /// Groups of client class, hard limit, soft limit and seconds.
    BufferLimits,
    /// Pairs of seconds and changes, or nothing.
    SavePoints,
    /// The default value only; the text says why.
    Fixed(&'static str),
}

/// When an option may be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutability {
    /// Only when the runtime starts.
    AtStart,
    /// As `AtStart`, because it names files.
    Protected,
    /// At any time, by CONFIG SET.
    Live,
}

/// Whether CONFIG GET shows an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    Listed,
    /// Only to who asks for it by its name.
    Hidden,
    /// Never.
    Unlisted,
}

/// A group of options that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    Server,
    Monitoring,
    Network,
    Cluster,
    Clients,
    Memory,
    Encoding,
    Replication,
    Persistence,
    Accepted,
}

impl Section {
    /// The heading over its options.
    pub fn title(self) -> &'static str {
        match self {
            Self::Server => "Server",
            Self::Monitoring => "Monitoring",
            Self::Network => "Network",
            Self::Cluster => "Cluster",
            Self::Clients => "Clients",
            Self::Memory => "Memory and expiry",
            Self::Encoding => "Encoding of collections",
            Self::Replication => "Replication",
            Self::Persistence => "Persistence",
            Self::Accepted => "Taken from redis.conf without an effect",
        }
    }
}

impl OptionSpec {
    /// What the option does, in a sentence or two, with the unit of its value.
    pub fn documentation(&self) -> &'static str {
        self.documentation.trim_start()
    }

    /// True for the option's name and its alias, in any case.
    pub fn is_named(&self, name: &str) -> bool {
        self.names().any(|own| own.eq_ignore_ascii_case(name))
    }

    /// The name and, if there is one, the alias.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.name).chain(self.alias)
    }

    pub(super) const fn row(
        section: Section,
        name: &'static str,
        default: &'static str,
        kind: Kind,
        documentation: &'static str,
        set: fn(&mut Options, &str, &Self) -> Result<(), Cow<'static, str>>,
        get: fn(&Options, &Self) -> String,
    ) -> Self {
        Self {
            name,
            alias: None,
            kind,
            default,
            mutability: Mutability::Live,
            is_sensitive: false,
            listing: Listing::Listed,
            section,
            documentation,
            set,
            get,
        }
    }

    pub(super) const fn alias(mut self, alias: &'static str) -> Self {
        self.alias = Some(alias);
        self
    }

    pub(super) const fn at_start(mut self) -> Self {
        self.mutability = Mutability::AtStart;
        self
    }

    pub(super) const fn unlisted(mut self) -> Self {
        self.listing = Listing::Unlisted;
        self
    }

    pub(super) const fn hidden(mut self) -> Self {
        self.listing = Listing::Hidden;
        self
    }

    /// As [`Self::at_start`], for what names files: clients are told that it is protected.
    pub(super) const fn protected(mut self) -> Self {
        self.mutability = Mutability::Protected;
        self
    }

    pub(super) const fn sensitive(mut self) -> Self {
        self.is_sensitive = true;
        self
    }
}

impl Kind {
    /// The values it takes, for people: `0 to 65535`.
    pub fn describe(&self) -> String {
        match *self {
            Self::Switch => "yes or no".into(),
            Self::Integer { min, max } => format!("{min} to {max}"),
            Self::OptionalInteger { min, max } => format!("{min} to {max}, or nothing"),
            Self::Memory { .. } => "bytes, or with a unit: kb, mb, gb".into(),
            Self::Octal { max } => format!("octal, up to {max:o}"),
            Self::Choice(words) => words.join(", "),
            Self::Address => "a host and a port with a space between, or nothing".into(),
            Self::Text => "text".into(),
            Self::Words => "words with spaces between".into(),
            Self::BufferLimits => "class, hard limit, soft limit, soft seconds, and again".into(),
            Self::SavePoints => "seconds, changes, and again, or nothing, or auto".into(),
            Self::Fixed(_) => "its default only".into(),
        }
    }

    /// True where a line of a configuration file may hold several words.
    pub(super) fn takes_many_words(&self) -> bool {
        matches!(self, Self::Address | Self::Words | Self::BufferLimits | Self::SavePoints | Self::Fixed(_))
    }
}
