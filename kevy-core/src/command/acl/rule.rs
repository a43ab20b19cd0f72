//! Rules of users as they are written: why one is refused, and the words that several arguments make.

use std::fmt;

/// Why a rule is refused. The texts are those of Redis 7.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RuleError {
    Syntax,
    UnknownCommand,
    PatternAfterAll,
    ChannelAfterAll,
    NoSuchPassword,
    BadHash,
    FirstArgumentOfSubcommand,
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Syntax => "Syntax error",
            Self::UnknownCommand => "Unknown command or category name in ACL",
            Self::PatternAfterAll => {
                "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any \
                 effect. Try 'resetkeys' to start with an empty list of patterns"
            }
            Self::ChannelAfterAll => {
                "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any \
                 effect. Try 'resetchannels' to start with an empty list of channels"
            }
            Self::NoSuchPassword => "The password you are trying to remove from the user does not exist",
            Self::BadHash => {
                "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters"
            }
            Self::FirstArgumentOfSubcommand => "Allowing first-arg of a subcommand is not supported",
        })
    }
}

/// True for bytes that C's `isspace` takes for white space.
pub fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// True where a user may have this name.
pub fn is_user_name(name: &[u8]) -> bool {
    !name.iter().any(|&byte| byte == 0 || is_space(byte))
}

/// Joins the arguments that make one selector: `(+get`, `~a` and `)` are the rule `(+get ~a )`.
///
/// # Errors
/// The argument that opens a selector which none closes.
pub fn join_selectors<'a>(args: &[&'a [u8]]) -> Result<Vec<Vec<u8>>, &'a [u8]> {
    let mut rules: Vec<Vec<u8>> = Vec::with_capacity(args.len());
    let mut open: Option<&'a [u8]> = None;
    for &arg in args {
        let (opens, closes) = (arg.first() == Some(&b'('), arg.last() == Some(&b')'));
        match rules.last_mut() {
            // A selector that opens inside of another takes its place.
            Some(selector) if open.is_some() && opens && !closes => {
                *selector = arg.to_vec();
                open = Some(arg);
            }
            Some(selector) if open.is_some() => {
                selector.push(b' ');
                selector.extend_from_slice(arg);
                if closes {
                    open = None;
                }
            }
            _ => {
                rules.push(arg.to_vec());
                if opens && !closes {
                    open = Some(arg);
                }
            }
        }
    }
    open.map_or(Ok(rules), Err)
}
