//! Options whose value is one of a few words.

use std::borrow::Cow;

use super::kind::OptionSpec;
use super::values::OptionValue;

/// A value that is one of a few words.
pub trait Choice: Copy + 'static {
    /// The words, in the order of redis.conf.
    const WORDS: &'static [&'static str];

    /// The value that stands at `index` of [`Self::WORDS`].
    fn at(index: usize) -> Self;

    /// The word for this value.
    fn word(self) -> &'static str;
}

impl<T: Choice + Default> OptionValue for T {
    fn set(&mut self, text: &str, _: &OptionSpec) -> Result<(), Cow<'static, str>> {
        match T::WORDS.iter().position(|word| word.eq_ignore_ascii_case(text)) {
            Some(index) => *self = T::at(index),
            None => {
                return Err(
                    format!("argument(s) must be one of the following: {}", T::WORDS.join(", ")).into()
                );
            }
        }
        Ok(())
    }

    fn text(&self, _: &OptionSpec) -> String {
        self.word().into()
    }
}

macro_rules! choice {
    ($(#[$attribute:meta])* $name:ident { $($(#[$about:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
        pub enum $name { $($(#[$about])* $variant,)* }

        impl Choice for $name {
            const WORDS: &'static [&'static str] = &[$($word),*];

            fn at(index: usize) -> Self {
                [$(Self::$variant),*][index]
            }

            fn word(self) -> &'static str {
                Self::WORDS[self as usize]
            }
        }
    };
}

choice! {
    /// What is evicted when `maxmemory` is reached.
    EvictionPolicy {
        /// The least recently used key of those that expire.
        VolatileLru = "volatile-lru",
        /// The least frequently used key of those that expire.
        VolatileLfu = "volatile-lfu",
        /// Any key of those that expire.
        VolatileRandom = "volatile-random",
        /// The key that expires next.
        VolatileTtl = "volatile-ttl",
        /// The least recently used key.
        AllkeysLru = "allkeys-lru",
        /// The least frequently used key.
        AllkeysLfu = "allkeys-lfu",
        /// Any key.
        AllkeysRandom = "allkeys-random",
        /// None: commands that need memory are refused.
        #[default]
        NoEviction = "noeviction",
    }
}

impl EvictionPolicy {
    /// True where only keys that expire are evicted.
    pub fn is_volatile(self) -> bool {
        matches!(self, Self::VolatileLru | Self::VolatileLfu | Self::VolatileRandom | Self::VolatileTtl)
    }

    /// True where keys keep how often they are used in place of when they were used last.
    pub fn is_lfu(self) -> bool {
        matches!(self, Self::VolatileLfu | Self::AllkeysLfu)
    }
}

choice! {
    /// The least important messages that are logged.
    LogLevel {
        /// Everything.
        Debug = "debug",
        /// What is seldom of use.
        Verbose = "verbose",
        /// What an operator wants to know.
        #[default]
        Notice = "notice",
        /// Only what is wrong.
        Warning = "warning",
        /// Nothing.
        Nothing = "nothing",
    }
}

choice! {
    /// When the log is synced to disk.
    AppendFsync {
        /// When the system does so.
        No = "no",
        /// Once a second.
        #[default]
        EverySecond = "everysec",
        /// Before any reply leaves.
        Always = "always",
    }
}

choice! {
    /// How sockets are waited for and their bytes moved.
    IoBackend {
        /// By whichever does better and can be had.
        #[default]
        Auto = "auto",
        /// When they are ready, by epoll or what the system has in its place.
        Epoll = "epoll",
        /// By io_uring.
        Uring = "uring",
    }
}

choice! {
    /// The channels that a new user may use.
    ChannelDefault {
        /// All of them.
        AllChannels = "allchannels",
        /// None of them.
        #[default]
        ResetChannels = "resetchannels",
    }
}

impl ChannelDefault {
    pub fn is_all(self) -> bool {
        self == Self::AllChannels
    }
}

choice! {
    /// Whether TLS asks clients for certificates.
    ClientAuth {
        /// They are not asked.
        No = "no",
        /// They must show one.
        #[default]
        Yes = "yes",
        /// They are asked, and those without one are served as well.
        Optional = "optional",
    }
}

choice! {
    /// Who may use DEBUG.
    DebugAccess {
        /// Nobody.
        #[default]
        No = "no",
        /// Every client.
        Yes = "yes",
        /// Clients on this machine.
        Local = "local",
    }
}
