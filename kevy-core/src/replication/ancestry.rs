//! The history that this runtime's own one continues: that of the primary it follows or followed, or its own from before a
//! restart.
//!
//! What a replica applies it records in streams of its own. For each shard runs of offsets tell where its own stream stood
//! when it had applied a frame of its primary's. So whoever stands in the primary's history can go on here, as far as both
//! are the same: other replicas after a promotion, and the old primary itself. Offsets of both sides name the next frame.

use std::collections::VecDeque;

use parking_lot::Mutex;

use super::cursor::{Cursor, Position};

/// Runs that are kept for a shard; older ones are forgotten, and with them places from which one could go on.
const RUNS_MAX: usize = 1 << 14;

/// Places that follow each other on both sides: `theirs + n` is `ours + n` for every `n` up to `len`.
#[derive(Clone, Copy, Debug)]
struct Run {
    theirs: u64,
    ours: u64,
    len: u64,
}

impl Run {
    fn end(&self) -> (u64, u64) {
        (self.theirs + self.len, self.ours + self.len)
    }
}

/// One shard, which is the same on both sides.
#[derive(Debug, Default)]
struct Lane {
    runs: VecDeque<Run>,
}

impl Lane {
    /// Takes note that `theirs` is `ours`.
    fn push(&mut self, theirs: u64, ours: u64) {
        if let Some(last) = self.runs.back_mut() {
            let (their_end, our_end) = last.end();
            if theirs < their_end || ours < our_end {
                // Places are told in order; whatever is not cannot be relied on.
                self.runs.clear();
            } else if theirs - their_end == ours - our_end {
                last.len += theirs - their_end;
                return;
            }
        }
        self.runs.push_back(Run { theirs, ours, len: 0 });
        if self.runs.len() > RUNS_MAX {
            self.runs.pop_front();
        }
    }

    /// The own place that is `theirs`.
    fn find(&self, theirs: u64) -> Option<u64> {
        let after = self.runs.partition_point(|run| run.theirs <= theirs);
        let run = self.runs.get(after.checked_sub(1)?)?;
        let (their_end, our_end) = run.end();
        if theirs <= their_end {
            return Some(run.ours + (theirs - run.theirs));
        }
        // Between two runs only databases were switched, which the own stream says again.
        self.runs.get(after).map(|_| our_end)
    }
}

/// What is known of an earlier history.
#[derive(Debug, Default)]
struct State {
    /// Its identity, 0 for none.
    generation: u64,
    /// Empty where the shards of both sides are not the same.
    lanes: Vec<Lane>,
    /// The last place that is known to be the same on both sides.
    theirs: Vec<Position>,
    ours: Vec<u64>,
}

/// The places of another history that lie in this one.
#[derive(Debug, Default)]
pub struct Ancestry(Mutex<State>);

impl Ancestry {
    /// Forgets what was known: `cursor`, a place of another history, is `own`, one offset for each shard here.
    pub fn begin(&self, cursor: &Cursor, own: &[u64]) {
        let mut lanes = Vec::new();
        if cursor.shards.len() == own.len() {
            lanes.resize_with(own.len(), Lane::default);
            for ((lane, theirs), ours) in lanes.iter_mut().zip(&cursor.shards).zip(own) {
                lane.push(theirs.offset, *ours);
            }
        }
        *self.0.lock() =
            State { generation: cursor.generation, lanes, theirs: cursor.shards.clone(), ours: own.to_vec() };
    }

    /// Forgets everything.
    pub fn forget(&self) {
        *self.0.lock() = State::default();
    }

    /// Takes note of what the frames of `shard` before `theirs` have led to, by which the own stream went from
    /// `ours.0` to `ours.1`.
    pub fn advance(&self, shard: usize, theirs: Position, ours: (u64, u64)) {
        let mut state = self.0.lock();
        let State { lanes, theirs: last, ours: own, .. } = &mut *state;
        let (Some(lane), Some(last), Some(own)) =
            (lanes.get_mut(shard), last.get_mut(shard), own.get_mut(shard))
        else {
            return;
        };
        if *own < ours.0 {
            // Something else was recorded in between, behind the place known last.
            lane.push(last.offset, ours.0);
        }
        lane.push(theirs.offset, ours.1);
        (*last, *own) = (theirs, ours.1);
    }

    /// Takes note that `cursor` is `own`, where that was not told shard by shard.
    pub fn settle(&self, cursor: &Cursor, own: &[u64]) {
        let mut state = self.0.lock();
        if state.lanes.is_empty() && state.generation == cursor.generation {
            state.theirs.clone_from(&cursor.shards);
            state.ours = own.to_vec();
        }
    }

    /// The own places that a place of another history is.
    pub fn find(&self, generation: u64, offsets: &[u64]) -> Option<Vec<u64>> {
        let state = self.0.lock();
        if generation == 0 || state.generation != generation || offsets.len() != state.theirs.len() {
            return None;
        }
        if state.theirs.iter().map(|position| position.offset).eq(offsets.iter().copied()) {
            return Some(state.ours.clone());
        }
        if state.lanes.is_empty() {
            return None;
        }
        state.lanes.iter().zip(offsets).map(|(lane, theirs)| lane.find(*theirs)).collect()
    }

    /// The place of the other history that `own` is, where nothing has been recorded since.
    pub fn place_at(&self, own: &[u64]) -> Option<Cursor> {
        let state = self.0.lock();
        let is_it = state.generation != 0 && state.ours == own;
        is_it.then(|| Cursor { generation: state.generation, shards: state.theirs.clone() })
    }

    /// The other history and the last offsets of it that lie in this one; `None` where there is none.
    pub fn known(&self) -> Option<Cursor> {
        let state = self.0.lock();
        (state.generation != 0).then(|| Cursor { generation: state.generation, shards: state.theirs.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(offsets: &[u64]) -> Cursor {
        let shards = offsets.iter().map(|&offset| Position { offset, db: 0 }).collect();
        Cursor { generation: 5, shards }
    }

    fn at(offset: u64) -> Position {
        Position { offset, db: 3 }
    }

    #[test]
    fn every_place_that_was_told_of_is_found_and_no_other() {
        let ancestry = Ancestry::default();
        ancestry.begin(&cursor(&[10, 0]), &[3, 7]);
        for n in 0..100 {
            ancestry.advance(0, at(11 + n), (3 + n, 4 + n));
        }
        // One frame changed nothing here, the next switched the database only there, and then only here.
        ancestry.advance(0, at(111), (103, 103));
        ancestry.advance(0, at(113), (103, 104));
        ancestry.advance(0, at(114), (104, 106));
        let own = |offset| ancestry.find(5, &[offset, 0]).map(|own| own[0]);
        assert_eq!((own(9), own(10), own(60), own(110)), (None, Some(3), Some(53), Some(103)));
        assert_eq!((own(111), own(112), own(113)), (Some(103), Some(103), Some(104)));
        assert_eq!((own(114), own(115)), (Some(106), None));
        assert_eq!(ancestry.find(6, &[10, 0]), None);
        assert_eq!(ancestry.find(5, &[10]), None);
        let end = ancestry.place_at(&[106, 7]).expect("the end");
        assert_eq!((end.generation, end.shards[0]), (5, at(114)));
        assert!(ancestry.place_at(&[107, 7]).is_none());
    }

    #[test]
    fn with_other_shards_only_the_last_place_is_known() {
        let ancestry = Ancestry::default();
        ancestry.begin(&cursor(&[1, 2, 3]), &[0]);
        ancestry.advance(0, at(5), (0, 1));
        assert_eq!(ancestry.find(5, &[1, 2, 3]), Some(vec![0]));
        ancestry.settle(&cursor(&[4, 5, 6]), &[9]);
        assert_eq!(ancestry.find(5, &[4, 5, 6]), Some(vec![9]));
        assert_eq!(ancestry.find(5, &[4, 5, 5]), None);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let ancestry = Ancestry::default();
        ancestry.begin(&cursor(&[0]), &[0]);
        for n in 0..3 * RUNS_MAX as u64 {
            ancestry.advance(0, at(n + 1), (2 * n, 2 * n + 2));
        }
        assert_eq!(ancestry.0.lock().lanes[0].runs.len(), RUNS_MAX);
        assert_eq!(ancestry.find(5, &[1]), None);
        let last = 3 * RUNS_MAX as u64;
        assert_eq!(ancestry.find(5, &[last]), Some(vec![2 * last]));
    }
}
