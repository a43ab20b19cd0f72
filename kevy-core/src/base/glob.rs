//! Glob patterns as Redis's KEYS, SCAN MATCH, PSUBSCRIBE and CONFIG GET understand them.
//!
//! `*` is any run of bytes, `?` any byte, `[abc]`, `[a-z]` and `[^a]` one byte of a set, `\x` the byte `x`
//! itself. Case folding is that of ASCII.
//!
//! Every element but `*` takes exactly one byte, so a mismatch needs to go back only to the last `*`: the
//! work is bounded by the product of the two lengths whatever the pattern.

/// Runs of `*` with something behind them that a pattern may have; where more come into play it describes nothing, as in Redis.
const RUNS_MAX: usize = 1000;

/// True where `pattern` describes the whole of `text`.
///
/// An empty `text` is described by the empty pattern only, as in Redis; callers for whom the lone
/// pattern `*` means "everything" ask [`is_everything`] first.
pub fn matches(pattern: &[u8], text: &[u8], nocase: bool) -> bool {
    if text.is_empty() {
        return pattern.is_empty();
    }
    let (mut pattern_at, mut text_at) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    let mut runs = 0;
    loop {
        if text_at == text.len() {
            return pattern[pattern_at..].iter().all(|&byte| byte == b'*');
        }
        if pattern.get(pattern_at) == Some(&b'*') {
            pattern_at += pattern[pattern_at..].iter().take_while(|&&byte| byte == b'*').count();
            if pattern_at == pattern.len() {
                return true;
            }
            runs += 1;
            if runs > RUNS_MAX {
                return false;
            }
            retry = Some((pattern_at, text_at));
            continue;
        }
        if let Some(length) = element(&pattern[pattern_at..], text[text_at], nocase) {
            pattern_at += length;
            text_at += 1;
            continue;
        }
        let Some((pattern_back, text_back)) = retry else { return false };
        retry = Some((pattern_back, text_back + 1));
        (pattern_at, text_at) = (pattern_back, text_back + 1);
    }
}

/// True for the pattern `*`, which callers treat as "no filter".
pub fn is_everything(pattern: &[u8]) -> bool {
    pattern == b"*"
}

/// Compares the first element of `pattern`, which is no `*`, with one byte. Returns the element's length
/// if it matches.
#[inline]
fn element(pattern: &[u8], byte: u8, nocase: bool) -> Option<usize> {
    let (&first, rest) = pattern.split_first()?;
    let (literal, length) = match first {
        b'?' => return Some(1),
        b'[' => return set(rest, byte, nocase).map(|length| 1 + length),
        b'\\' if !rest.is_empty() => (rest[0], 2),
        _ => (first, 1),
    };
    same(literal, byte, nocase).then_some(length)
}

/// Compares a set, given without its `[`, with one byte. Returns its length, with the `]`, if it matches.
fn set(pattern: &[u8], byte: u8, nocase: bool) -> Option<usize> {
    let negated = pattern.first() == Some(&b'^');
    let mut at = negated as usize;
    let mut found = false;
    loop {
        match pattern[at..] {
            // A set that is never closed ends with the pattern.
            [] => break,
            [b'\\', literal, ..] => {
                found |= literal == byte;
                at += 2;
            }
            [b']', ..] => {
                at += 1;
                break;
            }
            [start, b'-', end, ..] => {
                found |= within(start, end, byte, nocase);
                at += 3;
            }
            [literal, ..] => {
                found |= same(literal, byte, nocase);
                at += 1;
            }
        }
    }
    (found != negated).then_some(at)
}

#[inline]
fn same(a: u8, b: u8, nocase: bool) -> bool {
    a == b || nocase && a.eq_ignore_ascii_case(&b)
}

/// Ranges compare bytes as signed, as C's `char` does where Redis commonly runs.
fn within(start: u8, end: u8, byte: u8, nocase: bool) -> bool {
    let fold = |byte: u8| if nocase { byte.to_ascii_lowercase() as i8 } else { byte as i8 };
    let (low, high) = if start as i8 > end as i8 { (end, start) } else { (start, end) };
    (fold(low)..=fold(high)).contains(&fold(byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::live_redis::LiveRedis;

    fn is(pattern: &str, text: &str) -> bool {
        matches(pattern.as_bytes(), text.as_bytes(), false)
    }

    #[test]
    fn each_element_does_what_redis_documents() {
        assert!(is("h?llo", "hello") && !is("h?llo", "hllo"));
        assert!(is("h*llo", "hllo") && is("h*llo", "heeeello"));
        assert!(is("h[ae]llo", "hallo") && !is("h[ae]llo", "hillo"));
        assert!(is("h[^e]llo", "hallo") && !is("h[^e]llo", "hello"));
        assert!(is("h[a-b]llo", "hbllo") && !is("h[a-b]llo", "hcllo"));
        assert!(is("a\\*", "a*") && !is("a\\*", "ab"));
        assert!(is("*", "anything") && is("a*b*c", "a1b2b3c"));
        assert!(is("", "") && !is("", "a") && !is("a", ""));
    }

    #[test]
    fn case_is_folded_only_when_asked() {
        assert!(matches(b"MAX*", b"maxmemory", true));
        assert!(!matches(b"MAX*", b"maxmemory", false));
        assert!(matches(b"[A-Z]", b"q", true));
    }

    #[test]
    fn a_pattern_of_many_stars_is_answered_at_once() {
        let pattern = "a*".repeat(5_000) + "b";
        assert!(!is(&pattern, &"a".repeat(20_000)));
    }

    #[test]
    fn a_pattern_of_more_runs_than_redis_follows_describes_nothing() {
        let text = "a".repeat(3_000);
        assert!(is(&"*?".repeat(RUNS_MAX), &text) && is(&("*?".repeat(RUNS_MAX) + "*"), &text));
        assert!(!is(&"*?".repeat(RUNS_MAX + 1), &text));
        let mut redis = LiveRedis::start();
        redis.command(&[b"SET", text.as_bytes(), b"x"]);
        for runs in [RUNS_MAX, RUNS_MAX + 1] {
            let pattern = "*?".repeat(runs);
            let found = redis.command(&[b"KEYS", pattern.as_bytes()]).into_array();
            assert_eq!(is(&pattern, &text), !found.is_empty(), "{runs} runs");
        }
    }

    #[test]
    fn random_patterns_agree_with_redis() {
        let mut redis = LiveRedis::start();
        let mut random = fastrand::Rng::with_seed(7);
        let alphabet = b"ab-*?[]^\\\xff\x80C";
        let mut word = |max: usize| -> Vec<u8> {
            (0..random.usize(0..=max)).map(|_| alphabet[random.usize(0..alphabet.len())]).collect()
        };
        for _ in 0..60 {
            redis.command(&[b"FLUSHALL"]);
            let mut keys: Vec<Vec<u8>> = (0..40).map(|_| word(5)).filter(|key| !key.is_empty()).collect();
            keys.sort();
            keys.dedup();
            for key in &keys {
                redis.command(&[b"SET", key, b"x"]);
            }
            for _ in 0..60 {
                let pattern = word(8);
                let mut expected = redis.command(&[b"KEYS", &pattern]).into_array();
                expected.sort();
                let found: Vec<Vec<u8>> =
                    keys.iter().filter(|key| matches(&pattern, key, false)).cloned().collect();
                assert_eq!(found, expected, "pattern {:?}", pattern.escape_ascii().to_string());
            }
        }
    }
}
