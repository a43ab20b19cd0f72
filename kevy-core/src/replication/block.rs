//! Blocks: the bytes of a primary in pieces that carry their length and a checksum, and may be compressed.
//!
//! A block is a head of 13 bytes and what it holds: how that is packed (one letter), its length as it is sent and as it is
//! unpacked (four bytes each, the least first), and the CRC-32C of all this but itself. What blocks hold, put together, is the
//! protocol that [`super::wire`] tells of; a frame may go over several of them. Nothing of a block is used before all of it has
//! arrived and was found undamaged. Packed with `-` it holds the bytes themselves, with `l` a block of LZ4, with `z` a frame
//! of Zstandard.

use crc_fast::{CrcAlgorithm, Digest};

use crate::base::{Error, ErrorKind, Result};

/// Bytes of a head.
const HEAD_BYTES: usize = 13;
/// The most bytes that are put into one block.
const BLOCK_BYTES: usize = 64 << 10;
/// The longest block that is taken, as it is sent and unpacked.
pub const BLOCK_BYTES_MAX: usize = 1 << 20;
/// Less than this is not worth being packed.
const PACKED_BYTES_MIN: usize = 128;
/// After as many blocks in a row that do not shrink as there are steps here, so many are sent as they are.
const PAUSES: [u32; 6] = [1, 2, 4, 8, 16, 32];
/// The level of Zstandard, its fastest but for those that hardly compress.
const LEVEL: i32 = 1;

/// How blocks are packed where that pays.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Packing {
    #[default]
    None,
    Lz4,
    Zstd,
}

impl Packing {
    /// Every way, the better first.
    pub const ALL: [Self; 3] = [Self::Zstd, Self::Lz4, Self::None];

    /// The name in options and handshakes.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }

    /// The way of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|packing| packing.name().eq_ignore_ascii_case(name))
    }

    fn letter(self) -> u8 {
        match self {
            Self::None => b'-',
            Self::Lz4 => b'l',
            Self::Zstd => b'z',
        }
    }
}

/// Puts bytes into blocks.
pub struct Packer {
    packing: Packing,
    zstd: Option<zstd::bulk::Compressor<'static>>,
    scratch: Vec<u8>,
    /// Blocks in a row that did not shrink, and how many more are not tried.
    failures: usize,
    pause: u32,
}

impl std::fmt::Debug for Packer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Packer")
            .field("packing", &self.packing)
            .field("pause", &self.pause)
            .finish_non_exhaustive()
    }
}

impl Packer {
    /// Nothing has been packed.
    pub fn new(packing: Packing) -> Self {
        Self { packing, zstd: None, scratch: Vec::new(), failures: 0, pause: 0 }
    }

    /// Appends `bytes` in blocks.
    pub fn seal(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        for piece in bytes.chunks(BLOCK_BYTES) {
            let packed = self.pack(piece);
            let (packing, held) = match packed {
                Some(len) => (self.packing, &self.scratch[..len]),
                None => (Packing::None, piece),
            };
            push_block(out, packing.letter(), piece.len(), held);
        }
    }

    /// Packs a piece into the scratch and returns the length there; `None` where it does not pay.
    fn pack(&mut self, piece: &[u8]) -> Option<usize> {
        if self.packing == Packing::None || piece.len() < PACKED_BYTES_MIN {
            return None;
        }
        if self.pause > 0 {
            self.pause -= 1;
            return None;
        }
        // What needs more room than this has not shrunk enough.
        let limit = piece.len() - piece.len() / 8;
        self.scratch.resize(lz4_flex::block::get_maximum_output_size(BLOCK_BYTES).max(limit), 0);
        let packed = match self.packing {
            Packing::None => None,
            Packing::Lz4 => lz4_flex::block::compress_into(piece, &mut self.scratch).ok(),
            Packing::Zstd => {
                if self.zstd.is_none() {
                    self.zstd = zstd::bulk::Compressor::new(LEVEL).ok();
                }
                let zstd = self.zstd.as_mut()?;
                zstd.compress_to_buffer(piece, &mut self.scratch[..limit]).ok()
            }
        };
        let packed = packed.filter(|len| *len <= limit);
        if packed.is_some() {
            self.failures = 0;
        } else {
            self.pause = PAUSES[self.failures.min(PAUSES.len() - 1)];
            self.failures += 1;
        }
        packed
    }
}

/// Appends one block, packed as the letter says.
pub fn push_block(out: &mut Vec<u8>, letter: u8, len: usize, held: &[u8]) {
    let start = out.len();
    out.push(letter);
    // Both lengths are those of at most BLOCK_BYTES.
    out.extend_from_slice(&(held.len() as u32).to_le_bytes());
    out.extend_from_slice(&(len as u32).to_le_bytes());
    let sum = checksum(&out[start..], held);
    out.extend_from_slice(&sum.to_le_bytes());
    out.extend_from_slice(held);
}

fn checksum(head: &[u8], held: &[u8]) -> u32 {
    let mut digest = Digest::new(CrcAlgorithm::Crc32Iscsi);
    digest.update(head);
    digest.update(held);
    digest.finalize() as u32
}

/// Takes bytes out of blocks.
#[derive(Default)]
pub struct Opener {
    zstd: Option<zstd::bulk::Decompressor<'static>>,
    scratch: Vec<u8>,
}

impl std::fmt::Debug for Opener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Opener")
    }
}

impl Opener {
    /// The bytes of the block at the start of `bytes`, and the length of the block; `None` where it is not there whole.
    /// At most [`BLOCK_BYTES_MAX`] are allocated for it.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] where it is damaged, or none.
    pub fn open<'a>(&'a mut self, bytes: &'a [u8]) -> Result<Option<(&'a [u8], usize)>> {
        let Some((head, rest)) = bytes.split_first_chunk::<HEAD_BYTES>() else { return Ok(None) };
        let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let (held_len, len, sum) = (word(1) as usize, word(5) as usize, word(9));
        if held_len > BLOCK_BYTES_MAX || len > BLOCK_BYTES_MAX {
            return Err(damaged(&format!("says that it is {held_len} bytes long, and {len} when unpacked")));
        }
        let Some(held) = rest.get(..held_len) else { return Ok(None) };
        if checksum(&head[..9], held) != sum {
            return Err(damaged("does not match its checksum"));
        }
        let opened = match head[0] {
            b'-' if held_len == len => held,
            b'l' => {
                self.scratch.resize(len, 0);
                let unpacked = lz4_flex::block::decompress_into(held, &mut self.scratch);
                unpacked
                    .ok()
                    .filter(|unpacked| *unpacked == len)
                    .ok_or_else(|| damaged("cannot be unpacked"))?;
                &self.scratch[..]
            }
            b'z' => {
                self.scratch.resize(len, 0);
                if self.zstd.is_none() {
                    self.zstd = zstd::bulk::Decompressor::new().ok();
                }
                let unpacked = self
                    .zstd
                    .as_mut()
                    .and_then(|zstd| zstd.decompress_to_buffer(held, &mut self.scratch[..]).ok());
                unpacked.filter(|unpacked| *unpacked == len).ok_or_else(|| damaged("cannot be unpacked"))?;
                &self.scratch[..]
            }
            _ => return Err(damaged("is packed in no way that is known")),
        };
        Ok(Some((opened, HEAD_BYTES + held_len)))
    }
}

#[cold]
fn damaged(how: &str) -> Error {
    Error::new(ErrorKind::Corrupt, format!("a block of the primary {how}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn open_all(mut bytes: &[u8]) -> Result<Vec<u8>> {
        let (mut opener, mut all) = (Opener::default(), Vec::new());
        while let Some((piece, len)) = opener.open(bytes)? {
            all.extend_from_slice(piece);
            bytes = &bytes[len..];
        }
        Ok(all)
    }

    fn sealed(packing: Packing, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        Packer::new(packing).seal(bytes, &mut out);
        out
    }

    #[test]
    fn what_shrinks_is_packed_and_what_does_not_is_left_as_it_is() {
        let text = "SET key:1 a value that comes again and again\r\n".repeat(5000).into_bytes();
        let mut random = fastrand::Rng::with_seed(1);
        let noise: Vec<u8> = (0..200_000).map(|_| random.u8(..)).collect();
        for packing in [Packing::Lz4, Packing::Zstd] {
            let packed = sealed(packing, &text);
            assert!(packed.len() < text.len() / 10, "{packing:?}: {} of {}", packed.len(), text.len());
            assert_eq!(open_all(&packed), Ok(text.clone()));
            let packed = sealed(packing, &noise);
            assert!(packed.len() < noise.len() + 100);
            assert_eq!(open_all(&packed), Ok(noise.clone()));
        }
        assert_eq!(sealed(Packing::Zstd, b"short").len(), HEAD_BYTES + 5);
    }

    #[test]
    fn trying_again_to_pack_what_does_not_shrink_is_put_off_further_and_further() {
        let mut random = fastrand::Rng::with_seed(1);
        let noise: Vec<u8> = (0..1000).map(|_| random.u8(..)).collect();
        let text = vec![b'x'; 1000];
        let mut packer = Packer::new(Packing::Zstd);
        let mut out = Vec::new();
        (0..100).for_each(|_| packer.seal(&noise, &mut out));
        assert!(packer.failures <= PAUSES.len() + 3, "{packer:?}");
        let before = out.len();
        (0..100).for_each(|_| packer.seal(&text, &mut out));
        assert!(out.len() - before < 60 * 1000, "it packs again: {}", out.len() - before);
        assert_eq!(open_all(&out).map(|all| all.len()), Ok(200_000));
    }

    #[test]
    fn lengths_that_promise_too_much_are_refused_before_room_is_made() {
        for (held, len) in [(u32::MAX, 1), (1, u32::MAX), (1, BLOCK_BYTES_MAX as u32 + 1)] {
            let mut block = vec![b'z'];
            block.extend_from_slice(&held.to_le_bytes());
            block.extend_from_slice(&len.to_le_bytes());
            block.extend_from_slice(&[0; 8]);
            let mut opener = Opener::default();
            assert_eq!(opener.open(&block).map(drop).map_err(|error| error.kind()), Err(ErrorKind::Corrupt));
            assert_eq!(opener.scratch.capacity(), 0);
        }
        // Lengths that are wrong, under a checksum that is right.
        let text = vec![b'x'; 1000];
        for packing in Packing::ALL {
            let good = sealed(packing, &text);
            for wrong in [0, 999, 1001, 50_000] {
                let held = &good[HEAD_BYTES..];
                let mut block = Vec::new();
                push_block(&mut block, packing.letter(), wrong, held);
                assert!(open_all(&block).is_err(), "{packing:?} {wrong}");
            }
        }
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let text = "HSET h f v\r\n".repeat(30).into_bytes();
        for packing in Packing::ALL {
            let good = sealed(packing, &text);
            for at in 0..good.len() {
                assert!(Opener::default().open(&good[..at]).is_ok_and(|opened| opened.is_none()), "{at}");
                for bit in 0..8 {
                    let mut bad = good.clone();
                    bad[at] ^= 1 << bit;
                    // A longer block that is not there whole cannot be told from one that is under way.
                    let opened =
                        Opener::default().open(&bad).map(|opened| opened.map(|(bytes, _)| bytes.to_vec()));
                    assert!(!matches!(opened, Ok(Some(_))), "{packing:?}: byte {at}, bit {bit}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn whatever_is_sealed_comes_out_again(
            pieces in prop::collection::vec(prop::collection::vec(0..4u8, 0..3000), 0..20),
            packing in prop::sample::select(Packing::ALL.to_vec()),
        ) {
            let (mut packer, mut out) = (Packer::new(packing), Vec::new());
            pieces.iter().for_each(|piece| packer.seal(piece, &mut out));
            prop_assert_eq!(open_all(&out), Ok(pieces.concat()));
        }

        #[test]
        fn foreign_bytes_are_no_block(bytes in prop::collection::vec(any::<u8>(), 13..300), letter in prop::sample::select(b"-lz".to_vec())) {
            let mut bytes = bytes;
            let (held, len) = (bytes.len() - HEAD_BYTES, u16::from_le_bytes([bytes[5], bytes[6]]));
            bytes[0] = letter;
            bytes[1..5].copy_from_slice(&(held as u32).to_le_bytes());
            bytes[5..9].copy_from_slice(&u32::from(len).to_le_bytes());
            let sum = checksum(&bytes[..9], &bytes[HEAD_BYTES..]);
            bytes[9..13].copy_from_slice(&sum.to_le_bytes());
            let mut opener = Opener::default();
            if let Ok(Some((opened, used))) = opener.open(&bytes) {
                prop_assert_eq!((opened.len(), used), (usize::from(len), bytes.len()));
            }
        }
    }
}
