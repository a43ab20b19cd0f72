//! One set of permissions: commands, keys and channels that go together.

use std::collections::BTreeMap;

use crate::base::glob;
use crate::command::Commands;
use crate::command::commands::named;

use super::rule::{RuleError, is_space};

/// What a key pattern allows to be done with the keys it names.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Access {
    pub read: bool,
    pub write: bool,
}

impl Access {
    pub const ALL: Self = Self { read: true, write: true };

    /// Whether all of `wanted` is part of it.
    fn covers(self, wanted: Self) -> bool {
        (self.read || !wanted.read) && (self.write || !wanted.write)
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct KeyPattern {
    pattern: Vec<u8>,
    access: Access,
}

impl KeyPattern {
    fn write(&self, out: &mut Vec<u8>) {
        let prefix: &[u8] = match self.access {
            Access { read: true, write: false } => b"%R~",
            Access { read: false, write: true } => b"%W~",
            _ => b"~",
        };
        out.extend_from_slice(prefix);
        out.extend_from_slice(&self.pattern);
    }
}

/// Permissions that hold together: a command is allowed where one selector of its user allows all of it.
#[derive(Clone, Debug)]
pub struct Selector {
    /// One bit for each command that may run, by the number of the command.
    commands: Box<[u64]>,
    /// Every command, those too that the table does not have yet; what is taken away later clears it.
    all_commands: bool,
    /// Whether `+@all` was the last word on all commands.
    future_commands: bool,
    /// First arguments with which a command may run that may not run otherwise, by its number.
    first_arguments: BTreeMap<usize, Vec<Vec<u8>>>,
    /// The rules about commands since the last one about all of them, in their order: name and whether it is allowed.
    command_rules: Vec<(bool, Vec<u8>)>,
    all_keys: bool,
    keys: Vec<KeyPattern>,
    all_channels: bool,
    channels: Vec<Vec<u8>>,
}

impl Selector {
    /// A selector that allows nothing, apart from all channels where the options say so.
    pub fn new(commands: &dyn Commands, all_channels: bool) -> Self {
        Self {
            commands: vec![0; commands.count().div_ceil(64)].into(),
            all_commands: false,
            future_commands: false,
            first_arguments: BTreeMap::new(),
            command_rules: Vec::new(),
            all_keys: false,
            keys: Vec::new(),
            all_channels,
            channels: Vec::new(),
        }
    }

    /// Takes one rule about commands, keys or channels.
    ///
    /// # Errors
    /// What is wrong with the rule; then nothing is changed.
    pub fn apply(&mut self, rule: &[u8], commands: &dyn Commands) -> Result<(), RuleError> {
        let is = |word: &str| rule.eq_ignore_ascii_case(word.as_bytes());
        match rule {
            _ if is("allkeys") || rule == b"~*" => {
                self.all_keys = true;
                self.keys.clear();
            }
            _ if is("resetkeys") => {
                self.all_keys = false;
                self.keys.clear();
            }
            _ if is("allchannels") || rule == b"&*" => {
                self.all_channels = true;
                self.channels.clear();
            }
            _ if is("resetchannels") => {
                self.all_channels = false;
                self.channels.clear();
            }
            _ if is("allcommands") || is("+@all") => self.set_all(true),
            _ if is("nocommands") || is("-@all") => self.set_all(false),
            [b'~' | b'%', ..] => self.add_key_pattern(rule)?,
            [b'&', channel @ ..] => self.add_channel(channel)?,
            [b'+', b'@', category @ ..] => self.set_category(category, true, commands)?,
            [b'-', b'@', category @ ..] => self.set_category(category, false, commands)?,
            [b'+', name @ ..] => self.allow(name, commands)?,
            [b'-', name @ ..] => self.set_command(name, false, commands)?,
            _ => return Err(RuleError::Syntax),
        }
        Ok(())
    }

    fn set_all(&mut self, allowed: bool) {
        self.commands.fill(if allowed { u64::MAX } else { 0 });
        (self.all_commands, self.future_commands) = (allowed, allowed);
        self.first_arguments.clear();
        self.command_rules.clear();
    }

    fn add_key_pattern(&mut self, rule: &[u8]) -> Result<(), RuleError> {
        if self.all_keys {
            return Err(RuleError::PatternAfterAll);
        }
        let (access, pattern) = match rule {
            [b'~', pattern @ ..] => (Access::ALL, pattern),
            _ => {
                let mut access = Access::default();
                let mut rest = &rule[1..];
                loop {
                    rest = match rest {
                        [b'R' | b'r', rest @ ..] if !access.read => {
                            access.read = true;
                            rest
                        }
                        [b'W' | b'w', rest @ ..] if !access.write => {
                            access.write = true;
                            rest
                        }
                        [b'~', rest @ ..] if access != Access::default() => break (access, rest),
                        [] if access != Access::default() => break (access, rest),
                        _ => return Err(RuleError::Syntax),
                    };
                }
            }
        };
        if has_spaces(pattern) {
            return Err(RuleError::Syntax);
        }
        match self.keys.iter_mut().find(|known| known.pattern == pattern) {
            Some(known) => {
                known.access.read |= access.read;
                known.access.write |= access.write;
            }
            None => self.keys.push(KeyPattern { pattern: pattern.to_vec(), access }),
        }
        Ok(())
    }

    fn add_channel(&mut self, channel: &[u8]) -> Result<(), RuleError> {
        if self.all_channels {
            return Err(RuleError::ChannelAfterAll);
        }
        if has_spaces(channel) {
            return Err(RuleError::Syntax);
        }
        if !self.channels.iter().any(|known| known == channel) {
            self.channels.push(channel.to_vec());
        }
        Ok(())
    }

    fn set_category(
        &mut self,
        category: &[u8],
        allowed: bool,
        commands: &dyn Commands,
    ) -> Result<(), RuleError> {
        let category = category.to_ascii_lowercase();
        let in_category = |number: &usize| {
            commands.command(*number).spec.categories.iter().any(|c| c.as_bytes() == category)
        };
        let members: Vec<usize> = (0..commands.count()).filter(in_category).collect();
        if members.is_empty() && !super::CATEGORIES.iter().any(|known| known.as_bytes() == category) {
            return Err(RuleError::UnknownCommand);
        }
        self.note_rule([b"@", &category[..]].concat(), allowed);
        members.into_iter().for_each(|number| self.set_with_subcommands(number, allowed, commands));
        Ok(())
    }

    /// `+command`, `+command|subcommand` or, of a command without subcommands, `+command|first-argument`.
    fn allow(&mut self, name: &[u8], commands: &dyn Commands) -> Result<(), RuleError> {
        let Some(bar) = name.iter().rposition(|&byte| byte == b'|') else {
            return self.set_command(name, true, commands);
        };
        let (verb, word) = (&name[..bar], &name[bar + 1..]);
        let number = named(commands, verb).ok_or(RuleError::UnknownCommand)?;
        if commands.name(number).contains('|') {
            return Err(RuleError::FirstArgumentOfSubcommand);
        }
        if word.is_empty() {
            return Err(RuleError::Syntax);
        }
        if !commands.command(number).subcommands.is_empty() {
            return self.set_command(name, true, commands);
        }
        let allowed = self.first_arguments.entry(number).or_default();
        if !allowed.iter().any(|known| known.eq_ignore_ascii_case(word)) {
            allowed.push(word.to_vec());
        }
        self.note_rule(name.to_ascii_lowercase(), true);
        Ok(())
    }

    fn set_command(&mut self, name: &[u8], allowed: bool, commands: &dyn Commands) -> Result<(), RuleError> {
        let number = named(commands, name).ok_or(RuleError::UnknownCommand)?;
        self.set_with_subcommands(number, allowed, commands);
        self.note_rule(commands.name(number).as_bytes().to_vec(), allowed);
        Ok(())
    }

    fn set_with_subcommands(&mut self, number: usize, allowed: bool, commands: &dyn Commands) {
        self.set_bit(number, allowed);
        let name = commands.name(number);
        if commands.command(number).subcommands.is_empty() {
            return;
        }
        for sub in 0..commands.count() {
            if commands.name(sub).strip_prefix(name).is_some_and(|rest| rest.starts_with('|')) {
                self.set_bit(sub, allowed);
            }
        }
    }

    fn set_bit(&mut self, number: usize, allowed: bool) {
        let Some(word) = self.commands.get_mut(number / 64) else { return };
        let bit = 1 << (number % 64);
        if allowed {
            *word |= bit;
        } else {
            *word &= !bit;
            self.all_commands = false;
        }
        self.first_arguments.remove(&number);
    }

    /// Keeps a rule as it was written. It takes the place of earlier ones about the same command or category, and of
    /// those about subcommands of it.
    fn note_rule(&mut self, name: Vec<u8>, allowed: bool) {
        let is_covered = |old: &[u8]| {
            old.strip_prefix(&name[..]).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"|"))
        };
        self.command_rules.retain(|(_, old)| !is_covered(old));
        self.command_rules.push((allowed, name));
    }

    /// Whether the command may run at all, its keys and channels left aside.
    pub fn allows_command(&self, number: usize, args: &[&[u8]]) -> bool {
        let has_bit = self.commands.get(number / 64).is_some_and(|word| word & 1 << (number % 64) != 0);
        let takes = |allowed: &Vec<Vec<u8>>| {
            args.get(1).is_some_and(|first| allowed.iter().any(|word| word.eq_ignore_ascii_case(first)))
        };
        has_bit || self.all_commands || self.first_arguments.get(&number).is_some_and(takes)
    }

    /// Whether some pattern allows all of `wanted` for the key.
    pub fn allows_key(&self, key: &[u8], wanted: Access) -> bool {
        let takes = |known: &KeyPattern| {
            known.access.covers(wanted)
                && (glob::is_everything(&known.pattern) || glob::matches(&known.pattern, key, false))
        };
        self.all_keys || self.keys.iter().any(takes)
    }

    /// Whether every key may be used so, whatever its name.
    pub fn allows_every_key(&self, wanted: Access) -> bool {
        let takes = |known: &KeyPattern| glob::is_everything(&known.pattern) && known.access.covers(wanted);
        self.all_keys || self.keys.iter().any(takes)
    }

    /// What keys begin with that may be used so, as far as patterns of the form `prefix*` say it.
    pub fn prefixes(&self, wanted: Access) -> impl Iterator<Item = &[u8]> {
        let covering = self.keys.iter().filter(move |known| known.access.covers(wanted));
        covering.filter_map(|known| {
            let prefix = known.pattern.strip_suffix(b"*")?;
            (!prefix.is_empty() && !prefix.iter().any(|byte| b"*?[]\\".contains(byte))).then_some(prefix)
        })
    }

    /// Whether the rules name no keys at all.
    pub fn names_no_keys(&self) -> bool {
        !self.all_keys && self.keys.is_empty()
    }

    pub fn allows_every_channel(&self) -> bool {
        self.all_channels
    }

    /// Whether a channel may be used; a pattern of channels only where it is one that the rules name.
    pub fn allows_channel(&self, channel: &[u8], is_pattern: bool) -> bool {
        let takes = |known: &Vec<u8>| {
            if is_pattern { known == channel } else { glob::matches(known, channel, false) }
        };
        self.all_channels || self.channels.iter().any(takes)
    }

    /// Whether it allows everything there is.
    pub fn allows_everything(&self) -> bool {
        self.all_commands && self.all_keys && self.all_channels
    }

    /// The patterns of channels it names; `None` for all channels.
    pub fn channels(&self) -> Option<&[Vec<u8>]> {
        (!self.all_channels).then_some(&self.channels)
    }

    /// Appends the rules about commands: `+@all -@slow +get`.
    pub fn write_commands(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if self.future_commands { b"+@all" } else { b"-@all" });
        for (allowed, name) in &self.command_rules {
            out.extend_from_slice(if *allowed { b" +" } else { b" -" });
            out.extend_from_slice(name);
        }
    }

    /// Appends the patterns of keys with a space between.
    pub fn write_keys(&self, out: &mut Vec<u8>) {
        if self.all_keys {
            out.extend_from_slice(b"~*");
        }
        for (at, pattern) in self.keys.iter().enumerate() {
            if at > 0 {
                out.push(b' ');
            }
            pattern.write(out);
        }
    }

    /// Appends the patterns of channels with a space between.
    pub fn write_channels(&self, out: &mut Vec<u8>) {
        if self.all_channels {
            out.extend_from_slice(b"&*");
        }
        for (at, channel) in self.channels.iter().enumerate() {
            if at > 0 {
                out.push(b' ');
            }
            out.push(b'&');
            out.extend_from_slice(channel);
        }
    }

    /// Appends rules that make the same selector of a new one.
    pub fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        if self.all_keys {
            out.extend_from_slice(b"~*");
        }
        for (at, pattern) in self.keys.iter().enumerate() {
            if at > 0 {
                out.push(b' ');
            }
            // Written as usual it would be all keys, after which no other pattern may come.
            if glob::is_everything(&pattern.pattern) && pattern.access == Access::ALL {
                out.extend_from_slice(b"%RW~*");
            } else {
                pattern.write(out);
            }
        }
        if out.len() > start {
            out.push(b' ');
        }
        if !self.all_channels {
            out.extend_from_slice(b"resetchannels ");
        }
        let start = out.len();
        self.write_channels(out);
        if out.len() > start {
            out.push(b' ');
        }
        self.write_commands(out);
    }
}

fn has_spaces(text: &[u8]) -> bool {
    text.iter().any(|&byte| byte == 0 || is_space(byte))
}
