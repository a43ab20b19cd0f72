//! Hash slots: which part of the keyspace a key belongs to.
//!
//! The rule is that of the Redis Cluster specification: CRC16 of the key, or of its hash tag, modulo
//! [`SLOTS`]. A shard owns one contiguous range of slots.

/// The number of hash slots. A runtime cannot have more shards than this.
pub const SLOTS: u16 = 16384;

/// CRC16/XMODEM: polynomial 0x1021, initial value 0, nothing reflected.
const POLYNOMIAL: u16 = 0x1021;

/// `TABLES[k][byte]` is the checksum of `byte` followed by `k` zero bytes, so that eight bytes are
/// folded with eight independent look-ups.
static TABLES: [[u16; 256]; 8] = tables();

const fn tables() -> [[u16; 256]; 8] {
    let mut tables = [[0u16; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = (byte as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 != 0 { (crc << 1) ^ POLYNOMIAL } else { crc << 1 };
            bit += 1;
        }
        tables[0][byte] = crc;
        byte += 1;
    }
    let mut zeros = 1;
    while zeros < 8 {
        let mut byte = 0;
        while byte < 256 {
            let crc = tables[zeros - 1][byte];
            tables[zeros][byte] = (crc << 8) ^ tables[0][(crc >> 8) as usize];
            byte += 1;
        }
        zeros += 1;
    }
    tables
}

/// CRC16/XMODEM of `bytes`.
#[inline]
pub fn crc16(bytes: &[u8]) -> u16 {
    let (chunks, rest) = bytes.as_chunks::<8>();
    let mut crc = 0u16;
    for chunk in chunks {
        let [high, low] = crc.to_be_bytes();
        crc = TABLES[7][(chunk[0] ^ high) as usize]
            ^ TABLES[6][(chunk[1] ^ low) as usize]
            ^ TABLES[5][chunk[2] as usize]
            ^ TABLES[4][chunk[3] as usize]
            ^ TABLES[3][chunk[4] as usize]
            ^ TABLES[2][chunk[5] as usize]
            ^ TABLES[1][chunk[6] as usize]
            ^ TABLES[0][chunk[7] as usize];
    }
    for &byte in rest {
        crc = (crc << 8) ^ TABLES[0][((crc >> 8) as u8 ^ byte) as usize];
    }
    crc
}

/// The part of `key` that decides its slot: what stands between the first `{` and the next `}` if that is
/// not empty, otherwise the whole key.
#[inline]
pub fn hash_tag(key: &[u8]) -> &[u8] {
    let Some(open) = memchr::memchr(b'{', key) else { return key };
    let inside = &key[open + 1..];
    match memchr::memchr(b'}', inside) {
        None | Some(0) => key,
        Some(close) => &inside[..close],
    }
}

/// The slot of `key`, below [`SLOTS`].
#[inline]
pub fn slot_of(key: &[u8]) -> u16 {
    crc16(hash_tag(key)) % SLOTS
}

/// The shard that owns `slot` when there are `shards` of them, at most [`SLOTS`].
#[inline]
pub fn shard_of_slot(slot: u16, shards: usize) -> usize {
    slot as usize * shards / SLOTS as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_checksums() {
        assert_eq!(crc16(b"123456789"), 0x31c3);
        assert_eq!(crc16(b""), 0);
        assert_eq!(slot_of(b"foo"), 12182);
        assert_eq!(slot_of(b"bar"), 5061);
    }

    #[test]
    fn eight_bytes_at_a_time_agree_with_one_bit_at_a_time() {
        let bitwise = |bytes: &[u8]| {
            bytes.iter().fold(0u16, |crc, &byte| {
                (0..8).fold(crc ^ (byte as u16) << 8, |crc, _| {
                    if crc & 0x8000 != 0 { (crc << 1) ^ POLYNOMIAL } else { crc << 1 }
                })
            })
        };
        let mut random = fastrand::Rng::with_seed(1);
        for length in 0..200 {
            let bytes: Vec<u8> = (0..length).map(|_| random.u8(..)).collect();
            assert_eq!(crc16(&bytes), bitwise(&bytes), "{bytes:?}");
        }
    }

    #[test]
    fn hash_tags_follow_the_cluster_specification() {
        assert_eq!(slot_of(b"{user1000}.following"), slot_of(b"{user1000}.followers"));
        assert_eq!(hash_tag(b"foo{}{bar}"), b"foo{}{bar}");
        assert_eq!(hash_tag(b"foo{{bar}}zap"), b"{bar");
        assert_eq!(hash_tag(b"foo{bar}{zap}"), b"bar");
        assert_eq!(hash_tag(b"foo{bar"), b"foo{bar");
        assert_eq!(hash_tag(b"foo}bar{x}"), b"x");
        assert_eq!(hash_tag(b""), b"");
    }

    #[test]
    fn every_shard_owns_one_range_of_slots_and_none_is_empty() {
        for shards in [1, 2, 3, 5, 7, 64, 65, 100, 1000, 16383, 16384] {
            let owners: Vec<usize> = (0..SLOTS).map(|slot| shard_of_slot(slot, shards)).collect();
            assert!(owners.is_sorted());
            let mut distinct = owners.clone();
            distinct.dedup();
            assert!(distinct.into_iter().eq(0..shards));
        }
    }
}
