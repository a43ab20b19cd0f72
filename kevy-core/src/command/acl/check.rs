//! Whether a user may run a command with its keys and channels.

use crate::command::keys::{each_key, flags_of};
use crate::command::{Fail, Session, Spec};

use super::selector::{Access, Selector};
use super::user::User;

/// What a user may not do; positions are those of arguments, the verb being 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Denied {
    Command,
    Key(usize),
    Channel(usize),
}

impl Denied {
    /// The error of a client's command, whose full name is `name`.
    pub fn reply(self, name: &str) -> Fail {
        match self {
            Self::Command => {
                Fail::with(format!("NOPERM this user has no permissions to run the '{name}' command"))
            }
            Self::Key(_) => {
                Fail::new("NOPERM this user has no permissions to access one of the keys used as arguments")
            }
            Self::Channel(_) => Fail::new(
                "NOPERM this user has no permissions to access one of the channels used as arguments",
            ),
        }
    }

    /// The error in place of a reply of EXEC, where the command was allowed when it was queued.
    pub fn exec_reply(self) -> Fail {
        const CHANGED: &str = "NOPERM ACLs rules changed between the moment the transaction was accumulated and the \
                               EXEC call. This command is no longer allowed for the following reason: ";
        Fail::with(format!(
            "{CHANGED}{}",
            match self {
                Self::Command => "no permission to execute the command or subcommand",
                Self::Key(_) => "no permission to touch the specified keys",
                Self::Channel(_) =>
                    "no permission to access one of the channels used as arguments to the command",
            }
        ))
    }

    /// The error of a script's call.
    pub fn script_reply(self) -> Fail {
        Fail::new(match self {
            Self::Command => "NOPERM The user executing the script can't run this command or subcommand",
            Self::Key(_) => {
                "NOPERM The user executing the script can't access at least one of the keys mentioned in the command \
                 arguments"
            }
            Self::Channel(_) => {
                "NOPERM The user executing the script can't publish to the channel mentioned in the command"
            }
        })
    }

    /// What ACL DRYRUN answers.
    pub fn dry_run_reply(self, name: &str, args: &[&[u8]]) -> Vec<u8> {
        let start = &b"This user has no permissions to "[..];
        let shown = |at: usize| args.get(at).copied().unwrap_or_default();
        match self {
            Self::Command => [start, b"run the '", name.as_bytes(), b"' command"].concat(),
            Self::Key(at) => [start, b"access the '", shown(at), b"' key"].concat(),
            Self::Channel(at) => [start, b"access the '", shown(at), b"' channel"].concat(),
        }
    }
}

/// Which arguments of a verb are channels that need a permission, and whether they are patterns. To unsubscribe
/// needs none.
fn channels_of(spec: &Spec, args: &[&[u8]]) -> Option<(std::ops::Range<usize>, bool)> {
    match spec.name {
        "publish" | "spublish" => Some((1..args.len().min(2), false)),
        "subscribe" | "ssubscribe" => Some((1..args.len(), false)),
        "psubscribe" => Some((1..args.len(), true)),
        _ => None,
    }
}

/// What a command does with a key, as far as permissions go.
fn access(flags: &[&str]) -> Access {
    Access {
        read: flags.contains(&"access"),
        write: ["insert", "delete", "update"].iter().any(|flag| flags.contains(flag)),
    }
}

impl Selector {
    fn check(&self, number: usize, spec: &Spec, args: &[&[u8]]) -> Result<(), Denied> {
        use crate::command::spec::Flags;
        if !spec.flags.has(Flags::NO_AUTH) && !self.allows_command(number, args) {
            return Err(Denied::Command);
        }
        let mut denied = None;
        // Arguments that do not fit the specifications are the handler's error to report; what was found counts.
        let _ = each_key(spec, args, |at, key_spec| {
            let flags = flags_of(spec, key_spec.flags, args);
            let is_key = !flags.contains(&"not_key");
            if is_key && denied.is_none() && !self.allows_key(args[at], access(flags)) {
                denied = Some(Denied::Key(at));
            }
        });
        if let Some(denied) = denied {
            return Err(denied);
        }
        if let Some((mut positions, is_pattern)) = channels_of(spec, args)
            && let Some(at) = positions.find(|&at| !self.allows_channel(args[at], is_pattern))
        {
            return Err(Denied::Channel(at));
        }
        Ok(())
    }
}

impl User {
    /// Whether this user may run the command `number` with these arguments.
    ///
    /// # Errors
    /// What none of its selectors allows. Where several deny different things it is what they came farthest with.
    pub fn may(&self, number: usize, spec: &Spec, args: &[&[u8]]) -> Result<(), Denied> {
        if self.is_free() {
            return Ok(());
        }
        let mut worst = Denied::Command;
        for selector in &self.rules().selectors {
            match selector.check(number, spec, args) {
                Ok(()) => return Ok(()),
                Err(denied) => worst = worst.max(denied),
            }
        }
        Err(worst)
    }

    /// Whether some selector lets the command copy the whole keyspace: one that lets every key be read, or that names no keys
    /// at all, as those do that Redis recommends for replicas. One that names some keys limits what may be seen.
    pub fn may_copy_every_key(&self, number: usize, spec: &Spec, args: &[&[u8]]) -> bool {
        let reads = Access { read: true, write: false };
        self.is_free()
            || self.rules().selectors.iter().any(|selector| {
                let is_whole = selector.allows_every_key(reads) || selector.names_no_keys();
                selector.check(number, spec, args).is_ok() && is_whole
            })
    }

    /// What keys begin with that the command may copy, where a selector lets keys be read by patterns of the form `prefix*`.
    /// Messages come with a copy, so the selector has to allow every channel.
    pub fn prefixes_to_copy(&self, number: usize, spec: &Spec, args: &[&[u8]]) -> Vec<Vec<u8>> {
        let reads = Access { read: true, write: false };
        let rules = self.rules();
        let allowing = rules
            .selectors
            .iter()
            .filter(|selector| selector.check(number, spec, args).is_ok() && selector.allows_every_channel());
        allowing.flat_map(|selector| selector.prefixes(reads)).map(<[u8]>::to_vec).collect()
    }

    /// Whether some selector lets the command read every key, as SORT must where the keys it reads follow from data.
    pub fn may_read_every_key(&self, number: usize, spec: &Spec, args: &[&[u8]]) -> bool {
        let reads = Access { read: true, write: false };
        self.is_free()
            || self.rules().selectors.iter().any(|selector| {
                selector.check(number, spec, args).is_ok() && selector.allows_every_key(reads)
            })
    }
}

/// As [`User::may`], for the user of a session. It costs one branch where the user may do everything.
///
/// # Errors
/// As [`User::may`].
#[inline]
pub fn may(session: &Session, number: usize, spec: &Spec, args: &[&[u8]]) -> Result<(), Denied> {
    if session.user.is_free() { Ok(()) } else { session.user.may(number, spec, args) }
}
