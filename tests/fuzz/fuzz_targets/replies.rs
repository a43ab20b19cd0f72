//! Replies mean the same whether they arrive whole or in pieces, take memory only for the bytes that are there, and
//! survive being written and read again.
//!
//! The first byte of the input chooses the size of the pieces.
#![no_main]

use kevy_core::fuzz::{Protocol, Tree, Value, Writer};
use libfuzzer_sys::fuzz_target;

/// True where the value holds text that the writer may change: a line end in a message, or a format that lost bytes.
fn is_rewritten(value: &Value) -> bool {
    match value {
        Value::Simple(text) | Value::Error(text) => text.contains(['\r', '\n']),
        Value::Verbatim { format, .. } => format.len() != 3,
        Value::Double(number) => number.is_nan(),
        Value::BigNumber(_) | Value::Integer(_) | Value::Bulk(_) | Value::Null | Value::Boolean(_) => false,
        Value::Array(values) | Value::Set(values) | Value::Push(values) => values.iter().any(is_rewritten),
        Value::Map(pairs) => pairs.iter().any(|(key, value)| is_rewritten(key) || is_rewritten(value)),
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((step, bytes)) = input.split_first() else { return };
    let step = usize::from(*step) % 32 + 1;
    let mut whole = Tree::new();
    let outcome = whole.parse(bytes);
    assert!(whole.len() <= bytes.len() / 3 + 1);

    let mut pieces = Tree::new();
    let mut stepped = pieces.parse(b"");
    let mut end = 0;
    while stepped == Ok(None) && end < bytes.len() {
        end = (end + step).min(bytes.len());
        stepped = pieces.resume(&bytes[..end]);
    }
    assert_eq!(stepped, outcome);

    let Ok(Some(consumed)) = outcome else { return };
    assert!(consumed <= bytes.len());
    let value = Value::from(whole.root(bytes));
    assert_eq!(format!("{:?}", whole.root(bytes)), format!("{:?}", pieces.root(bytes)));
    let mut writer = Writer::new(Protocol::Resp3);
    value.write(&mut writer);
    let again = Value::parse(&writer.buf).expect("what was written").expect("all of it");
    assert_eq!(again.1, writer.len());
    if !is_rewritten(&value) {
        assert_eq!(again.0, value);
    }
});
