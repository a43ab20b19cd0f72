//! Options by name, as in redis.conf.

use std::path::Path;
use std::sync::Arc;

use crate::base::options as table;
use crate::base::{Error, ErrorKind, Result};
use crate::runtime::OnLoad;

/// Named settings of a runtime. Names and values are those of redis.conf; [`Options::table`] lists them.
#[derive(Clone, Debug, Default)]
pub struct Options(pub(crate) table::Options, pub(crate) Option<OnLoad>);

/// One row of the table of options.
#[derive(Clone, Debug)]
pub struct OptionInfo {
    /// The group it belongs to, for headings.
    pub section: &'static str,
    pub name: &'static str,
    /// What values it takes, for people.
    pub values: String,
    pub default: &'static str,
    /// Whether `CONFIG SET` changes it while the runtime runs.
    pub changeable: bool,
    pub summary: &'static str,
}

fn refused(error: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::InvalidOption, error.to_string())
}

impl Options {
    /// Every option at its default: no port, one shard per core.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets one option.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`] names the option and what it takes.
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        self.0.set(name, value).map_err(refused)
    }

    /// The same options with one more set, for chains.
    ///
    /// # Errors
    /// As [`Options::set`].
    pub fn with(mut self, name: &str, value: &str) -> Result<Self> {
        self.set(name, value)?;
        Ok(self)
    }

    /// Names what is told how far reading from disk has come while a runtime starts: the bytes read and those of all files.
    /// It is called from the threads that read, by one at a time, about a thousand times at most: first with nothing read, last
    /// when everything is; not at all where there is nothing to be read. Reading waits for it. It must not use the runtime,
    /// which has not started.
    pub fn on_load(&mut self, call: impl Fn(u64, u64) + Send + Sync + 'static) {
        self.1 = Some(OnLoad::new(Arc::new(call)));
    }

    /// The value of an option as `CONFIG GET` shows it.
    pub fn get(&self, name: &str) -> Option<String> {
        self.0.get(name)
    }

    /// Reads a file in the form of redis.conf.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`] names file, line and option.
    pub fn read_file(&mut self, path: &Path) -> Result<()> {
        self.0.apply_file(path).map_err(refused)
    }

    /// Takes arguments in the form of redis-server: `--name value`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`] names the option.
    pub fn read_args(&mut self, args: &[String]) -> Result<()> {
        self.0.apply_args(args).map_err(refused)
    }

    /// Every option there is, in the order of the reference page.
    pub fn table() -> Vec<OptionInfo> {
        table::table()
            .iter()
            .map(|spec| OptionInfo {
                section: spec.section.title(),
                name: spec.name,
                values: spec.kind.describe(),
                default: spec.default,
                changeable: spec.mutability == table::Mutability::Live,
                summary: spec.documentation(),
            })
            .collect()
    }
}
