//! Files of kevy's own log are read, cut or refused; what was cut once is whole.
//!
//! The first byte says how they are read and whether their checksums are put right, the next two where the file of the
//! second shard begins. The rest are the files.
#![no_main]

use kevy_core::fuzz::{FILE_HEADER_BYTES, RECORD_HEADER_BYTES, file_header, read_directory, record_header};
use kevy_fuzz::{directory, log_options, write};
use libfuzzer_sys::fuzz_target;

/// The same file with headers that are right for what it holds.
fn mended(bytes: &[u8], shard: usize, shards: usize) -> Vec<u8> {
    let mut file = file_header(shard, shards).to_vec();
    let mut rest = bytes.get(FILE_HEADER_BYTES..).unwrap_or_default();
    let mut number = 0;
    while let Some((header, more)) = rest.split_at_checked(RECORD_HEADER_BYTES) {
        let field =
            |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let len = more.len().min(field(8) as usize);
        let (payload, more) = more.split_at(len);
        file.extend_from_slice(&record_header(payload, number, field(24), field(28)));
        file.extend_from_slice(payload);
        number += 1;
        rest = more;
    }
    file.extend_from_slice(rest);
    file
}

fuzz_target!(|input: &[u8]| {
    let [choice, low, high, bytes @ ..] = input else { return };
    let shards = if choice & 2 == 0 { 1 } else { 2 };
    let split = usize::from(u16::from_le_bytes([*low, *high])).min(bytes.len());
    let files = if shards == 1 { vec![bytes] } else { vec![&bytes[..split], &bytes[split..]] };

    let folder = directory();
    let place = folder.join("appendonlydir");
    std::fs::create_dir(&place).expect("a directory");
    let mut manifest = String::new();
    for (shard, bytes) in files.into_iter().enumerate() {
        let bytes = if choice & 1 == 0 { mended(bytes, shard, shards) } else { bytes.to_vec() };
        write(&place.join(format!("{shard}.log")), &bytes);
        manifest += &format!("file {shard}.log seq 1 type i shard {shard} shards {shards}\n");
    }
    write(&place.join("appendonly.aof.manifest"), manifest.as_bytes());
    let options = log_options(*choice, &folder);
    let to = folder.join("exported.rdb");
    if let Ok(keys) = read_directory(&options, &to) {
        let again = read_directory(&options, &to).map_err(|error| error.to_string());
        assert_eq!(again, Ok(keys), "what was read once is read again");
    }
});
