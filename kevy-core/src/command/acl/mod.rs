//! Access control: users, what each may do, and who a session is.
//!
//! A session holds its user, and dispatch asks [`may`] before a command runs. A user that may do everything is known by
//! one flag, so that the rules cost nothing where there are none. Rules, texts and replies are those of Redis 7.

mod check;
mod file;
mod log;
mod rule;
mod secret;
mod selector;
#[cfg(test)]
mod tests;
mod user;
mod verbs;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::{Mutex, RwLock};

pub use check::{Denied, may};
pub use log::{Place, Reason};
pub use user::{DEFAULT as DEFAULT_USER, User};
pub use verbs::COMMANDS;

use crate::base::options::Options;

use super::client::Client;
use super::connection::push_line;
use super::{Commands, Server, Session};

use log::{Entry, Log};
use rule::join_selectors;
use user::Rules;

/// The categories that Redis has, in its order. Those of kevy's own types follow them in ACL CAT.
const CATEGORIES: [&str; 21] = [
    "keyspace",
    "read",
    "write",
    "set",
    "sortedset",
    "list",
    "hash",
    "string",
    "bitmap",
    "hyperloglog",
    "geo",
    "stream",
    "pubsub",
    "admin",
    "fast",
    "slow",
    "blocking",
    "dangerous",
    "connection",
    "transaction",
    "scripting",
];

/// How often something was denied.
#[derive(Debug, Default)]
pub struct DeniedCounts {
    pub auth: AtomicU64,
    pub command: AtomicU64,
    pub key: AtomicU64,
    pub channel: AtomicU64,
}

impl DeniedCounts {
    /// The counters with the names that INFO gives them.
    pub fn named(&self) -> [(&'static str, &AtomicU64); 4] {
        [
            ("acl_access_denied_auth", &self.auth),
            ("acl_access_denied_cmd", &self.command),
            ("acl_access_denied_key", &self.key),
            ("acl_access_denied_channel", &self.channel),
        ]
    }

    /// Sets every counter back, as `CONFIG RESETSTAT` does.
    pub fn reset(&self) {
        self.named().into_iter().for_each(|(_, count)| count.store(0, Ordering::Relaxed));
    }

    fn of(&self, reason: Reason) -> &AtomicU64 {
        match reason {
            Reason::Auth => &self.auth,
            Reason::Command => &self.command,
            Reason::Key => &self.key,
            Reason::Channel => &self.channel,
        }
    }
}

/// The users of a runtime.
#[derive(Debug)]
pub struct Acl {
    users: RwLock<BTreeMap<Vec<u8>, Arc<User>>>,
    default: Arc<User>,
    /// Clients are the default user without proving it.
    is_open: AtomicBool,
    /// Held while users change, so that two changes do not lose one another.
    changing: Mutex<()>,
    log: Log,
    pub denied: DeniedCounts,
}

impl Acl {
    /// The default user alone, who may do everything without a password.
    pub fn new(commands: &dyn Commands) -> Self {
        let default = User::new(DEFAULT_USER.as_bytes(), Rules::unrestricted(commands));
        Self {
            users: RwLock::new([(default.name.clone(), default.clone())].into()),
            default,
            is_open: AtomicBool::new(true),
            changing: Mutex::new(()),
            log: Log::default(),
            denied: DeniedCounts::default(),
        }
    }

    /// Makes the users that the options name.
    ///
    /// # Errors
    /// What is wrong with a user's rules or with the file of users.
    pub fn configure(&self, options: &Options, commands: &dyn Commands) -> Result<(), String> {
        let all_channels = options.acl_pubsub_default.is_all();
        let path = file::path(options);
        match (options.user.is_empty(), path) {
            (_, None) => self.add_configured(options, commands, all_channels),
            (true, Some(path)) => {
                let users = file::read(&path, commands, all_channels)?;
                self.replace(users, commands);
                Ok(())
            }
            (false, Some(_)) => {
                Err("users are given both by 'user' and in the 'aclfile': only one of them may be \
                                     used"
                    .into())
            }
        }
    }

    fn add_configured(
        &self,
        options: &Options,
        commands: &dyn Commands,
        all_channels: bool,
    ) -> Result<(), String> {
        let mut users = BTreeMap::new();
        for words in options.user.lines() {
            let refused = |why: &dyn std::fmt::Display| format!("user '{}': {why}", words.join(" "));
            let Some((name, rules)) = words.split_first() else { continue };
            let name = name.as_bytes();
            if !rule::is_user_name(name) {
                return Err(refused(&"Usernames can't contain spaces or null characters"));
            }
            let args: Vec<&[u8]> = rules.iter().map(|word| word.as_bytes()).collect();
            let rules =
                join_selectors(&args).map_err(|_| refused(&"Unmatched parenthesis in acl selector"))?;
            let mut made = Rules::new(commands, all_channels);
            if name == DEFAULT_USER.as_bytes() {
                made.apply(b"reset", commands).map_err(|error| refused(&error))?;
            }
            for rule in rules {
                made.apply(&rule, commands).map_err(|error| refused(&error))?;
            }
            if users.insert(name.to_vec(), made).is_some() {
                return Err(refused(
                    &"Duplicate user found. A user can only be defined once in config files",
                ));
            }
        }
        let _changing = self.changing.lock();
        for (name, rules) in users {
            self.put(&name, rules);
        }
        Ok(())
    }

    /// The user that clients are at first.
    pub fn default_user(&self) -> Arc<User> {
        self.default.clone()
    }

    /// Whether clients are the default user without proving it.
    pub fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Relaxed)
    }

    /// Whether any password makes a client the default user, or none is needed.
    pub fn takes_any_password(&self) -> bool {
        self.default.rules().has_no_password()
    }

    pub fn find(&self, name: &[u8]) -> Option<Arc<User>> {
        self.users.read().get(name).cloned()
    }

    /// All users in the order of their names.
    pub fn users(&self) -> Vec<Arc<User>> {
        self.users.read().values().cloned().collect()
    }

    /// The line of every user in the form of a file of users.
    pub fn lines(&self) -> Vec<Vec<u8>> {
        let line = |user: Arc<User>| {
            let mut line = [b"user ", &user.name[..], b" "].concat();
            user.rules().write(&mut line);
            line
        };
        self.users().into_iter().map(line).collect()
    }

    /// The users as lines of a configuration file without their first word: all, unless there is only the default user and
    /// it is as at first.
    pub fn configured_lines(&self, commands: &dyn Commands) -> Vec<String> {
        let lines = self.lines();
        let mut first = format!("user {DEFAULT_USER} ").into_bytes();
        Rules::unrestricted(commands).write(&mut first);
        if lines == [first] {
            return Vec::new();
        }
        let text = |line: &Vec<u8>| {
            String::from_utf8_lossy(line.strip_prefix(b"user ").unwrap_or(line)).into_owned()
        };
        lines.iter().map(text).collect()
    }

    /// Gives the default user one password, or none where it is empty (`requirepass`).
    pub fn set_default_password(&self, password: &[u8], commands: &dyn Commands) {
        let _changing = self.changing.lock();
        let mut rules = (*self.default.rules()).clone();
        let rule = if password.is_empty() { b"nopass".to_vec() } else { [b">", password].concat() };
        for rule in [&b"resetpass"[..], &rule] {
            rules.apply(rule, commands).expect("rules of the engine's own");
        }
        self.put(DEFAULT_USER.as_bytes(), rules);
    }

    /// Sets a user's rules, and makes the user where there is none. The caller holds `changing`.
    fn put(&self, name: &[u8], rules: Rules) {
        if name == DEFAULT_USER.as_bytes() {
            self.is_open.store(rules.is_open(), Ordering::Relaxed);
        }
        let mut users = self.users.write();
        match users.get(name) {
            Some(user) => user.set_rules(rules),
            None => {
                users.insert(name.to_vec(), User::new(name, rules));
            }
        }
    }

    /// Makes exactly these users, and the default one where it is not among them, and returns those that are no more.
    fn replace(&self, mut wanted: BTreeMap<Vec<u8>, Rules>, commands: &dyn Commands) -> Vec<Arc<User>> {
        let _changing = self.changing.lock();
        wanted.entry(DEFAULT_USER.into()).or_insert_with(|| Rules::unrestricted(commands));
        let gone: Vec<Arc<User>> =
            self.users().into_iter().filter(|user| !wanted.contains_key(&user.name)).collect();
        gone.iter().for_each(|user| self.remove(user, commands));
        for (name, rules) in wanted {
            self.put(&name, rules);
        }
        gone
    }

    /// Forgets a user. Who still goes by that name may do nothing any more.
    fn remove(&self, user: &User, commands: &dyn Commands) {
        self.users.write().remove(&user.name);
        user.set_rules(Rules::new(commands, false));
    }

    /// The user of that name, if the password is right.
    pub fn authenticate(&self, name: &[u8], password: &[u8]) -> Option<Arc<User>> {
        self.find(name).filter(|user| user.rules().accepts(password))
    }
}

impl Server {
    /// Notes that something was denied to a session: `object` is the command, key, channel or verb it was about.
    #[cold]
    pub fn note_denied(
        &self,
        session: &Session,
        (reason, place): (Reason, Place),
        object: &[u8],
        user: &[u8],
        now: u64,
    ) {
        self.acl.denied.of(reason).fetch_add(1, Ordering::Relaxed);
        session.client.last_command.store(session.last_command, Ordering::Relaxed);
        let mut client = Vec::new();
        push_line(&mut client, &session.client, self, now);
        if client.last() == Some(&b'\n') {
            client.pop();
        }
        let entry = Entry {
            id: 0,
            count: 1,
            reason,
            place,
            object: object.to_vec(),
            user: user.to_vec(),
            client,
            created_ms: now,
            updated_ms: now,
        };
        let len_max = self.options.read().acllog_max_len;
        self.acl.log.add(entry, usize::try_from(len_max).unwrap_or(usize::MAX));
    }

    /// Notes that a command was denied to the user of a session.
    #[cold]
    pub fn note_denied_command(
        &self,
        session: &Session,
        place: Place,
        denied: Denied,
        number: usize,
        args: &[&[u8]],
    ) {
        let shown = |at: usize| args.get(at).copied().unwrap_or_default();
        let (reason, object) = match denied {
            Denied::Command => (Reason::Command, self.commands.name(number).as_bytes()),
            Denied::Key(at) => (Reason::Key, shown(at)),
            Denied::Channel(at) => (Reason::Channel, shown(at)),
        };
        self.note_denied(session, (reason, place), object, &session.user.name, self.clock.now_ms());
    }
}

impl Session {
    /// Makes the session that of a user who has proved who it is.
    pub fn log_in(&mut self, user: Arc<User>) {
        self.client.text.lock().user.clone_from(&user.name);
        self.user = user;
        self.authenticated = true;
    }

    /// Makes the session that of nobody in particular again, as a new connection is.
    pub fn log_out(&mut self, acl: &Acl) {
        self.log_in(acl.default_user());
        self.authenticated = acl.is_open();
    }

    /// Whether everything is allowed: then nothing else is asked.
    #[inline]
    pub fn is_trusted(&self) -> bool {
        self.authenticated && self.user.is_free()
    }
}

/// The clients that go by this user's name.
fn clients_of(server: &Server, name: &[u8]) -> Vec<Arc<Client>> {
    let is_user = |client: &Arc<Client>| client.text.lock().user == name;
    server.clients.list().into_iter().filter(is_user).collect()
}
