//! What GEOSEARCH and GEORADIUS ask for.

use crate::command::Fail;
use crate::command::arguments::{integer, is_word};
use crate::store::SortedSet;

use super::arguments::{circle, place, rectangle};
use super::cell::Place;
use super::shape::{Form, Shape};

/// How a verb names its area and what it may do with what it finds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verb {
    /// GEORADIUS key longitude latitude radius unit
    Radius { stores: bool },
    /// GEORADIUSBYMEMBER key member radius unit
    RadiusByMember { stores: bool },
    /// GEOSEARCH key
    Search,
    /// GEOSEARCHSTORE destination key
    SearchStore,
}

impl Verb {
    fn is_search(self) -> bool {
        matches!(self, Self::Search | Self::SearchStore)
    }

    fn may_store(self) -> bool {
        matches!(self, Self::Radius { stores: true } | Self::RadiusByMember { stores: true })
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// As they are found.
    None,
    /// The nearest first.
    Ascending,
    /// The farthest first.
    Descending,
}

/// Where the members that are found go, if not to the client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Destination<'a> {
    pub key: &'a [u8],
    /// Distances become the scores.
    pub stores_distances: bool,
}

/// What is asked for. Where there is no sorted set, nobody looks for the area.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    center: Option<Place>,
    form: Option<Form>,
    /// The meters of the unit of distances.
    pub meters: f64,
    pub with_distance: bool,
    pub with_hash: bool,
    pub with_place: bool,
    pub order: Order,
    /// Members to return at most; 0 for all.
    pub count: usize,
    /// Any members will do, not the nearest.
    pub any: bool,
    pub destination: Option<Destination<'a>>,
}

/// The place of a member that must be there; none where there is no sorted set.
fn place_of(set: Option<&SortedSet>, member: &[u8]) -> Result<Option<Place>, Fail> {
    let Some(set) = set else { return Ok(None) };
    let score = set.score(member).ok_or(Fail::new("ERR could not decode requested zset member"))?;
    Ok(Some(Place::of_score(score)))
}

impl<'a> Query<'a> {
    /// Reads the arguments, the verb included, of a search in `set`.
    pub fn parse(args: &[&'a [u8]], verb: Verb, set: Option<&SortedSet>) -> Result<Self, Fail> {
        let mut query = Self {
            center: None,
            form: None,
            meters: 1.0,
            with_distance: false,
            with_hash: false,
            with_place: false,
            order: Order::None,
            count: 0,
            any: false,
            destination: None,
        };
        let options = match (verb, args) {
            (Verb::Radius { .. }, [_, _, longitude, latitude, radius, unit, options @ ..]) => {
                query.center = Some(place(longitude, latitude)?);
                query.set_form(circle(radius, unit)?);
                options
            }
            (Verb::RadiusByMember { .. }, [_, _, member, radius, unit, options @ ..]) => {
                query.center = place_of(set, member)?;
                if set.is_some() {
                    query.set_form(circle(radius, unit)?);
                }
                options
            }
            (Verb::Search, [_, _, options @ ..]) => options,
            (Verb::SearchStore, [_, destination, _, options @ ..]) => {
                query.destination = Some(Destination { key: destination, stores_distances: false });
                options
            }
            _ => return Err(Fail::SYNTAX),
        };
        let missing = query.parse_options(options, verb, set)?;
        if query.destination.is_some() && (query.with_distance || query.with_hash || query.with_place) {
            let what = if verb.is_search() { "GEOSEARCHSTORE" } else { "STORE option in GEORADIUS" };
            return Err(Fail::with(format!(
                "ERR {what} is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
            )));
        }
        if let Some(missing) = missing {
            let text = format!("ERR exactly one of {missing} can be specified for {{}}");
            return Err(Fail::quoting(&text, args[0]));
        }
        if query.any && query.count == 0 {
            return Err(Fail::new("ERR the ANY argument requires COUNT argument"));
        }
        Ok(query)
    }

    fn set_form(&mut self, (form, meters): (Form, f64)) {
        (self.form, self.meters) = (Some(form), meters);
    }

    /// Reads what stands behind the keys. Returns which words a search lacks.
    fn parse_options(
        &mut self,
        args: &[&'a [u8]],
        verb: Verb,
        set: Option<&SortedSet>,
    ) -> Result<Option<&'static str>, Fail> {
        let is_search = verb.is_search();
        let (mut by_member, mut by_place, mut by_radius, mut by_box) = (false, false, false, false);
        let mut rest = args;
        loop {
            rest = match rest {
                [] => break,
                [word, rest @ ..] if is_word(word, "WITHDIST") => {
                    self.with_distance = true;
                    rest
                }
                [word, rest @ ..] if is_word(word, "WITHHASH") => {
                    self.with_hash = true;
                    rest
                }
                [word, rest @ ..] if is_word(word, "WITHCOORD") => {
                    self.with_place = true;
                    rest
                }
                [word, rest @ ..] if is_word(word, "ANY") => {
                    self.any = true;
                    rest
                }
                [word, rest @ ..] if is_word(word, "ASC") => {
                    self.order = Order::Ascending;
                    rest
                }
                [word, rest @ ..] if is_word(word, "DESC") => {
                    self.order = Order::Descending;
                    rest
                }
                [word, count, rest @ ..] if is_word(word, "COUNT") => {
                    let count = integer(count)?;
                    if count <= 0 {
                        return Err(Fail::new("ERR COUNT must be > 0"));
                    }
                    self.count = usize::try_from(count).unwrap_or(usize::MAX);
                    rest
                }
                [word, key, rest @ ..] if verb.may_store() && is_word(word, "STORE") => {
                    self.destination = Some(Destination { key, stores_distances: false });
                    rest
                }
                [word, key, rest @ ..] if verb.may_store() && is_word(word, "STOREDIST") => {
                    self.destination = Some(Destination { key, stores_distances: true });
                    rest
                }
                [word, member, rest @ ..] if is_search && !by_place && is_word(word, "FROMMEMBER") => {
                    self.center = place_of(set, member)?;
                    by_member = true;
                    rest
                }
                [word, longitude, latitude, rest @ ..]
                    if is_search && !by_member && is_word(word, "FROMLONLAT") =>
                {
                    self.center = Some(place(longitude, latitude)?);
                    by_place = true;
                    rest
                }
                [word, radius, unit, rest @ ..] if is_search && !by_box && is_word(word, "BYRADIUS") => {
                    self.set_form(circle(radius, unit)?);
                    by_radius = true;
                    rest
                }
                [word, width, height, unit, rest @ ..]
                    if is_search && !by_radius && is_word(word, "BYBOX") =>
                {
                    self.set_form(rectangle(width, height, unit)?);
                    by_box = true;
                    rest
                }
                [word, rest @ ..] if verb == Verb::SearchStore && is_word(word, "STOREDIST") => {
                    if let Some(destination) = &mut self.destination {
                        destination.stores_distances = true;
                    }
                    rest
                }
                _ => return Err(Fail::SYNTAX),
            };
        }
        Ok(if is_search && !by_member && !by_place {
            Some("FROMMEMBER or FROMLONLAT")
        } else if is_search && !by_radius && !by_box {
            Some("BYRADIUS and BYBOX")
        } else {
            None
        })
    }

    /// The area; `None` where there is no sorted set to look in.
    pub fn shape(&self) -> Option<Shape> {
        Some(Shape { center: self.center?, form: self.form? })
    }
}
