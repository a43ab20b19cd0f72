//! Setting and reading options by name.

use std::borrow::Cow;

use super::choices::DebugAccess;
use super::closest::closest;
use super::error::OptionError;
use super::kind::{Listing, Mutability, OptionSpec};
use super::table::{Options, find, table};
use crate::base::glob;
use crate::base::slot::SLOTS;

pub(super) fn known(name: &str) -> Result<&'static OptionSpec, OptionError> {
    find(name).ok_or_else(|| OptionError::Unknown { name: name.into(), closest: closest(name) })
}

impl OptionSpec {
    /// Sets this option, by whichever of its names the caller used.
    fn apply(&self, options: &mut Options, called: &str, value: &str) -> Result<(), OptionError> {
        (self.set)(options, value, self).map_err(|reason| self.refused(called, value, reason))
    }

    fn refused(&self, called: &str, value: &str, reason: impl Into<Cow<'static, str>>) -> OptionError {
        let name = self.names().find(|name| name.eq_ignore_ascii_case(called)).unwrap_or(self.name);
        let value = (!self.is_sensitive).then(|| value.into());
        OptionError::Value { name, value, reason: reason.into() }
    }
}

impl Options {
    /// Gives the option `name` the value that `value` writes, whether or not it may be changed later.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), OptionError> {
        known(name)?.apply(self, name, value)
    }

    /// The value of the option `name` as CONFIG GET writes it.
    pub fn get(&self, name: &str) -> Option<String> {
        find(name).map(|spec| (spec.get)(self, spec))
    }

    /// The names and values that CONFIG GET replies for `patterns`, each name once. A pattern without
    /// wildcards is a name, returned as it was written; aliases are names too.
    pub fn matching(&self, patterns: &[&str]) -> Vec<(String, String)> {
        let mut found: Vec<(String, String)> = Vec::new();
        for pattern in patterns {
            let is_name = !pattern.contains(['*', '?', '[']);
            let shown = |spec: &&OptionSpec| match spec.listing {
                Listing::Listed => true,
                Listing::Hidden => is_name,
                Listing::Unlisted => false,
            };
            for spec in table().iter().filter(shown) {
                for name in spec.names() {
                    let matches = match is_name {
                        true => name.eq_ignore_ascii_case(pattern),
                        false => glob::matches(pattern.as_bytes(), name.as_bytes(), true),
                    };
                    if matches && !found.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
                        let name = if is_name { pattern } else { name };
                        found.push((name.into(), (spec.get)(self, spec)));
                    }
                }
            }
        }
        found
    }

    /// CONFIG SET: gives every named option its value, or changes nothing and says which was wrong.
    pub fn set_many_atomically(&mut self, pairs: &[(&str, &str)]) -> Result<(), OptionError> {
        let mut specs = Vec::with_capacity(pairs.len());
        let mut refusal = None;
        for (index, (name, _)) in pairs.iter().enumerate() {
            let spec = known(name)?;
            let is_duplicate = pairs[..index].iter().any(|(earlier, _)| earlier.eq_ignore_ascii_case(name));
            let is_protected =
                spec.mutability == Mutability::Protected && self.enable_protected_configs == DebugAccess::No;
            if is_protected {
                refusal.get_or_insert(OptionError::Protected { name: (*name).into() });
            } else if spec.mutability != Mutability::Live {
                refusal.get_or_insert(OptionError::Immutable { name: (*name).into() });
            } else if is_duplicate {
                refusal.get_or_insert(OptionError::Duplicate { name: (*name).into() });
            }
            specs.push(spec);
        }
        if let Some(refusal) = refusal {
            return Err(refusal);
        }
        let mut changed = self.clone();
        for (spec, (name, value)) in specs.iter().zip(pairs) {
            spec.apply(&mut changed, name, value)?;
        }
        *self = changed;
        Ok(())
    }

    /// Checks what no option can check alone: call it before a runtime starts.
    pub fn check(&self) -> Result<(), OptionError> {
        if let Some(base) = self.replication_port_base
            && base as usize + self.shard_count() - 1 > u16::MAX as usize
        {
            let spec = known("replication-port-base")?;
            let shards = self.shard_count();
            return Err(spec.refused(
                spec.name,
                &base.to_string(),
                format!("argument must leave room for one port per shard, and there are {shards} shards"),
            ));
        }
        Ok(())
    }

    /// The number of shards, at least one: what `shards` says, or one per core.
    pub fn shard_count(&self) -> usize {
        match self.shards {
            0 => std::thread::available_parallelism().map_or(1, |cores| cores.get()).min(SLOTS as usize),
            shards => shards,
        }
    }
}
