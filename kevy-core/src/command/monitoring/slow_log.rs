//! The slow log: the commands that took longest lately.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::base::options;
use crate::command::arguments::is_word;

/// Arguments kept of a command, and bytes of each.
const ARGS_MAX: usize = 32;
const ARG_BYTES_MAX: usize = 128;
const HIDDEN: &[u8] = b"(redacted)";

/// One slow command.
#[derive(Clone, Debug)]
pub struct SlowEntry {
    pub id: u64,
    /// Unix seconds.
    pub time: u64,
    pub duration_us: u64,
    pub args: Vec<Vec<u8>>,
    /// The client's address and the name it gave itself.
    pub address: String,
    pub name: Vec<u8>,
}

#[derive(Debug, Default)]
struct Entries {
    next_id: u64,
    /// Newest first.
    all: VecDeque<SlowEntry>,
}

/// One log for all shards.
#[derive(Debug, Default)]
pub struct SlowLog {
    /// Negative for off.
    slower_than_us: AtomicI64,
    len_max: AtomicU64,
    entries: Mutex<Entries>,
}

impl SlowLog {
    pub fn follow(&self, slower_than_us: i64, len_max: u64) {
        self.slower_than_us.store(slower_than_us, Ordering::Relaxed);
        self.len_max.store(len_max, Ordering::Relaxed);
    }

    /// Whether a command that took so long belongs here.
    pub fn wants(&self, duration_us: u64) -> bool {
        u64::try_from(self.slower_than_us.load(Ordering::Relaxed)).is_ok_and(|least| duration_us >= least)
    }

    /// Adds a command.
    pub fn add(&self, entry: SlowEntry) {
        let len_max = usize::try_from(self.len_max.load(Ordering::Relaxed)).unwrap_or(usize::MAX);
        let mut entries = self.entries.lock();
        let id = entries.next_id;
        entries.next_id += 1;
        entries.all.push_front(SlowEntry { id, ..entry });
        entries.all.truncate(len_max);
    }

    /// The newest entries first, at most `count`.
    pub fn newest(&self, count: usize) -> Vec<SlowEntry> {
        self.entries.lock().all.iter().take(count).cloned().collect()
    }

    pub fn len(&self) -> usize {
        self.entries.lock().all.len()
    }

    pub fn reset(&self) {
        self.entries.lock().all.clear();
    }

    /// What is kept of a command's arguments: the first of them, each up to a length, none that is a secret.
    pub fn shown(name: &str, args: &[&[u8]]) -> Vec<Vec<u8>> {
        let kept = if args.len() > ARGS_MAX { ARGS_MAX - 1 } else { args.len() };
        let mut shown: Vec<Vec<u8>> = redacted(name, args)
            .into_iter()
            .take(kept)
            .map(|arg| match arg.len().checked_sub(ARG_BYTES_MAX) {
                None | Some(0) => arg.to_vec(),
                Some(more) => [&arg[..ARG_BYTES_MAX], format!("... ({more} more bytes)").as_bytes()].concat(),
            })
            .collect();
        if kept < args.len() {
            shown.push(format!("... ({} more arguments)", args.len() - kept).into_bytes());
        }
        shown
    }
}

/// The arguments of the command `name` (`verb|subcommand`) without passwords and what else must not be shown.
pub fn redacted<'a>(name: &str, args: &[&'a [u8]]) -> Vec<&'a [u8]> {
    let mut shown = args.to_vec();
    let mut hide = |at: usize| {
        if let Some(arg) = shown.get_mut(at) {
            *arg = HIDDEN;
        }
    };
    match name {
        "auth" => (1..args.len()).for_each(hide),
        "hello" => {
            if let Some(at) = args.iter().skip(2).position(|arg| is_word(arg, "AUTH")) {
                (at + 3..at + 5).for_each(hide);
            }
        }
        "config|set" => {
            for (at, name) in args.iter().enumerate().skip(2).step_by(2) {
                let is_secret = |name: &str| options::find(name).is_some_and(|spec| spec.is_sensitive);
                if str::from_utf8(name).is_ok_and(is_secret) {
                    hide(at + 1);
                }
            }
        }
        "acl|setuser" | "acl|getuser" | "acl|deluser" => (2..args.len()).for_each(hide),
        "migrate" => {
            for (at, arg) in args.iter().enumerate().skip(6) {
                if is_word(arg, "AUTH") {
                    hide(at + 1);
                } else if is_word(arg, "AUTH2") {
                    hide(at + 1);
                    hide(at + 2);
                }
            }
        }
        _ => {}
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_commands_are_shown_in_part() {
        let long = vec![b'A'; 129];
        assert_eq!(
            SlowLog::shown("set", &[b"set", b"foo", &long]),
            [b"set".to_vec(), b"foo".to_vec(), [&[b'A'; 128][..], b"... (1 more bytes)"].concat()]
        );
        let many: Vec<Vec<u8>> = (0..40).map(|number: u32| number.to_string().into_bytes()).collect();
        let many: Vec<&[u8]> = many.iter().map(Vec::as_slice).collect();
        let shown = SlowLog::shown("sadd", &many);
        assert_eq!((shown.len(), &shown[31][..]), (32, &b"... (9 more arguments)"[..]));
        assert_eq!(SlowLog::shown("sadd", &many[..32]).last().unwrap(), b"31");
    }

    #[test]
    fn secrets_are_not_shown() {
        let shown = |name: &str, line: &str| {
            let args: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
            String::from_utf8(redacted(name, &args).join(&b' ')).unwrap()
        };
        assert_eq!(shown("auth", "auth me secret"), "auth (redacted) (redacted)");
        assert_eq!(
            shown("hello", "hello 3 setname x AUTH me secret"),
            "hello 3 setname x AUTH (redacted) (redacted)"
        );
        assert_eq!(
            shown("config|set", "config set requirepass secret timeout 1"),
            "config set requirepass (redacted) timeout 1"
        );
        assert_eq!(
            shown("acl|setuser", "acl setuser me on >x"),
            "acl setuser (redacted) (redacted) (redacted)"
        );
    }
}
