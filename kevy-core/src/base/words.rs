//! A line of words, as a person types it into telnet or writes it into a configuration file.
//!
//! Words are separated by white space. A word may be quoted: inside `"…"` the escapes `\n \r \t \b \a \xHH` and a
//! backslash before any other byte are understood, inside `'…'` only `\'`. A closing quote ends its word.

/// The line is not closed where it ends, or a closing quote is followed by something other than white space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unbalanced;

/// Calls `found` with the start and length of every word of a line that has no quotes.
pub fn plain_words(line: &[u8], mut found: impl FnMut(usize, usize)) {
    let mut at = 0;
    loop {
        at += line[at..].iter().take_while(|byte| is_space(**byte)).count();
        let len = line[at..].iter().take_while(|byte| !ends_word(**byte)).count();
        if len == 0 {
            return;
        }
        found(at, len);
        at += len;
    }
}

/// Appends the words of `line` to `out`, unquoted, and calls `found` with the start and length of each in `out`.
pub fn quoted_words(
    line: &[u8],
    out: &mut Vec<u8>,
    mut found: impl FnMut(usize, usize),
) -> Result<(), Unbalanced> {
    let mut rest = line;
    loop {
        while let [byte, after @ ..] = rest
            && is_space(*byte)
        {
            rest = after;
        }
        if rest.is_empty() {
            return Ok(());
        }
        let start = out.len();
        rest = word(rest, out)?;
        found(start, out.len() - start);
    }
}

/// Appends the word at the start of `rest`, and returns what follows it.
fn word<'a>(mut rest: &'a [u8], out: &mut Vec<u8>) -> Result<&'a [u8], Unbalanced> {
    loop {
        match rest {
            [b'"', after @ ..] => return closed(double_quoted(after, out)?),
            [b'\'', after @ ..] => return closed(single_quoted(after, out)?),
            [byte, after @ ..] if !ends_word(*byte) => {
                out.push(*byte);
                rest = after;
            }
            _ => return Ok(rest),
        }
    }
}

fn closed(rest: &[u8]) -> Result<&[u8], Unbalanced> {
    if rest.first().is_none_or(|byte| is_space(*byte)) { Ok(rest) } else { Err(Unbalanced) }
}

fn double_quoted<'a>(mut rest: &'a [u8], out: &mut Vec<u8>) -> Result<&'a [u8], Unbalanced> {
    loop {
        let (byte, after) = match rest {
            [] => return Err(Unbalanced),
            [b'"', after @ ..] => return Ok(after),
            [b'\\', b'x', high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                (hex(*high) << 4 | hex(*low), after)
            }
            [b'\\', escaped, after @ ..] => (unescaped(*escaped), after),
            [byte, after @ ..] => (*byte, after),
        };
        out.push(byte);
        rest = after;
    }
}

fn single_quoted<'a>(mut rest: &'a [u8], out: &mut Vec<u8>) -> Result<&'a [u8], Unbalanced> {
    loop {
        let (byte, after) = match rest {
            [] => return Err(Unbalanced),
            [b'\'', after @ ..] => return Ok(after),
            [b'\\', b'\'', after @ ..] => (b'\'', after),
            [byte, after @ ..] => (*byte, after),
        };
        out.push(byte);
        rest = after;
    }
}

fn unescaped(byte: u8) -> u8 {
    match byte {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 0x08,
        b'a' => 0x07,
        other => other,
    }
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

/// White space between words, as C's `isspace`.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// White space that ends a word: Redis lets vertical tab and form feed stand inside one.
fn ends_word(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}
