//! Ranges of scores and of members.

/// Scores between two limits, either of which may itself be left out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoreRange {
    /// The least score.
    pub min: f64,
    /// The greatest score.
    pub max: f64,
    /// Whether scores equal to `min` are left out.
    pub excludes_min: bool,
    /// Whether scores equal to `max` are left out.
    pub excludes_max: bool,
}

impl ScoreRange {
    /// Scores from `min` to `max`, both included.
    pub fn new(min: f64, max: f64) -> Self {
        Self { min, max, excludes_min: false, excludes_max: false }
    }

    pub(super) fn is_below(&self, score: f64) -> bool {
        score < self.min || (self.excludes_min && score == self.min)
    }

    pub(super) fn is_above(&self, score: f64) -> bool {
        score > self.max || (self.excludes_max && score == self.max)
    }
}

/// One end of a range of members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberBound<'a> {
    /// Before every member.
    Least,
    /// At this member.
    Included(&'a [u8]),
    /// Right beside this member, inside the range.
    Excluded(&'a [u8]),
    /// Behind every member.
    Greatest,
}

/// Members between two bounds, in the order of their bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberRange<'a> {
    /// The lower end.
    pub min: MemberBound<'a>,
    /// The upper end.
    pub max: MemberBound<'a>,
}

impl MemberRange<'_> {
    pub(super) fn is_below(&self, member: &[u8]) -> bool {
        match self.min {
            MemberBound::Least => false,
            MemberBound::Included(min) => member < min,
            MemberBound::Excluded(min) => member <= min,
            MemberBound::Greatest => true,
        }
    }

    pub(super) fn is_above(&self, member: &[u8]) -> bool {
        match self.max {
            MemberBound::Least => true,
            MemberBound::Included(max) => member > max,
            MemberBound::Excluded(max) => member >= max,
            MemberBound::Greatest => false,
        }
    }
}
