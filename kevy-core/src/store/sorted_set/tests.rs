use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::store::collection::Collection;
use crate::store::garbage::Parts;

/// Members with their scores, and the order in which a sorted set has them.
#[derive(Default)]
struct Model {
    scores: BTreeMap<Vec<u8>, f64>,
}

impl Model {
    fn ordered(&self) -> Vec<(Vec<u8>, f64)> {
        let mut all: Vec<_> = self.scores.iter().map(|(member, score)| (member.clone(), *score)).collect();
        all.sort_by(|a, b| a.1.partial_cmp(&b.1).expect("no NaN").then_with(|| a.0.cmp(&b.0)));
        all
    }
}

#[derive(Clone, Debug)]
enum Step {
    Set(Vec<u8>, f64),
    Remove(Vec<u8>),
    RemoveRange(usize, usize),
}

fn member() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => (0..400u32).prop_map(|n| n.to_string().into_bytes()),
        2 => (0..400u32).prop_map(|n| format!("a member that has no room in a slot {n}").into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 0..30),
    ]
}

fn score() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => (-20..20i32).prop_map(f64::from),
        3 => -1e3..1e3f64,
        1 => prop::sample::select(vec![f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, 1e300, 5e-324]),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (member(), score()).prop_map(|(member, score)| Step::Set(member, score)),
        5 => member().prop_map(Step::Remove),
        1 => (0..500usize, 0..60usize).prop_map(|(start, len)| Step::RemoveRange(start, len)),
    ]
}

fn limits(entries: usize) -> SortedSetLimits {
    SortedSetLimits { listpack_entries_max: entries, listpack_value_bytes_max: 64 }
}

fn owned<'a>(elements: impl Iterator<Item = Scored<'a>>) -> Vec<(Vec<u8>, f64)> {
    elements.map(|element| (element.member.to_vec(), element.score)).collect()
}

fn apply(set: &mut SortedSet, model: &mut Model, step: &Step, limits: &SortedSetLimits, seed: &Seed) {
    match step {
        Step::Set(member, score) => {
            let old = set.set(member, *score, limits, seed);
            let expected = model.scores.get(member).copied();
            assert_eq!(old, expected);
            if expected != Some(*score) {
                model.scores.insert(member.clone(), *score);
            }
        }
        Step::Remove(member) => assert_eq!(set.remove(member), model.scores.remove(member)),
        Step::RemoveRange(start, len) => {
            let ordered = model.ordered();
            let end = (start + len).min(ordered.len());
            let expected = ordered.get(*start..end).unwrap_or_default();
            let mut removed = Vec::new();
            set.remove_range(*start..start + len, |member, score| removed.push((member.to_vec(), score)));
            assert_eq!(removed, expected);
            model.scores.retain(|member, _| !expected.iter().any(|(gone, _)| gone == member));
        }
    }
}

fn compare(set: &SortedSet, model: &Model) {
    let ordered = model.ordered();
    assert_eq!(set.len(), ordered.len());
    assert_eq!(owned(set.iter()), ordered);
    let mut backwards = owned(set.iter().rev());
    backwards.reverse();
    assert_eq!(backwards, ordered);
    for (rank, (member, score)) in ordered.iter().enumerate() {
        assert_eq!(set.rank(member), Some((rank, *score)));
    }
    if let Form::Large(large) = &set.form {
        large.check();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_sorted_set_is_what_its_model_is(
        steps in prop::collection::vec(step(), 1..1500),
        entries in prop::sample::select(vec![0, 8, 128, usize::MAX]),
    ) {
        let (seed, limits) = (Seed::new(5), limits(entries));
        let (mut set, mut model) = (SortedSet::default(), Model::default());
        for (at, step) in steps.iter().enumerate() {
            apply(&mut set, &mut model, step, &limits, &seed);
            if at % 100 == 0 {
                compare(&set, &model);
            }
        }
        compare(&set, &model);
        compare(&set.clone(), &model);
    }

    #[test]
    fn ranges_are_those_of_the_model(
        elements in prop::collection::btree_map(member(), score(), 0..300),
        bounds in prop::collection::vec((score(), score(), any::<[bool; 2]>()), 1..20),
        names in prop::collection::vec((member(), member(), any::<[bool; 2]>()), 1..20),
        entries in prop::sample::select(vec![0, usize::MAX]),
    ) {
        let (seed, limits) = (Seed::new(5), limits(entries));
        let (mut set, mut flat) = (SortedSet::default(), SortedSet::default());
        let mut model = Model::default();
        for (member, score) in &elements {
            set.set(member, *score, &limits, &seed);
            flat.set(member, 1.0, &limits, &seed);
            model.scores.insert(member.clone(), *score);
        }
        let ordered = model.ordered();
        for (min, max, [excludes_min, excludes_max]) in bounds {
            let range = ScoreRange { min, max, excludes_min, excludes_max };
            let expected: Vec<_> = ordered
                .iter()
                .filter(|(_, score)| {
                    (if excludes_min { *score > min } else { *score >= min })
                        && (if excludes_max { *score < max } else { *score <= max })
                })
                .cloned()
                .collect();
            prop_assert_eq!(owned(set.range(set.ranks_of_scores(&range))), expected);
        }
        for (min, max, [excludes_min, excludes_max]) in names {
            let bound = |member: &'static [u8], excludes: bool| {
                if excludes { MemberBound::Excluded(member) } else { MemberBound::Included(member) }
            };
            let (low, high): (&'static [u8], &'static [u8]) = (min.leak(), max.leak());
            let range = MemberRange { min: bound(low, excludes_min), max: bound(high, excludes_max) };
            let expected: Vec<_> = elements
                .keys()
                .filter(|member| {
                    (if excludes_min { &member[..] > low } else { &member[..] >= low })
                        && (if excludes_max { &member[..] < high } else { &member[..] <= high })
                })
                .map(|member| (member.clone(), 1.0))
                .collect();
            prop_assert_eq!(owned(flat.range(flat.ranks_of_members(&range))), expected);
        }
    }
}

/// A large sorted set whose members come in some order.
fn large(order: impl Iterator<Item = u32>) -> (SortedSet, Seed) {
    let (seed, limits) = (Seed::new(9), limits(0));
    let mut set = SortedSet::default();
    for n in order {
        set.set(format!("member:{n}").as_bytes(), f64::from(n), &limits, &seed);
    }
    (set, seed)
}

#[test]
fn any_order_of_arrival_makes_a_sound_tree() {
    let count = 20_000;
    let shuffled = (0..count).map(|n| n * 7_919 % count);
    for (set, _) in [large(0..count), large((0..count).rev()), large(shuffled)] {
        let Form::Large(large) = &set.form else { panic!("it is large") };
        large.check();
        assert!(set.iter().enumerate().all(|(rank, element)| element.score == rank as f64));
    }
}

#[test]
fn what_arrives_in_order_fills_its_leaves() {
    let count = 20_000;
    let Form::Large(in_order) = large(0..count).0.form else { panic!("it is large") };
    let bytes = in_order.memory() / count as usize;
    assert!(bytes < 70, "{bytes} bytes for each of {count} members");
}

#[test]
fn a_set_that_shrinks_gives_its_memory_back() {
    let (mut set, _) = large(0..50_000);
    let before = ValueType::memory(&set);
    set.remove_range(10..49_990, |_, _| {});
    let Form::Large(large) = &set.form else { panic!("it stays large") };
    large.check();
    let after = ValueType::memory(&set);
    assert!(after * 100 < before, "{after} of {before} bytes are left");
    set.remove_range(0..20, |_, _| {});
    assert!(set.is_empty() && set.iter().next().is_none());
}

#[test]
fn a_large_set_is_freed_in_many_steps() {
    let (mut set, seed) = large(0..5_000);
    set.set(&[b'x'; 1000], 0.0, &limits(0), &seed);
    let Collection::SortedSet(set) = set.into_collection() else { panic!("a sorted set") };
    let Form::Large(large) = set.form else { panic!("it is large") };
    let mut parts: Box<dyn Parts> = large.into_parts();
    let (mut steps, mut memory) = (0, parts.memory());
    while parts.free_one() {
        assert!(parts.memory() <= memory, "memory grew from {memory}");
        memory = parts.memory();
        steps += 1;
    }
    assert!((50..20_000).contains(&steps), "{steps} steps");
    assert!(memory < 2_000, "{memory} bytes are left");
}

#[test]
fn a_walk_finds_every_member() {
    let (set, _) = large(0..3_000);
    let mut found = std::collections::BTreeSet::new();
    let (mut position, mut calls) = (0, 0);
    loop {
        position = set.scan(position, 50, |member, _| {
            found.insert(member.to_vec());
        });
        calls += 1;
        if position == 0 {
            break;
        }
    }
    assert_eq!(found.len(), 3_000);
    assert!((10..200).contains(&calls), "{calls} calls");
}

#[test]
fn random_members_are_different_and_all_come() {
    let (set, _) = large(0..500);
    let mut rng = fastrand::Rng::with_seed(1);
    for count in [1, 100, 400, 500, 900] {
        let mut chosen = owned(set.random_distinct(&mut rng, count).into_iter());
        chosen.sort_by(|a, b| a.0.cmp(&b.0));
        chosen.dedup();
        assert_eq!(chosen.len(), count.min(500));
    }
    let seen: std::collections::BTreeSet<_> =
        (0..20_000).filter_map(|_| set.random(&mut rng)).map(|element| element.member.to_vec()).collect();
    assert_eq!(seen.len(), 500);
}

#[test]
fn damaged_listpacks_are_refused() {
    let list = |elements: &[&[u8]]| {
        let mut list = Listpack::new();
        elements.iter().for_each(|element| list.push(element));
        SortedSet::from_listpack(list)
    };
    assert!(list(&[b"a", b"1", b"b", b"1", b"a2", b"1.5"]).is_ok());
    for wrong in [
        &[][..] as &[&[u8]],
        &[b"a"],
        &[b"a", b"x"],
        &[b"a", b"nan"],
        &[b"a", b"2", b"b", b"1"],
        &[b"b", b"1", b"a", b"1"],
        &[b"a", b"1", b"a", b"2"],
        &[b"a", b"1", b"a", b"1"],
    ] {
        assert!(list(wrong).is_err(), "{wrong:?}");
    }
}
