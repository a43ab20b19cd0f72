//! Amounts of memory as redis.conf writes them: `100`, `64kb`, `1gb`.

/// Units and the number of bytes each stands for: powers of 1000 without a `b`, powers of 1024 with it.
const UNITS: [(&str, u64); 8] = [
    ("", 1),
    ("b", 1),
    ("k", 1_000),
    ("kb", 1 << 10),
    ("m", 1_000_000),
    ("mb", 1 << 20),
    ("g", 1_000_000_000),
    ("gb", 1 << 30),
];

/// Bytes from digits and an optional unit in any case. None for anything else and for what exceeds `u64`.
pub fn parse(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (count, unit) = text.split_at(digits);
    let bytes = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?.1;
    count.parse::<u64>().ok()?.checked_mul(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_those_of_redis_conf() {
        for (text, bytes) in [
            ("0", 0),
            ("007", 7),
            ("12b", 12),
            ("1k", 1_000),
            ("1kb", 1_024),
            ("1m", 1_000_000),
            ("100MB", 104_857_600),
            ("1g", 1_000_000_000),
            ("1Gb", 1_073_741_824),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(parse(text), Some(bytes), "{text}");
        }
        for text in [
            "",
            "-1",
            "+5",
            "1.5mb",
            "10x",
            "1tb",
            "10%",
            "0x10",
            " 5",
            "5 ",
            "kb",
            "17179869184gb",
            "18446744073709551616",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
