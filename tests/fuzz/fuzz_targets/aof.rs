//! A log as Redis writes it is read, cut or refused.
//!
//! The first byte says which files there are and how they are read, the next two where the second of them begins. The rest
//! are the files.
#![no_main]

use kevy_core::fuzz::read_directory;
use kevy_fuzz::{directory, log_options, write};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let [choice, low, high, bytes @ ..] = input else { return };
    let split = usize::from(u16::from_le_bytes([*low, *high])).min(bytes.len());
    let (first, second) = bytes.split_at(split);
    let folder = directory();
    let place = folder.join("appendonlydir");
    let manifest = place.join("appendonly.aof.manifest");
    if choice & 3 != 0 {
        std::fs::create_dir(&place).expect("a directory");
    }
    match choice & 3 {
        // As before Redis 7.
        0 => write(&folder.join("appendonly.aof"), bytes),
        1 => {
            write(&place.join("1.aof"), bytes);
            write(&manifest, b"file 1.aof seq 1 type i\n");
        }
        2 => {
            write(&place.join("1.rdb"), first);
            write(&place.join("1.aof"), second);
            write(&manifest, b"file 1.rdb seq 1 type b\nfile 1.aof seq 1 type i\n");
        }
        _ => {
            write(&manifest, first);
            write(&place.join("a"), second);
        }
    }
    // Damage is what most inputs are.
    let _ = read_directory(&log_options(*choice, &folder), &folder.join("exported.rdb"));
});
