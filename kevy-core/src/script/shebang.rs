//! The first line of a script or library, `#!lua key=value ...`.

use crate::command::Fail;
use crate::command::scripting::{first_line, name_in};

/// What a script declares of itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ScriptFlags(u8);

impl ScriptFlags {
    pub const NO_WRITES: Self = Self(1);
    pub const ALLOW_OOM: Self = Self(2);
    pub const ALLOW_STALE: Self = Self(4);
    pub const NO_CLUSTER: Self = Self(8);
    pub const ALLOW_CROSS_SLOT_KEYS: Self = Self(16);
    /// There is no first line: the rules are those of before it was introduced.
    pub const COMPATIBLE: Self = Self(32);

    /// Each flag with its name.
    pub const NAMES: [(Self, &'static str); 5] = [
        (Self::NO_WRITES, "no-writes"),
        (Self::ALLOW_OOM, "allow-oom"),
        (Self::ALLOW_STALE, "allow-stale"),
        (Self::NO_CLUSTER, "no-cluster"),
        (Self::ALLOW_CROSS_SLOT_KEYS, "allow-cross-slot-keys"),
    ];

    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The flag of a name.
    pub fn named(name: &[u8]) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| known.as_bytes() == name).map(|(flag, _)| *flag)
    }

    /// Both.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Reads the first line of a script. The code to compile is what follows it, its line end included, so that lines keep
/// their numbers.
///
/// # Errors
/// The reply for a line that is none of Redis's.
pub fn of_script(code: &[u8]) -> Result<(ScriptFlags, &[u8]), Fail> {
    if !code.starts_with(b"#!") {
        return Ok((ScriptFlags::COMPATIBLE, code));
    }
    let (line, code) = first_line(code).ok_or(Fail::new("ERR Invalid script shebang"))?;
    let words = line.words().ok_or(Fail::new("ERR Invalid engine in script shebang"))?;
    let mut words = words.iter();
    let engine = words.next().map(Vec::as_slice).unwrap_or_default();
    if engine != b"#!lua" {
        return Err(Fail::quoting("ERR Unexpected engine in script shebang: {}", engine));
    }
    let mut flags = ScriptFlags::default();
    for word in words {
        let Some(names) = word.strip_prefix(b"flags=") else {
            return Err(Fail::quoting("ERR Unknown lua shebang option: {}", word));
        };
        if names.is_empty() {
            continue;
        }
        for name in names.split(|byte| *byte == b',') {
            let flag = ScriptFlags::named(name)
                .ok_or_else(|| Fail::quoting("ERR Unexpected flag in script shebang: {}", name))?;
            flags = flags.or(flag);
        }
    }
    Ok((flags, code))
}

/// What the first line of a library says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LibraryHead<'a> {
    pub engine: Vec<u8>,
    pub name: Vec<u8>,
    /// What follows the line, its line end included.
    pub code: &'a [u8],
}

/// Reads the first line of a library.
///
/// # Errors
/// The reply for a line that is none of Redis's.
pub fn of_library(code: &[u8]) -> Result<LibraryHead<'_>, Fail> {
    if !code.starts_with(b"#!") {
        return Err(Fail::new("ERR Missing library metadata"));
    }
    let invalid = Fail::new("ERR Invalid library metadata");
    let (line, code) = first_line(code).ok_or(invalid.clone())?;
    let words = line.words().ok_or(invalid)?;
    let mut words = words.iter();
    let engine = words.next().and_then(|word| word.strip_prefix(b"#!")).unwrap_or_default();
    let mut name = None;
    for word in words {
        let value =
            name_in(word).ok_or_else(|| Fail::quoting("ERR Invalid metadata value given: {}", word))?;
        if name.is_some() {
            return Err(Fail::new("ERR Invalid metadata value, name argument was given multiple times"));
        }
        name = Some(value.to_vec());
    }
    let name = name.ok_or(Fail::new("ERR Library name was not given"))?;
    Ok(LibraryHead { engine: engine.to_vec(), name, code })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_and_lines_keep_their_numbers() {
        assert_eq!(of_script(b"return 1"), Ok((ScriptFlags::COMPATIBLE, &b"return 1"[..])));
        let both = ScriptFlags::NO_WRITES.or(ScriptFlags::ALLOW_OOM);
        assert_eq!(of_script(b"#!lua flags=no-writes,allow-oom\nx"), Ok((both, &b"\nx"[..])));
        assert_eq!(of_script(b"#!lua 'flags=allow-oom'\nx"), Ok((ScriptFlags::ALLOW_OOM, &b"\nx"[..])));
        let wrong =
            ["#!lua", "#!luaa\n", "#!lua x=1\n", "#!lua flags=none\n", "#!\n", "#!lua '\n", "#!lua\0\n"];
        for wrong in wrong {
            assert!(of_script(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_library_has_an_engine_and_a_name() {
        for code in [&b"#!lua name=one\nredis"[..], b"#!'lua' NAME=\"one\"  \r\nredis"] {
            let head = of_library(code).expect("a head");
            assert_eq!(
                (&head.engine[..], &head.name[..], head.code),
                (&b"lua"[..], &b"one"[..], &b"\nredis"[..])
            );
        }
        for wrong in ["", "return 1", "#!lua name=a", "#!lua\n", "#!lua name=a name=b\n", "#!lua foo=b\n"] {
            assert!(of_library(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
