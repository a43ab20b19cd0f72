//! What small collections were before listpacks: ziplists until Redis 7.0, and zipmaps until 2.6. Read only.

use super::reader::Reader;
use crate::base::number::format_i64;

const END: u8 = 0xFF;

/// The elements of a zipmap: names and values in turn. `None` if it is damaged.
///
/// Format: zipmap.c. A count byte that is not needed, then for each pair a length and the name, a length, a byte
/// that says how many unused bytes follow the value, and the value. Lengths of 254 and more take four more bytes.
pub(super) fn zipmap(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut reader = Reader::new(bytes);
    reader.byte().ok()?;
    let mut items = Vec::new();
    loop {
        let is_value = items.len() % 2 == 1;
        let length = match reader.byte().ok()? {
            END if is_value => return None,
            END => break,
            254 => u32::from_le_bytes(reader.take(4).ok()?.try_into().ok()?).into(),
            length => u64::from(length),
        };
        let unused = if is_value { reader.byte().ok()? } else { 0 };
        items.push(reader.take(length).ok()?.to_vec());
        reader.take(unused.into()).ok()?;
    }
    reader.rest().is_empty().then_some(items)
}

/// The elements of a ziplist. `None` if it is damaged.
///
/// Format: ziplist.c. Total bytes, offset of the last element and count, little endian; then for each element
/// the length of the one before, an encoding, and the content.
pub(super) fn ziplist(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut reader = Reader::new(bytes);
    let word = |reader: &mut Reader<'_>| Some(u32::from_le_bytes(reader.take(4).ok()?.try_into().ok()?));
    if word(&mut reader)? as usize != bytes.len() {
        return None;
    }
    let last = word(&mut reader)? as usize;
    let count = u16::from_le_bytes(reader.take(2).ok()?.try_into().ok()?);
    let mut items = Vec::new();
    let (mut before, mut at) = (0, 0);
    while *reader.rest().first()? != END {
        let start = reader.rest();
        at = bytes.len() - start.len();
        let length_before = match reader.byte().ok()? {
            254 => word(&mut reader)?,
            length => length.into(),
        };
        if length_before as usize != before {
            return None;
        }
        items.push(ziplist_element(&mut reader)?);
        before = start.len() - reader.rest().len();
    }
    let is_whole = reader.rest().len() == 1 && (items.is_empty() || at == last);
    let is_counted = count == u16::MAX || usize::from(count) == items.len();
    (is_whole && is_counted).then_some(items)
}

fn ziplist_element(reader: &mut Reader<'_>) -> Option<Vec<u8>> {
    let code = reader.byte().ok()?;
    let length = match code >> 6 {
        0 => u64::from(code & 0x3F),
        1 => u64::from(code & 0x3F) << 8 | u64::from(reader.byte().ok()?),
        2 => u32::from_be_bytes(reader.take(4).ok()?.try_into().ok()?).into(),
        _ => {
            let size = match code {
                0xC0 => 2,
                0xD0 => 4,
                0xE0 => 8,
                0xF0 => 3,
                0xFE => 1,
                0xF1..=0xFD => return Some(format_i64(i64::from(code & 0x0F) - 1).as_bytes().to_vec()),
                _ => return None,
            };
            let mut wide = [0; 8];
            wide[8 - size..].copy_from_slice(reader.take(size as u64).ok()?);
            return Some(format_i64(i64::from_le_bytes(wide) >> (64 - 8 * size)).as_bytes().to_vec());
        }
    };
    Some(reader.take(length).ok()?.to_vec())
}
