//! JSON as Lua values.

use mlua::{Lua, Value};

use super::{Checked, DEPTH_LIMIT, Settings, broken};
use crate::script::number::parse_c;

/// The value of a JSON text.
pub fn decode(lua: &Lua, text: &[u8], settings: &Settings) -> Checked<Value> {
    if let [first, second, ..] = text
        && (*first == 0 || *second == 0)
    {
        return Err("JSON parser does not support UTF-16 or UTF-32".to_owned());
    }
    let mut parser = Parser { lua, text, at: 0, settings };
    let token = parser.token();
    let value = parser.value(token, 0)?;
    match parser.token() {
        (Token::End, _) => Ok(value),
        token => expected("the end", &token),
    }
}

enum Token {
    ObjectBegin,
    ObjectEnd,
    ArrayBegin,
    ArrayEnd,
    Colon,
    Comma,
    End,
    Text(Vec<u8>),
    Number(f64),
    Boolean(bool),
    Null,
    Error(&'static str),
}

impl Token {
    /// As errors name it.
    fn name(&self) -> &'static str {
        match self {
            Self::ObjectBegin => "T_OBJ_BEGIN",
            Self::ObjectEnd => "T_OBJ_END",
            Self::ArrayBegin => "T_ARR_BEGIN",
            Self::ArrayEnd => "T_ARR_END",
            Self::Colon => "T_COLON",
            Self::Comma => "T_COMMA",
            Self::End => "T_END",
            Self::Text(_) => "T_STRING",
            Self::Number(_) => "T_NUMBER",
            Self::Boolean(_) => "T_BOOLEAN",
            Self::Null => "T_NULL",
            Self::Error(text) => text,
        }
    }
}

/// A token and where it begins.
type Placed = (Token, usize);

fn expected<T>(what: &str, (token, at): &Placed) -> Checked<T> {
    Err(format!("Expected {what} but found {} at character {}", token.name(), at + 1))
}

struct Parser<'a> {
    lua: &'a Lua,
    text: &'a [u8],
    at: usize,
    settings: &'a Settings,
}

impl Parser<'_> {
    fn value(&mut self, token: Placed, depth: usize) -> Checked<Value> {
        match token.0 {
            Token::Text(text) => self.string(&text),
            Token::Number(number) => Ok(Value::Number(number)),
            Token::Boolean(value) => Ok(Value::Boolean(value)),
            Token::Null => Ok(Value::NULL),
            Token::ObjectBegin => self.object(depth + 1),
            Token::ArrayBegin => self.array(depth + 1),
            _ => expected("value", &token),
        }
    }

    fn string(&self, text: &[u8]) -> Checked<Value> {
        self.lua.create_string(text).map(Value::String).map_err(|error| broken(&error))
    }

    fn descend(&self, depth: usize) -> Checked<()> {
        if depth > self.settings.decode_depth_max.min(DEPTH_LIMIT) {
            return Err(format!("Found too many nested data structures ({depth}) at character {}", self.at));
        }
        Ok(())
    }

    fn object(&mut self, depth: usize) -> Checked<Value> {
        self.descend(depth)?;
        let table = self.lua.create_table().map_err(|error| broken(&error))?;
        let mut token = self.token();
        if let Token::ObjectEnd = token.0 {
            return Ok(Value::Table(table));
        }
        loop {
            let Token::Text(key) = token.0 else { return expected("object key string", &token) };
            let key = self.string(&key)?;
            token = self.token();
            let Token::Colon = token.0 else { return expected("colon", &token) };
            let first = self.token();
            let value = self.value(first, depth)?;
            table.raw_set(key, value).map_err(|error| broken(&error))?;
            token = self.token();
            match token.0 {
                Token::ObjectEnd => return Ok(Value::Table(table)),
                Token::Comma => token = self.token(),
                _ => return expected("comma or object end", &token),
            }
        }
    }

    fn array(&mut self, depth: usize) -> Checked<Value> {
        self.descend(depth)?;
        let table = self.lua.create_table().map_err(|error| broken(&error))?;
        let mut token = self.token();
        if let Token::ArrayEnd = token.0 {
            return Ok(Value::Table(table));
        }
        for at in 1.. {
            let value = self.value(token, depth)?;
            table.raw_set(at, value).map_err(|error| broken(&error))?;
            token = self.token();
            match token.0 {
                Token::ArrayEnd => break,
                Token::Comma => token = self.token(),
                _ => return expected("comma or array end", &token),
            }
        }
        Ok(Value::Table(table))
    }

    fn token(&mut self) -> Placed {
        while self.text.get(self.at).is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        let start = self.at;
        let single = match self.text.get(start) {
            None => return (Token::End, start),
            Some(b'{') => Some(Token::ObjectBegin),
            Some(b'}') => Some(Token::ObjectEnd),
            Some(b'[') => Some(Token::ArrayBegin),
            Some(b']') => Some(Token::ArrayEnd),
            Some(b':') => Some(Token::Colon),
            Some(b',') => Some(Token::Comma),
            Some(_) => None,
        };
        if let Some(token) = single {
            self.at += 1;
            return (token, start);
        }
        match self.longer(start) {
            // An error is placed where reading stopped.
            token @ Token::Error(_) => (token, self.at),
            token => (token, start),
        }
    }

    fn longer(&mut self, start: usize) -> Token {
        let rest = &self.text[start..];
        if rest[0] == b'"' {
            return self.quoted();
        }
        for (word, token) in
            [("true", Token::Boolean(true)), ("false", Token::Boolean(false)), ("null", Token::Null)]
        {
            if rest.starts_with(word.as_bytes()) {
                self.at += word.len();
                return token;
            }
        }
        let is_number = rest[0] == b'-' || rest[0].is_ascii_digit();
        let is_invalid = is_invalid_number(rest);
        if is_number && is_invalid && !self.settings.decode_invalid {
            return Token::Error("invalid number");
        }
        let is_taken = is_number || is_invalid && self.settings.decode_invalid;
        if !is_taken {
            return Token::Error("invalid token");
        }
        let len = number_len(rest);
        match std::str::from_utf8(&rest[..len]).ok().and_then(parse_c) {
            Some(number) => {
                self.at += len;
                Token::Number(number)
            }
            None => Token::Error("invalid number"),
        }
    }

    /// A string in quotes.
    fn quoted(&mut self) -> Token {
        let mut text = Vec::new();
        let mut at = self.at + 1;
        loop {
            match self.text.get(at) {
                None => {
                    self.at = at;
                    return Token::Error("unexpected end of string");
                }
                Some(b'"') => {
                    self.at = at + 1;
                    return Token::Text(text);
                }
                Some(b'\\') => match self.escape(at, &mut text) {
                    Ok(next) => at = next,
                    Err(error) => {
                        self.at = at;
                        return Token::Error(error);
                    }
                },
                Some(byte) => {
                    text.push(*byte);
                    at += 1;
                }
            }
        }
    }

    /// What a backslash at `at` stands for; where it goes on.
    fn escape(&self, at: usize, text: &mut Vec<u8>) -> Result<usize, &'static str> {
        let byte = match self.text.get(at + 1) {
            Some(byte @ (b'"' | b'\\' | b'/')) => *byte,
            Some(b'b') => 8,
            Some(b't') => 9,
            Some(b'n') => 10,
            Some(b'f') => 12,
            Some(b'r') => 13,
            Some(b'u') => return self.unicode(at, text),
            _ => return Err("invalid escape code"),
        };
        text.push(byte);
        Ok(at + 2)
    }

    fn unicode(&self, at: usize, text: &mut Vec<u8>) -> Result<usize, &'static str> {
        const WRONG: &str = "invalid unicode escape code";
        let unit = |at: usize| -> Option<u32> {
            let digits = self.text.get(at..at + 6)?.strip_prefix(b"\\u")?;
            digits.iter().try_fold(0, |value, digit| Some(value << 4 | char::from(*digit).to_digit(16)?))
        };
        let first = unit(at).ok_or(WRONG)?;
        let (code, next) = match first {
            0xd800..0xdc00 => {
                let second = unit(at + 6).filter(|unit| (0xdc00..0xe000).contains(unit)).ok_or(WRONG)?;
                (0x10000 + ((first & 0x3ff) << 10) + (second & 0x3ff), at + 12)
            }
            _ => (first, at + 6),
        };
        let letter = char::from_u32(code).ok_or(WRONG)?;
        text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(next)
    }
}

/// True for what JSON has no numbers for: hexadecimal ones, infinity, what is no number, a leading zero or plus.
fn is_invalid_number(text: &[u8]) -> bool {
    let digits = match text {
        [b'+', ..] => return true,
        [b'-', rest @ ..] => rest,
        _ => text,
    };
    match digits {
        [b'0', b'x' | b'X', ..] | [b'0', b'0'..=b'9', ..] => true,
        [b'0'..=b'9', ..] => false,
        _ => {
            let starts = |word: &[u8]| digits.get(..3).is_some_and(|start| start.eq_ignore_ascii_case(word));
            starts(b"inf") || starts(b"nan")
        }
    }
}

/// How many bytes the number takes that `text` begins with.
fn number_len(text: &[u8]) -> usize {
    let sign = usize::from(matches!(text.first(), Some(b'-' | b'+')));
    let digits = &text[sign..];
    if matches!(digits, [b'0', b'x' | b'X', ..]) {
        return sign + 2 + digits[2..].iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    }
    for word in [&b"infinity"[..], b"inf", b"nan"] {
        if digits.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)) {
            return sign + word.len();
        }
    }
    let run = |from: usize| digits[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut len = run(0);
    if digits.get(len) == Some(&b'.') {
        len += 1 + run(len + 1);
    }
    if matches!(digits.get(len), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(digits.get(len + 1), Some(b'-' | b'+')));
        let exponent = run((len + 1 + sign).min(digits.len()));
        if exponent > 0 {
            len += 1 + sign + exponent;
        }
    }
    sign + len
}
