//! Finds the option that a misspelt name was meant to be.

use super::table::table;

/// The known name nearest to `name`, if one is near enough to be what was meant.
pub fn closest(name: &str) -> Option<&'static str> {
    const NAME_LENGTH_MAX: usize = 64;
    if name.len() > NAME_LENGTH_MAX {
        return None;
    }
    // Underscores are how other languages write these names.
    let name = name.to_ascii_lowercase().replace('_', "-");
    let edits_max = (name.len() / 3).max(1);
    table()
        .iter()
        .flat_map(|spec| spec.names())
        .map(|known| (edits(name.as_bytes(), known.as_bytes()), known))
        .filter(|(edits, _)| *edits <= edits_max)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, known)| known)
}

/// The optimal string alignment distance: how many bytes must be inserted, removed, replaced or swapped with
/// their neighbour.
fn edits(a: &[u8], b: &[u8]) -> usize {
    let first: Vec<usize> = (0..=b.len()).collect();
    let (mut before, mut above, mut row) = (first.clone(), first.clone(), first);
    for i in 0..a.len() {
        row[0] = i + 1;
        for j in 0..b.len() {
            let replaced = above[j] + (a[i] != b[j]) as usize;
            row[j + 1] = replaced.min(row[j] + 1).min(above[j + 1] + 1);
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                row[j + 1] = row[j + 1].min(before[j - 1] + 1);
            }
        }
        std::mem::swap(&mut before, &mut above);
        std::mem::swap(&mut above, &mut row);
    }
    above[b.len()]
}
