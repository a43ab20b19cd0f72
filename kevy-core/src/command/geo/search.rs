//! GEOSEARCH, GEORADIUS and their like.

use std::cmp::Ordering;

use crate::command::notify::event;
use crate::command::sorted_set::{Owned, sorted_set, store};
use crate::command::{Context, Outcome};
use crate::resp::Writer;
use crate::store::{ScoreRange, SortedSet};

use super::cell::Place;
use super::query::{Destination, Order, Query, Verb};
use super::{write_distance, write_place};

/// GEORADIUS key longitude latitude radius unit [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC]
/// [STORE key | STOREDIST key]
pub fn georadius(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    search(context, args, args[1], Verb::Radius { stores: true })
}

/// GEORADIUS_RO, which is GEORADIUS without STORE
pub fn georadius_ro(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    search(context, args, args[1], Verb::Radius { stores: false })
}

/// GEORADIUSBYMEMBER key member radius unit [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC]
/// [STORE key | STOREDIST key]
pub fn georadiusbymember(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    search(context, args, args[1], Verb::RadiusByMember { stores: true })
}

/// GEORADIUSBYMEMBER_RO, which is GEORADIUSBYMEMBER without STORE
pub fn georadiusbymember_ro(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    search(context, args, args[1], Verb::RadiusByMember { stores: false })
}

/// GEOSEARCH key FROMMEMBER member | FROMLONLAT longitude latitude BYRADIUS radius unit | BYBOX width height unit
/// [ASC | DESC] [COUNT count [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]
pub fn geosearch(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    search(context, args, args[1], Verb::Search)
}

/// GEOSEARCHSTORE destination source FROMMEMBER member | FROMLONLAT longitude latitude BYRADIUS radius unit |
/// BYBOX width height unit [ASC | DESC] [COUNT count [ANY]] [STOREDIST]
pub fn geosearchstore(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    search(context, args, args[2], Verb::SearchStore)
}

fn search(context: &mut Context<'_>, args: &[&[u8]], key: &[u8], verb: Verb) -> Outcome {
    let (out, found) = context.read(key);
    let set = sorted_set(found)?;
    let query = Query::parse(args, verb, set)?;
    let mut points = set.map(|set| find(set, &query)).unwrap_or_default();
    choose(&mut points, &query);
    let Some(Destination { key, stores_distances }) = query.destination else {
        write(out, &points, &query);
        return Ok(());
    };
    let member = |point: Point| (point.member, if stores_distances { point.distance } else { point.score });
    let members: Vec<Owned> = points.into_iter().map(member).collect();
    let stored = match verb {
        Verb::SearchStore => event::GEOSEARCHSTORE,
        _ => event::GEORADIUSSTORE,
    };
    let count = store(context, key, &members, stored);
    context.out.unsigned(count as u64);
    Ok(())
}

/// A member that lies in the area.
struct Point {
    member: Box<[u8]>,
    score: f64,
    place: Place,
    /// From the center, in the unit asked for.
    distance: f64,
}

/// The members in the area, as they come: no more than are asked for where any will do.
fn find(set: &SortedSet, query: &Query<'_>) -> Vec<Point> {
    let mut points = Vec::new();
    let Some(shape) = query.shape() else { return points };
    let limit = if query.any { query.count } else { usize::MAX };
    for cell in shape.cells() {
        let (min, max) = cell.scores();
        let range = ScoreRange { excludes_max: true, ..ScoreRange::new(min, max) };
        for element in set.range(set.ranks_of_scores(&range)) {
            if points.len() >= limit {
                return points;
            }
            let place = Place::of_score(element.score);
            if let Some(distance) = shape.distance_to(place) {
                let (member, score) = (Box::from(&*element.member), element.score);
                points.push(Point { member, score, place, distance: distance / query.meters });
            }
        }
    }
    points
}

/// Leaves as many points as are asked for, in the order asked for.
fn choose(points: &mut Vec<Point>, query: &Query<'_>) {
    // The nearest of all are meant where some are asked for without an order.
    let order = match query.order {
        Order::None if query.count > 0 && !query.any => Order::Ascending,
        order => order,
    };
    let by_distance = |a: &Point, b: &Point| a.distance.partial_cmp(&b.distance).unwrap_or(Ordering::Equal);
    match order {
        Order::None => {}
        Order::Ascending => points.sort_by(by_distance),
        Order::Descending => points.sort_by(|a, b| by_distance(b, a)),
    }
    if query.count > 0 {
        points.truncate(query.count);
    }
}

fn write(out: &mut Writer, points: &[Point], query: &Query<'_>) {
    let options = [query.with_distance, query.with_hash, query.with_place];
    let options = options.into_iter().filter(|option| *option).count();
    out.array(points.len());
    for point in points {
        if options > 0 {
            out.array(1 + options);
        }
        out.bulk(&point.member);
        if query.with_distance {
            write_distance(out, point.distance);
        }
        if query.with_hash {
            out.integer(point.score as i64);
        }
        if query.with_place {
            write_place(out, point.place);
        }
    }
}
