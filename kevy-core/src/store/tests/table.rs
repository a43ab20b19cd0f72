//! The table by itself: growing, shrinking, finding, choosing at random.

use std::cell::Cell;
use std::collections::HashMap;

use proptest::prelude::*;

use super::allocations;
use crate::store::Seed;
use crate::store::table::{Element, Table};

/// An element of one word whose hash is chosen by the test.
#[derive(Debug, PartialEq)]
struct Number(Box<(u64, u64)>);

impl Element for Number {
    fn hash(&self, _: &Seed) -> u64 {
        self.0.1
    }

    fn address(&self) -> *const u8 {
        (&raw const *self.0).cast()
    }
}

fn count(fewer_under_miri: usize, otherwise: usize) -> usize {
    if cfg!(miri) { fewer_under_miri } else { otherwise }
}

fn insert(table: &mut Table<Number>, number: u64, hash: u64, seed: &Seed) {
    table.insert(hash, Number(Box::new((number, hash))), seed);
}

fn find(table: &Table<Number>, number: u64, hash: u64) -> Option<crate::store::table::Location> {
    table.find(hash, |element| *element.0 == (number, hash))
}

#[test]
fn what_was_put_is_found_until_removed_and_memory_returns_to_nothing() {
    let seed = Seed::new(1);
    let mut table = Table::default();
    let total = count(3_000, 200_000) as u64;
    let hash = |number: u64| seed.hash(&number.to_le_bytes());
    let mut most = 0;
    for number in 0..total {
        insert(&mut table, number, hash(number), &seed);
        most = most.max(table.bytes());
    }
    assert_eq!(table.len() as u64, total);
    assert!(most as u64 <= total * 24, "{most} bytes for {total} elements");
    for number in 0..total {
        let at = find(&table, number, hash(number)).unwrap();
        assert_eq!(table.get(at).unwrap().0.0, number);
        assert_eq!(find(&table, number + total, hash(number + total)), None);
    }
    for number in 0..total {
        let at = find(&table, number, hash(number)).unwrap();
        assert_eq!(table.remove(at, &seed).unwrap().0.0, number);
        if number == total * 31 / 32 {
            let left = total / 32;
            assert!(table.bytes() as u64 <= left * 100 + 8_192, "{} bytes for {left}", table.bytes());
        }
    }
    assert_eq!((table.len(), table.bytes()), (0, 0));
}

thread_local! {
    static HASHED: Cell<usize> = const { Cell::new(0) };
}

/// An element that counts how often any of its kind is hashed anew.
struct Counted(Number);

impl Element for Counted {
    fn hash(&self, seed: &Seed) -> u64 {
        HASHED.set(HASHED.get() + 1);
        self.0.hash(seed)
    }

    fn address(&self) -> *const u8 {
        self.0.address()
    }
}

#[test]
fn no_insert_or_removal_moves_more_than_one_segment() {
    let seed = Seed::new(1);
    let mut table = Table::default();
    let total = count(2_000, 1_000_000) as u64;
    let hash = |number: u64| seed.hash(&number.to_le_bytes());
    let mut most = 0;
    let mut memory_most = 0;
    for number in 0..total {
        HASHED.set(0);
        let before = allocations::live();
        table.insert(hash(number), Counted(Number(Box::new((number, hash(number))))), &seed);
        most = most.max(HASHED.get());
        memory_most = memory_most.max(allocations::live() - before);
    }
    assert!(most <= 448, "an insert moved {most} elements");
    assert!(memory_most <= 16_384, "an insert allocated {memory_most} bytes");
    for number in 0..total {
        HASHED.set(0);
        let at = table.find(hash(number), |element| element.0.0.0 == number).unwrap();
        table.remove(at, &seed);
        assert!(HASHED.get() <= 448, "a removal moved {} elements", HASHED.get());
    }
}

#[test]
fn an_empty_table_and_one_of_few_elements_are_small() {
    let seed = Seed::new(1);
    let mut table = Table::default();
    assert_eq!(table.bytes(), 0);
    for number in 0..7 {
        insert(&mut table, number, seed.hash(&[number as u8]), &seed);
    }
    assert_eq!(table.bytes(), 64);
}

#[test]
fn equal_hashes_beyond_any_segment_are_kept_apart() {
    let seed = Seed::new(1);
    let mut table = Table::default();
    let total = count(60, 3_000) as u64;
    for number in 0..total {
        insert(&mut table, number, 0xABCD << 48, &seed);
    }
    let mut seen = 0;
    assert_eq!(table.scan(0, usize::MAX, &seed, |_| seen += 1), 0);
    assert_eq!(seen, total);
    for number in 0..total {
        let at = find(&table, number, 0xABCD << 48).unwrap();
        table.remove(at, &seed);
    }
    assert_eq!(table.bytes(), 0);
}

#[test]
fn taking_a_table_apart_gives_every_element_and_all_memory() {
    let seed = Seed::new(1);
    let mut table = Table::default();
    let total = count(1_000, 50_000) as u64;
    for number in 0..total {
        insert(&mut table, number, seed.hash(&number.to_le_bytes()), &seed);
    }
    assert_eq!(table.iter().map(|element| element.0.0).sum::<u64>(), total * (total - 1) / 2);
    let mut drain = table.into_drain();
    assert_eq!(drain.by_ref().map(|element| element.0.0).sum::<u64>(), total * (total - 1) / 2);
    assert_eq!(drain.bytes(), 0);
}

#[test]
fn every_element_is_about_equally_likely_to_be_chosen() {
    let seed = Seed::new(9);
    let mut rng = fastrand::Rng::with_seed(3);
    for total in [1, 5, 100, 400, 1_000, 3_000] {
        let total = if cfg!(miri) { total.min(50) } else { total };
        let mut table = Table::default();
        for number in 0..total {
            insert(&mut table, number, seed.hash(&number.to_le_bytes()), &seed);
        }
        let each = count(4, 400);
        let mut chosen = HashMap::new();
        for _ in 0..total * each as u64 {
            *chosen.entry(table.random(&mut rng).unwrap().0.0).or_insert(0) += 1;
        }
        if !cfg!(miri) {
            let (least, most) = (chosen.values().min().unwrap(), chosen.values().max().unwrap());
            assert_eq!(chosen.len() as u64, total);
            assert!(*least > each / 2 && *most < each * 2, "{least} to {most} of {each} in {total}");
        }
    }
    assert!(Table::<Number>::default().random(&mut rng).is_none());
}

#[test]
fn a_sample_holds_no_element_twice_and_all_if_asked_for() {
    let seed = Seed::new(9);
    let mut rng = fastrand::Rng::with_seed(3);
    for total in [0, 1, 8, 100, 2_000] {
        let total = if cfg!(miri) { total.min(50) } else { total };
        let mut table = Table::default();
        for number in 0..total {
            insert(&mut table, number, seed.hash(&number.to_le_bytes()), &seed);
        }
        let mut sample: Vec<_> = table.sample(&mut rng, usize::MAX).map(|element| element.0.0).collect();
        sample.sort();
        assert!(sample.into_iter().eq(0..total));
        assert_eq!(table.sample(&mut rng, 5).count() as u64, total.min(5));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 3 } else { 256 }, ..ProptestConfig::default() })]

    /// Hashes are drawn from few, so that buckets overflow and segments split where they can hardly split.
    #[test]
    fn a_table_is_a_map_whatever_the_hashes(
        steps in prop::collection::vec((0u64..600, 0u64..8, any::<bool>()), 0..2_000),
        shift in 0u32..64,
    ) {
        let seed = Seed::new(1);
        let mut table = Table::default();
        let mut model = HashMap::new();
        for (number, group, is_insert) in steps {
            let hash = (number % 8 + group % 2 * 128).rotate_right(shift);
            let at = find(&table, number, hash);
            prop_assert_eq!(at.is_some(), model.contains_key(&(number, hash)));
            match (at, is_insert) {
                (None, true) => {
                    insert(&mut table, number, hash, &seed);
                    model.insert((number, hash), ());
                }
                (Some(at), false) => {
                    prop_assert_eq!(table.remove(at, &seed).unwrap().0.0, number);
                    model.remove(&(number, hash));
                }
                _ => {}
            }
            prop_assert_eq!(table.len(), model.len());
        }
        let mut all: Vec<_> = table.iter().map(|element| *element.0).collect();
        let mut scanned = Vec::new();
        let mut position = 0;
        loop {
            position = table.scan(position, 3, &seed, |element| scanned.push(*element.0));
            if position == 0 {
                break;
            }
        }
        let mut expected: Vec<_> = model.into_keys().collect();
        all.sort();
        scanned.sort();
        expected.sort();
        prop_assert_eq!(&all, &expected);
        prop_assert_eq!(&scanned, &expected);
    }
}
