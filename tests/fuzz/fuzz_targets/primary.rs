//! Whatever a primary sends, a replica hands out frames, waits for more or gives the link up.
//!
//! The first byte of the input chooses what the replica asked for, and whether the rest is what the primary sends or what stands
//! in its blocks: each a letter that says how it is packed, a byte with 32 times the length unpacked, and up to 255 bytes behind
//! their number.
#![no_main]

use kevy_core::fuzz::{follow, push_block};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((&choice, mut rest)) = input.split_first() else { return };
    let (has_filter, has_blocks) = (choice & 1 != 0, choice & 2 != 0);
    let ack = b"+ACK 9 0,0\r\n";
    let mut sent = Vec::new();
    if !has_blocks {
        sent.extend_from_slice(if has_filter { b"+CAPA filter\r\n" } else { b"" });
        sent.extend_from_slice(ack);
        sent.extend_from_slice(rest);
    } else {
        sent.extend_from_slice(if has_filter { b"+CAPA filter batch zstd\r\n" } else { b"+CAPA batch zstd\r\n" });
        push_block(&mut sent, b'-', ack.len(), ack);
        while let [letter, len, held_len, behind @ ..] = rest {
            let (held, behind) = behind.split_at(behind.len().min(usize::from(*held_len)));
            let len = if *letter == b'-' { held.len() } else { usize::from(*len) * 32 };
            push_block(&mut sent, *letter, len, held);
            rest = behind;
        }
    }
    let step = if choice & 4 == 0 { sent.len() } else { 7 };
    follow(&sent, step.max(1), has_filter, has_blocks);
});
