//! Users: who they are and what they may do.

use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::RwLock;

use crate::command::{CommandSet, Commands};

use super::rule::{RuleError, is_space};
use super::secret::Hash;
use super::selector::Selector;

/// The name of the user that clients are before they say otherwise.
pub const DEFAULT: &str = "default";

/// One user. Sessions hold on to it, so what changes of its rules holds for them at once.
#[derive(Debug)]
pub struct User {
    pub name: Vec<u8>,
    rules: RwLock<Arc<Rules>>,
    /// Everything is allowed: what the hot path looks at, in place of the rules.
    is_free: AtomicBool,
}

impl User {
    pub fn new(name: &[u8], rules: Rules) -> Arc<Self> {
        let is_free = AtomicBool::new(rules.allows_everything());
        Arc::new(Self { name: name.to_vec(), rules: RwLock::new(Arc::new(rules)), is_free })
    }

    /// Who links the engine: it goes by the name of the default user, and no rule binds it.
    pub fn owner() -> Arc<Self> {
        static OWNER: LazyLock<Arc<User>> = LazyLock::new(|| {
            let rules = Rules { selectors: Vec::new(), ..Rules::new(&CommandSet::new(), true) };
            Arc::new(User {
                name: DEFAULT.into(),
                rules: RwLock::new(Arc::new(rules)),
                is_free: AtomicBool::new(true),
            })
        });
        OWNER.clone()
    }

    /// Whether everything is allowed.
    #[inline]
    pub fn is_free(&self) -> bool {
        self.is_free.load(Ordering::Relaxed)
    }

    /// The rules as they are now.
    pub fn rules(&self) -> Arc<Rules> {
        self.rules.read().clone()
    }

    pub(super) fn set_rules(&self, rules: Rules) {
        let mut current = self.rules.write();
        self.is_free.store(rules.allows_everything(), Ordering::Relaxed);
        *current = Arc::new(rules);
    }
}

/// How payloads of RESTORE are to be checked. kevy checks all of them, whatever a user's rules say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sanitize {
    Unsaid,
    Yes,
    Skip,
}

/// What a user may do, and how it proves to be that user.
#[derive(Clone, Debug)]
pub struct Rules {
    is_on: bool,
    /// Any password is right.
    no_password: bool,
    sanitize: Sanitize,
    passwords: Vec<Hash>,
    /// The first is that of the rules outside of parentheses.
    pub selectors: Vec<Selector>,
    /// What a selector that is added, or a user that is reset, may do with channels.
    all_channels_first: bool,
}

impl Rules {
    /// A user that is off, has no password, and may do nothing; whether it may use channels is for the options to say.
    pub fn new(commands: &dyn Commands, all_channels: bool) -> Self {
        Self {
            is_on: false,
            no_password: false,
            sanitize: Sanitize::Unsaid,
            passwords: Vec::new(),
            selectors: vec![Selector::new(commands, all_channels)],
            all_channels_first: all_channels,
        }
    }

    /// The default user of a server where nobody says otherwise: everything, without a password.
    pub fn unrestricted(commands: &dyn Commands) -> Self {
        let mut rules = Self::new(commands, true);
        for rule in ["+@all", "~*", "&*", "on", "nopass"] {
            rules.apply(rule.as_bytes(), commands).expect("rules of the engine's own");
        }
        rules
    }

    /// The same rules for changes under another value of `acl-pubsub-default`.
    #[must_use]
    pub fn with_channels_first(mut self, all_channels: bool) -> Self {
        self.all_channels_first = all_channels;
        self
    }

    /// Takes one rule.
    ///
    /// # Errors
    /// What is wrong with it; then nothing is changed.
    pub fn apply(&mut self, rule: &[u8], commands: &dyn Commands) -> Result<(), RuleError> {
        let is = |word: &str| rule.eq_ignore_ascii_case(word.as_bytes());
        match rule {
            b"" => {}
            _ if is("on") => self.is_on = true,
            _ if is("off") => self.is_on = false,
            _ if is("nopass") => {
                self.no_password = true;
                self.passwords.clear();
            }
            _ if is("skip-sanitize-payload") => self.sanitize = Sanitize::Skip,
            _ if is("sanitize-payload") => self.sanitize = Sanitize::Yes,
            _ if is("resetpass") => {
                self.no_password = false;
                self.passwords.clear();
            }
            [b'>', password @ ..] => self.add_password(Hash::of(password)),
            [b'#', hash @ ..] => self.add_password(Hash::parse(hash).ok_or(RuleError::BadHash)?),
            [b'<', password @ ..] => self.remove_password(&Hash::of(password))?,
            [b'!', hash @ ..] => self.remove_password(&Hash::parse(hash).ok_or(RuleError::BadHash)?)?,
            [b'(', inner @ .., b')'] => {
                let selector = self.selector(inner, commands)?;
                self.selectors.push(selector);
            }
            _ if is("clearselectors") => self.selectors.truncate(1),
            _ if is("reset") => {
                let all_channels = self.all_channels_first;
                *self = Self { sanitize: Sanitize::Yes, ..Self::new(commands, all_channels) };
            }
            _ => match self.selectors.first_mut() {
                Some(root) => root.apply(rule, commands)?,
                None => return Err(RuleError::Syntax),
            },
        }
        Ok(())
    }

    fn selector(&self, rules: &[u8], commands: &dyn Commands) -> Result<Selector, RuleError> {
        let mut selector = Selector::new(commands, self.all_channels_first);
        for rule in rules.split(|&byte| is_space(byte)).filter(|rule| !rule.is_empty()) {
            selector.apply(rule, commands)?;
        }
        Ok(selector)
    }

    fn add_password(&mut self, hash: Hash) {
        if !self.passwords.iter().any(|known| known.is_same(&hash)) {
            self.passwords.push(hash);
        }
        self.no_password = false;
    }

    fn remove_password(&mut self, hash: &Hash) -> Result<(), RuleError> {
        let at = self.passwords.iter().position(|known| known.is_same(hash));
        self.passwords.remove(at.ok_or(RuleError::NoSuchPassword)?);
        Ok(())
    }

    /// Whether somebody with this password is that user.
    pub fn accepts(&self, password: &[u8]) -> bool {
        if !self.is_on {
            return false;
        }
        let hash = Hash::of(password);
        // All are compared, so that the time does not tell which one is right.
        let known = self.passwords.iter().fold(false, |found, known| found | known.is_same(&hash));
        self.no_password || known
    }

    pub fn has_no_password(&self) -> bool {
        self.no_password
    }

    /// Whether a client is this user without proving it.
    pub fn is_open(&self) -> bool {
        self.is_on && self.no_password
    }

    fn allows_everything(&self) -> bool {
        self.selectors.iter().any(Selector::allows_everything)
    }

    /// The words of ACL GETUSER that are no permissions.
    pub fn flags(&self) -> Vec<&'static str> {
        let mut flags = vec![if self.is_on { "on" } else { "off" }];
        if self.no_password {
            flags.push("nopass");
        }
        match self.sanitize {
            Sanitize::Unsaid => {}
            Sanitize::Yes => flags.push("sanitize-payload"),
            Sanitize::Skip => flags.push("skip-sanitize-payload"),
        }
        flags
    }

    pub fn passwords(&self) -> &[Hash] {
        &self.passwords
    }

    /// Appends rules that make the same user of a new one, as ACL LIST shows them.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.flags().join(" ").as_bytes());
        for hash in &self.passwords {
            out.extend_from_slice(b" #");
            out.extend_from_slice(hash.text());
        }
        for (at, selector) in self.selectors.iter().enumerate() {
            out.extend_from_slice(if at == 0 { b" " } else { b" (" });
            selector.write(out);
            if at > 0 {
                out.push(b')');
            }
        }
    }
}
