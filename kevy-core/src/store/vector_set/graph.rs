//! A hierarchical navigable small world of vectors.
//!
//! Algorithm: Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using HNSW graphs" (2016).
//! Links always go both ways, so that removing an element looks at its own links only. Nodes lie densely: the last one
//! takes the place of a removed one.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use hashbrown::HashSet;
use smallvec::SmallVec;

use super::vector::Vector;

/// No element is on a level above.
const LEVEL_MAX: usize = 16;

type Links = Vec<u32>;

#[derive(Clone, Debug)]
struct Place {
    vector: Vector,
    /// The links on each level, from 0 up.
    levels: SmallVec<[Links; 1]>,
}

/// The graph. Nodes are known by their numbers.
#[derive(Clone, Debug)]
pub struct Graph {
    places: Vec<Place>,
    entry: u32,
    /// How many links a node wants on a level; twice as many on level 0.
    m: usize,
    bytes: usize,
}

/// A node at a distance.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    pub distance: f32,
    pub node: u32,
}

impl PartialEq for Found {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Found {}

impl PartialOrd for Found {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Found {
    fn cmp(&self, other: &Self) -> Ordering {
        self.distance.total_cmp(&other.distance).then(self.node.cmp(&other.node))
    }
}

impl std::fmt::Debug for Wanted<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wanted").field("looks_max", &self.looks_max).finish_non_exhaustive()
    }
}

/// Which nodes a search may find, and how many it may look at for that.
pub struct Wanted<'a> {
    pub is_wanted: &'a mut dyn FnMut(u32) -> bool,
    pub looks_max: usize,
}

impl Graph {
    pub fn new(m: usize) -> Self {
        Self { places: Vec::new(), entry: 0, m, bytes: 0 }
    }

    /// Bytes allocated.
    pub fn memory(&self) -> usize {
        self.bytes + self.places.capacity() * size_of::<Place>()
    }

    pub fn vector(&self, node: u32) -> &Vector {
        &self.places[node as usize].vector
    }

    /// The links of a node, from level 0 up.
    pub fn levels(&self, node: u32) -> &[Links] {
        &self.places[node as usize].levels
    }

    /// The highest level there is.
    pub fn max_level(&self) -> usize {
        self.places.get(self.entry as usize).map_or(0, |place| place.levels.len() - 1)
    }

    fn links_max(&self, level: usize) -> usize {
        if level == 0 { 2 * self.m } else { self.m }
    }

    fn distance(&self, a: u32, b: u32) -> f32 {
        self.vector(a).distance(self.vector(b))
    }

    /// Adds a node, whose level follows from `random`; its number is the length before.
    pub fn insert(&mut self, vector: Vector, random: u64, ef: usize) {
        let level = ((random.trailing_zeros() / 2) as usize).min(LEVEL_MAX);
        let node = self.places.len() as u32;
        let levels: SmallVec<[Links; 1]> =
            (0..=level).map(|level| Vec::with_capacity(self.links_max(level))).collect();
        let place = Place { vector, levels };
        self.bytes += memory_of(&place);
        self.places.push(place);
        if node == 0 {
            self.entry = 0;
            return;
        }
        let top = self.max_level();
        let mut near = self.descend(self.vector(node), level.min(top));
        for level in (0..=level.min(top)).rev() {
            let found = self.search_level(self.vector(node), &near, ef, level, None, Some(node));
            self.connect(node, &found, level);
            near = found;
        }
        if level > top {
            self.entry = node;
        }
    }

    /// The nearest node on the levels above `level`.
    fn descend(&self, vector: &Vector, level: usize) -> Vec<Found> {
        let entry = Found { distance: vector.distance(self.vector(self.entry)), node: self.entry };
        (level + 1..=self.max_level())
            .rev()
            .fold(vec![entry], |near, level| self.search_level(vector, &near, 1, level, None, None))
    }

    /// The `ef` nearest nodes on a level that can be reached from `near`, the nearest first.
    fn search_level(
        &self,
        vector: &Vector,
        near: &[Found],
        ef: usize,
        level: usize,
        mut wanted: Option<Wanted<'_>>,
        except: Option<u32>,
    ) -> Vec<Found> {
        let mut seen: HashSet<u32, foldhash::fast::FixedState> = HashSet::default();
        seen.extend(except);
        let mut open = BinaryHeap::new();
        let mut best: BinaryHeap<Found> = BinaryHeap::new();
        let mut looks = 0;
        let mut look = |found: Found, best: &mut BinaryHeap<Found>, open: &mut BinaryHeap<Reverse<Found>>| {
            let is_near = best.len() < ef || best.peek().is_some_and(|worst| found < *worst);
            if !is_near {
                return true;
            }
            open.push(Reverse(found));
            if let Some(wanted) = &mut wanted {
                looks += 1;
                if looks > wanted.looks_max {
                    return false;
                }
                if !(wanted.is_wanted)(found.node) {
                    return true;
                }
            }
            best.push(found);
            if best.len() > ef {
                best.pop();
            }
            true
        };
        for found in near {
            if seen.insert(found.node) && !look(*found, &mut best, &mut open) {
                return best.into_sorted_vec();
            }
        }
        while let Some(Reverse(next)) = open.pop() {
            if best.len() >= ef && best.peek().is_some_and(|worst| next > *worst) {
                break;
            }
            let Some(links) = self.places[next.node as usize].levels.get(level) else { continue };
            for &node in links {
                if seen.insert(node) {
                    let distance = vector.distance(self.vector(node));
                    if !look(Found { distance, node }, &mut best, &mut open) {
                        return best.into_sorted_vec();
                    }
                }
            }
        }
        best.into_sorted_vec()
    }

    /// The `ef` nearest nodes, the nearest first.
    pub fn search(&self, vector: &Vector, ef: usize, wanted: Option<Wanted<'_>>) -> Vec<Found> {
        if self.places.is_empty() {
            return Vec::new();
        }
        let near = self.descend(vector, 0);
        self.search_level(vector, &near, ef, 0, wanted, None)
    }

    /// As [`Graph::search`], by a look at every node.
    pub fn search_all(
        &self,
        vector: &Vector,
        count: usize,
        is_wanted: &mut dyn FnMut(u32) -> bool,
    ) -> Vec<Found> {
        let mut best = BinaryHeap::new();
        for node in 0..self.places.len() as u32 {
            if is_wanted(node) {
                best.push(Found { distance: vector.distance(self.vector(node)), node });
                if best.len() > count {
                    best.pop();
                }
            }
        }
        best.into_sorted_vec()
    }

    /// Links a node to the best of what was found: near ones that are not nearer to one chosen before.
    fn connect(&mut self, node: u32, found: &[Found], level: usize) {
        let mut chosen: Vec<Found> = Vec::new();
        for candidate in found {
            if chosen.len() >= self.m {
                break;
            }
            let is_new_direction =
                chosen.iter().all(|other| self.distance(other.node, candidate.node) > candidate.distance);
            if is_new_direction {
                chosen.push(*candidate);
            }
        }
        // What remains is filled up with the nearest of the others.
        for candidate in found {
            if chosen.len() >= self.m {
                break;
            }
            if !chosen.contains(candidate) {
                chosen.push(*candidate);
            }
        }
        for other in chosen {
            self.link(node, other, level, false);
        }
        if let Some(nearest) = found.first()
            && self.levels(node)[level].is_empty()
        {
            self.link(node, *nearest, level, true);
        }
    }

    /// Links two nodes. One that has no room gives up its farthest link, unless that is nearer or needed by the node
    /// at its other end; `must` leaves no choice.
    fn link(&mut self, node: u32, other: Found, level: usize, must: bool) {
        let links = &self.levels(other.node)[level];
        if links.contains(&node) {
            return;
        }
        if links.len() >= self.links_max(level) {
            let farthest = links
                .iter()
                .map(|&node| Found { distance: self.distance(other.node, node), node })
                .filter(|link| must || self.levels(link.node)[level].len() > self.m / 2)
                .max();
            match farthest {
                Some(link) if must || link.distance > other.distance => {
                    self.unlink(other.node, link.node, level)
                }
                _ => return,
            }
        }
        self.places[other.node as usize].levels[level].push(node);
        self.places[node as usize].levels[level].push(other.node);
    }

    fn unlink(&mut self, a: u32, b: u32, level: usize) {
        for (from, to) in [(a, b), (b, a)] {
            self.places[from as usize].levels[level].retain(|&node| node != to);
        }
    }

    /// Removes a node; the last one, if it was another, has its number then.
    pub fn remove(&mut self, node: u32) {
        let levels = self.levels(node).to_vec();
        for (level, links) in levels.iter().enumerate() {
            for &other in links {
                self.unlink(node, other, level);
            }
            self.reconnect(links, level);
        }
        let place = self.places.swap_remove(node as usize);
        self.bytes -= memory_of(&place);
        let last = self.places.len() as u32;
        if last != node {
            self.renumber(last, node);
        }
        if self.entry == node {
            // Any node of the highest level serves; the search for it is rare, as few are entries.
            let highest = |(at, place): (usize, &Place)| (place.levels.len(), Reverse(at));
            let entry = self.places.iter().enumerate().max_by_key(|&(at, place)| highest((at, place)));
            self.entry = entry.map_or(0, |(at, _)| at as u32);
        } else if self.entry == last {
            self.entry = node;
        }
        if self.places.capacity() > 64 && self.places.capacity() > 4 * self.places.len() {
            self.places.shrink_to(2 * self.places.len());
        }
    }

    /// Links nodes that lost a link to each other, the nearest first.
    fn reconnect(&mut self, nodes: &[u32], level: usize) {
        for &node in nodes {
            let mut others: Vec<Found> = nodes
                .iter()
                .filter(|&&other| other != node && !self.levels(node)[level].contains(&other))
                .map(|&other| Found { distance: self.distance(node, other), node: other })
                .collect();
            others.sort_unstable();
            for other in others {
                if self.levels(node)[level].len() >= self.m.min(self.links_max(level)) {
                    break;
                }
                if self.levels(other.node)[level].len() < self.links_max(level) {
                    self.link(node, other, level, false);
                }
            }
        }
    }

    /// Makes the links to a node that has moved follow it.
    fn renumber(&mut self, from: u32, to: u32) {
        let levels = self.levels(to).to_vec();
        for (level, links) in levels.iter().enumerate() {
            for &other in links {
                for link in &mut self.places[other as usize].levels[level] {
                    if *link == from {
                        *link = to;
                    }
                }
            }
        }
    }

    /// Frees the last node. False where there is none.
    pub fn free_last(&mut self) -> bool {
        let place = self.places.pop();
        self.bytes -= place.as_ref().map_or(0, memory_of);
        place.is_some()
    }
}

/// What is allocated behind a place. Links are allocated once, as many as there may be.
fn memory_of(place: &Place) -> usize {
    let links: usize = place.levels.iter().map(|links| links.capacity() * size_of::<u32>()).sum();
    let spilled = if place.levels.spilled() { place.levels.capacity() * size_of::<Links>() } else { 0 };
    place.vector.memory() + links + spilled
}
