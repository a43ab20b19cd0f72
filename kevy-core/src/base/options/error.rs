//! Why an option was refused.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;

use crate::base::{Error, ErrorKind};

/// A refusal that names the option, the value and what would have been right.
#[derive(Clone, Debug, PartialEq)]
pub enum OptionError {
    /// No option has this name.
    Unknown { name: String, closest: Option<&'static str> },
    /// The value is not one the option takes; `value` is absent where it must not be shown.
    Value { name: &'static str, value: Option<String>, reason: Cow<'static, str> },
    /// The option is read only when the runtime starts.
    Immutable { name: String },
    /// As [`Self::Immutable`], because the option names files.
    Protected { name: String },
    /// CONFIG SET names the option twice.
    Duplicate { name: String },
    /// A directive has too few or too many words.
    WordCount { name: String },
    /// Text that is no directive at all.
    Syntax { text: String, reason: &'static str },
    /// A configuration file cannot be read.
    Unreadable { path: PathBuf, reason: String },
    /// A line of a configuration file, counted from 1, is refused.
    Line { path: PathBuf, number: usize, cause: Box<OptionError> },
}

impl OptionError {
    /// The error reply to CONFIG SET, as Redis words it.
    pub fn config_set_reply(&self) -> String {
        let (name, reason) = match self {
            Self::Unknown { name, .. } => {
                return format!(
                    "ERR Unknown option or number of arguments for CONFIG SET - '{}'",
                    shown(name)
                );
            }
            Self::Value { name, reason, .. } => (*name, reason.as_ref()),
            Self::Immutable { name } => (name.as_str(), "can't set immutable config"),
            Self::Protected { name } => (name.as_str(), "can't set protected config"),
            Self::Duplicate { name } => (name.as_str(), "duplicate parameter"),
            other => return format!("ERR {other}"),
        };
        format!("ERR CONFIG SET failed (possibly related to argument '{name}') - {reason}")
    }
}

/// As much of a text as fits in a message, on one line.
pub(super) fn shown(text: &str) -> String {
    const LENGTH_MAX: usize = 128;
    let mut shown: String = text.chars().take(LENGTH_MAX).flat_map(char::escape_debug).collect();
    if text.chars().nth(LENGTH_MAX).is_some() {
        shown.push('…');
    }
    shown
}

impl fmt::Display for OptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name, closest: Some(closest) } => {
                write!(f, "unknown option '{}'; did you mean '{closest}'?", shown(name))
            }
            Self::Unknown { name, closest: None } => write!(f, "unknown option '{}'", shown(name)),
            Self::Value { name, value: Some(value), reason } => {
                write!(f, "option {name} cannot be '{}': {reason}", shown(value))
            }
            Self::Value { name, value: None, reason } => write!(f, "option {name}: {reason}"),
            Self::Protected { name } => write!(f, "option {name} names files and can only be given at start"),
            Self::Immutable { name } => write!(f, "option {name} can only be given at start"),
            Self::Duplicate { name } => write!(f, "option {name} is given twice"),
            Self::WordCount { name } => write!(f, "option {}: wrong number of arguments", shown(name)),
            Self::Syntax { text, reason } => write!(f, "'{}': {reason}", shown(text)),
            Self::Unreadable { path, reason } => write!(f, "configuration file {}: {reason}", path.display()),
            Self::Line { path, number, cause } => write!(f, "{}, line {number}: {cause}", path.display()),
        }
    }
}

impl std::error::Error for OptionError {}

impl From<OptionError> for Error {
    fn from(error: OptionError) -> Self {
        let kind = if matches!(error, OptionError::Unreadable { .. }) {
            ErrorKind::Io
        } else {
            ErrorKind::InvalidOption
        };
        Self::new(kind, error.to_string())
    }
}
