use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

const FORM: Form = Form { quantization: Quantization::Bytes, dim: 16, input_dim: None, m: M_DEFAULT };

fn random_vector(random: &mut fastrand::Rng, dim: usize) -> Vec<f32> {
    (0..dim).map(|_| random.f32() * 2.0 - 1.0).collect()
}

fn set_of(elements: usize, form: Form, random: &mut fastrand::Rng) -> VectorSet {
    let mut set = VectorSet::default();
    for element in 0..elements {
        let vector = random_vector(random, form.dim);
        assert!(set.add(format!("e{element}").as_bytes(), &vector, None, EF_DEFAULT, form));
    }
    set
}

fn recall(set: &VectorSet, dim: usize, random: &mut fastrand::Rng) -> f64 {
    let mut found = 0;
    for _ in 0..50 {
        let vector = random_vector(random, dim);
        let nodes =
            |found: Vec<Found>| found.iter().take(10).map(|found| found.node).collect::<HashSet<u32>>();
        let exact = nodes(set.search_all(&vector, 10, &mut |_| true));
        found += nodes(set.search(&vector, 100, None)).intersection(&exact).count();
    }
    found as f64 / 500.0
}

#[test]
fn nearly_all_of_the_nearest_are_found() {
    let mut random = fastrand::Rng::with_seed(1);
    for quantization in [Quantization::None, Quantization::Bytes] {
        let set = set_of(1500, Form { quantization, ..FORM }, &mut random);
        let recall = recall(&set, 16, &mut random);
        assert!(recall >= 0.95, "{quantization:?}: {recall}");
    }
}

#[test]
fn they_are_found_after_many_were_removed() {
    let mut random = fastrand::Rng::with_seed(2);
    let mut set = set_of(1500, FORM, &mut random);
    for element in 0..1000 {
        assert!(set.remove(format!("e{element}").as_bytes()));
        assert!(!set.remove(format!("e{element}").as_bytes()));
    }
    assert_eq!(set.len(), 500);
    let recall = recall(&set, 16, &mut random);
    assert!(recall >= 0.95, "{recall}");
}

#[test]
fn what_is_kept_can_be_kept_again_without_a_change() {
    let mut random = fastrand::Rng::with_seed(3);
    for quantization in [Quantization::None, Quantization::Bytes, Quantization::Bits] {
        for dim in [1, 7, 64, 100, 300] {
            let first = Vector::new(&random_vector(&mut random, dim), quantization);
            let again = Vector::new(&first.components(), quantization);
            assert_eq!(first.components(), again.components(), "{quantization:?} {dim}");
            assert_eq!(first.norm(), again.norm());
            assert_eq!(first.raw(), again.raw());
        }
    }
}

#[test]
fn vectors_without_a_direction_or_of_great_length_have_a_distance() {
    for quantization in [Quantization::None, Quantization::Bytes, Quantization::Bits] {
        let vectors = [[0.0; 4], [f32::MAX; 4], [f32::MIN_POSITIVE; 4], [1.0, -1.0, 0.0, 1e-38]];
        for a in &vectors {
            for b in &vectors {
                let distance = Vector::new(a, quantization).distance(&Vector::new(b, quantization));
                assert!((0.0..=2.0).contains(&distance), "{a:?} {b:?}: {distance}");
            }
        }
    }
    let longest = vec![1.0; DIM_MAX];
    let longest = Vector::new(&longest, Quantization::Bytes);
    assert!(longest.distance(&longest) < 0.001);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn links_go_both_ways_whatever_comes_and_goes(
        changes in prop::collection::vec((0..40u8, 0..4u8, prop::array::uniform3(-9i8..9)), 1..200),
        m in 4..6usize,
    ) {
        let form = Form { dim: 3, m, ..FORM };
        let mut set = VectorSet::default();
        let mut names = BTreeMap::new();
        for (name, change, vector) in changes {
            let key = vec![b'e', name];
            if change == 0 {
                prop_assert_eq!(set.remove(&key), names.remove(&key).is_some());
            } else {
                let vector = vector.map(f32::from);
                let attributes: Option<&[u8]> = [None, Some(&b"{}"[..]), Some(b"")][usize::from(change) - 1];
                let is_new = set.add(&key, &vector, attributes, 10, form);
                let kept = Vector::new(&vector, form.quantization).components();
                prop_assert_eq!(is_new, names.insert(key, kept).is_none());
            }
            check(&set, &names);
        }
        let memory = set.memory();
        let copy = set.clone();
        check(&copy, &names);
        prop_assert!(memory > 0 || names.is_empty());
        if let Some(Heap::Parts(mut parts)) = set.into_heap() {
            while parts.free_one() {}
        }
    }
}

fn check(set: &VectorSet, names: &BTreeMap<Vec<u8>, Vec<f32>>) {
    assert_eq!(set.len(), names.len());
    assert_eq!(set.range(Bound::Unbounded).collect::<Vec<_>>(), names.keys().collect::<Vec<_>>());
    let with_attributes = (0..set.len() as u32).filter(|number| set.attributes(*number).is_some()).count();
    assert_eq!(set.with_attributes(), with_attributes);
    for (name, components) in names {
        let number = set.number(name).expect("an element");
        assert_eq!(set.name(number), name);
        assert_eq!(&set.vector(number).expect("a vector").components(), components);
        for (level, links) in set.links(number).iter().enumerate() {
            let different: HashSet<&u32> = links.iter().collect();
            assert_eq!(different.len(), links.len());
            for &link in links {
                assert_ne!(link, number);
                assert!(set.links(link)[level].contains(&number), "{number} and {link} on level {level}");
            }
        }
    }
}

#[test]
fn expressions_come_to_what_redis_says() {
    let attributes = br#"{"year":1984,"genre":"drama","rating":8.5,"tags":["a","b"],"seen":true,"no":null,"s":"10","z-a":1}"#;
    for (text, expected) in [
        (".year == 1984", true),
        (".year >= 1980 and .year < 1990", true),
        (".genre == 'drama' && .rating > 9", false),
        (".genre == \"drama\" || .rating > 9", true),
        ("not .seen", false),
        ("!.seen or .year", true),
        ("(.year - 1980) * 2 == 8", true),
        (".year % 10 == 4 and 2 ** 3 ** 2 == 512", true),
        (".genre in ['comedy', 'drama']", true),
        (".year in [1, 2]", false),
        ("'a' in .tags", true),
        ("'ram' in .genre", true),
        (".s == 10", true),
        (".missing == 1", false),
        (".missing != 1", false),
        ("not .missing", false),
        (".no == null", true),
        (".seen == true", true),
        (".year/2 == 992", true),
        ("-1 < 0 and .5 < 1 and 1e3 == 1000", true),
        (".z-a == 1", true),
        ("1 - 1", false),
    ] {
        let filter = Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
        assert_eq!(filter.matches(Some(attributes)), expected, "{text}");
        assert!(!filter.matches(None), "{text}");
        assert!(!filter.matches(Some(b"no JSON")), "{text}");
    }
    for text in ["", "(", ".year ==", "1 2", "[1,", "'x", ".year == (1", "foo", ".", "1 ** ", "== 1"] {
        assert!(Filter::parse(text).is_err(), "{text}");
    }
    for part in ["(", "!", "not ", "[", "1**", "1+", "1 and "] {
        assert!(Filter::parse(&part.repeat(10_000)).is_err(), "{part}");
        let long = format!("{}1", part.repeat(10_000));
        assert!(Filter::parse(&long).is_err(), "{part}");
    }
}
