//! The size of a radix tree that is not there, for XINFO, which tells it of Redis's.

const KEY_BYTES: usize = 16;

/// How many nodes a radix tree of these ascending keys has: one where paths branch, one for a run of bytes without a
/// branch, one where a key ends.
pub(super) fn nodes(mut keys: impl Iterator<Item = [u8; KEY_BYTES]>) -> usize {
    let Some(mut last) = keys.next() else { return 1 };
    // A branch takes one byte itself; before the first one there is none.
    let run = |from: Option<usize>, to: usize| usize::from(to > from.map_or(0, |branch| branch + 1));
    let mut nodes = 0;
    // Where the path to the current key branches, and where the key before branched off it.
    let mut branches: Vec<usize> = Vec::new();
    let mut before = None;
    loop {
        let next = keys.next();
        let branch = next.map(|key| last.iter().zip(&key).take_while(|(one, other)| one == other).count());
        nodes += 1 + run(before.max(branch), KEY_BYTES);
        while let Some(done) = branches.pop_if(|done| Some(*done) > branch) {
            nodes += 1 + run(branches.last().copied().max(branch), done);
        }
        branches.extend(branch.filter(|branch| branches.last() != Some(branch)));
        let Some(key) = next else { return nodes };
        (last, before) = (key, branch);
    }
}

#[cfg(test)]
mod tests {
    use super::nodes;

    fn of(keys: &[u128]) -> usize {
        nodes(keys.iter().map(|key| key.to_be_bytes()))
    }

    #[test]
    fn branches_runs_and_ends_are_counted() {
        assert_eq!(of(&[]), 1);
        assert_eq!(of(&[7]), 2);
        // A run to the last byte, a branch there, two ends.
        assert_eq!(of(&[1, 2]), 4);
        // The same with a run of one byte behind the branch for each key.
        assert_eq!(of(&[0x0101, 0x0201]), 6);
        // Two branches next to each other.
        assert_eq!(of(&[0x0101, 0x0102, 0x0201]), 7);
        assert_eq!(of(&[0, 1 << 120]), 5);
    }
}
