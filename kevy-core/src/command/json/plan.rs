//! Where SET, MERGE and MSET put a value.

use std::cmp::Reverse;

use crate::command::Fail;
use crate::store::Json;
use crate::store::json::{Addition, Location, Node};

use super::{PathArg, check_room};

/// Whether a value has to be there already.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Condition {
    None,
    /// `NX`
    Missing,
    /// `XX`
    Present,
}

/// What is to be done to a document.
#[derive(Debug)]
pub(super) enum Plan {
    Nothing,
    /// These places get the value; of two that lie inside each other the inner one comes first.
    Put(Vec<Location>),
    /// The objects at these places get a member.
    Add(Vec<Location>, Box<str>),
}

impl Plan {
    /// The plan for a document that is there.
    pub fn new(json: &Json, path: &PathArg<'_>, node: &Node, condition: Condition) -> Result<Self, Fail> {
        let path = &path.path;
        let mut places = json.locate(path)?;
        if !places.is_empty() && condition != Condition::Missing {
            check_room(&places, std::slice::from_ref(node), false)?;
            places.sort_unstable_by_key(|place| Reverse(place.clone()));
            places.dedup();
            return Ok(Self::Put(places));
        }
        if condition == Condition::Present || path.is_root() {
            return Ok(Self::Nothing);
        }
        match path.addition().ok_or(Fail::new("Err wrong static path"))? {
            Addition::Member(parent, name) => {
                let parents = json.locate(&parent)?;
                check_room(&parents, std::slice::from_ref(node), true)?;
                Ok(Self::Add(parents, name.into()))
            }
            Addition::Element if places.is_empty() => Err(Fail::new("ERR array index out of range")),
            Addition::Element => Ok(Self::Nothing),
        }
    }

    /// Puts the value there, by `put` where there is one; whether anything changed.
    pub fn apply(self, json: &mut Json, node: &Node, put: fn(&mut Json, &[u32], &Node) -> bool) -> bool {
        let mut changed = false;
        match self {
            Self::Nothing => {}
            Self::Put(places) => places.iter().for_each(|place| changed |= put(json, place, node)),
            Self::Add(parents, name) => {
                parents.iter().for_each(|parent| changed |= json.add_member(parent, &name, node.clone()));
            }
        }
        changed
    }
}
