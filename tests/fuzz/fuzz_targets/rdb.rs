//! A snapshot from anybody is read or refused, and what was read of it can be written and read again.
#![no_main]

use kevy_core::fuzz::read_rdb;
use kevy_fuzz as _;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    read_rdb(input);
});
