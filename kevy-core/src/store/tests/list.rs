//! Lists against a vector.

use proptest::prelude::*;

use crate::store::collection::ValueType;
use crate::store::garbage::Heap;
use crate::store::list::{Chunk, ListLimits};
use crate::store::rdb::{dump, restore};
use crate::store::{End, Limits, List, Seed, ValueRef};

#[derive(Clone, Debug)]
enum Do {
    Push(End, Vec<u8>),
    Insert(usize, Vec<u8>),
    Replace(usize, Vec<u8>),
    Delete(usize, usize),
    Remove(Vec<u8>, End, usize),
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![Just(End::Head), Just(End::Tail)]
}

/// Few different short elements, numbers, and some that fill a node or have one to themselves.
fn element() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        5 => (0..4u8).prop_map(|n| vec![b'a' + n]),
        3 => (0..4i64).prop_map(|n| (n * 100 - 150).to_string().into_bytes()),
        2 => (0..3000usize).prop_map(|len| vec![b'x'; len]),
        1 => (4000..9000usize).prop_map(|len| vec![b'y'; len]),
    ]
}

fn actions() -> impl Strategy<Value = Vec<Do>> {
    let action = prop_oneof![
        6 => (end(), element()).prop_map(|(end, element)| Do::Push(end, element)),
        4 => (any::<prop::sample::Index>(), element()).prop_map(|(at, element)| Do::Insert(at.index(200), element)),
        3 => (any::<prop::sample::Index>(), element()).prop_map(|(at, element)| Do::Replace(at.index(200), element)),
        2 => (any::<prop::sample::Index>(), 0..20usize).prop_map(|(at, count)| Do::Delete(at.index(200), count)),
        1 => (element(), end(), 1..6usize).prop_map(|(element, from, count)| Do::Remove(element, from, count)),
    ];
    prop::collection::vec(action, 1..250)
}

fn apply(list: &mut List, model: &mut Vec<Vec<u8>>, action: Do, limits: ListLimits) {
    match action {
        Do::Push(end, element) => {
            list.push(end, &element, limits);
            model.insert(if end == End::Head { 0 } else { model.len() }, element);
        }
        Do::Insert(at, element) => {
            let at = at % (model.len() + 1);
            list.insert(at, &element, limits);
            model.insert(at, element);
        }
        Do::Replace(at, element) => {
            let at = at % (model.len() + 1);
            assert_eq!(list.replace(at, &element, limits), at < model.len());
            if let Some(place) = model.get_mut(at) {
                *place = element;
            }
        }
        Do::Delete(at, count) => {
            let at = at % (model.len() + 1);
            list.delete(at, count, limits);
            model.drain(at..(at + count).min(model.len()));
        }
        Do::Remove(element, from, count) => {
            let mut found: Vec<usize> = (0..model.len()).filter(|&at| model[at] == element).collect();
            if from == End::Tail {
                found.reverse();
            }
            assert!(list.positions(&element, from, usize::MAX).eq(found.iter().copied()));
            found.truncate(count);
            assert_eq!(list.remove(&element, from, count, limits), found.len());
            found.sort_unstable();
            found.iter().rev().for_each(|&at| drop(model.remove(at)));
        }
    }
}

fn compare(list: &List, model: &[Vec<u8>], limits: ListLimits) {
    assert_eq!(list.len(), model.len());
    assert!(list.iter().map(|element| element.to_vec()).eq(model.iter().cloned()));
    assert!(list.iter_from_end(End::Tail).map(|element| element.to_vec()).eq(model.iter().rev().cloned()));
    for (at, element) in model.iter().enumerate() {
        assert_eq!(list.get(at).as_deref(), Some(&element[..]));
        let first = |from| list.iter_from(at, from).next().map(|element| element.to_vec());
        assert_eq!((first(End::Head).as_ref(), first(End::Tail).as_ref()), (Some(element), Some(element)));
    }
    assert_eq!(list.get(model.len()), None);
    let mut bytes = 0;
    for chunk in list.chunks() {
        bytes += match chunk {
            Chunk::Packed(list) => {
                let is_large =
                    list.len() > 1 && !limits.allow(list.as_bytes().len().saturating_sub(8), list.len());
                assert!(!is_large, "a node has {} bytes", list.as_bytes().len());
                assert!(!list.is_empty() || model.is_empty());
                list.memory()
            }
            Chunk::Plain(bytes) => bytes.len(),
        };
    }
    let memory = ValueType::memory(list);
    assert!(
        (bytes..bytes + 64 * (list.chunks_len() + 64) * 2).contains(&memory),
        "{memory} for {bytes} bytes"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_list_is_a_vector(actions in actions(), size in prop_oneof![-5..=0, 1..20i32]) {
        let limits = ListLimits::of_option(size);
        let (mut list, mut model) = (List::default(), Vec::new());
        for action in actions {
            apply(&mut list, &mut model, action, limits);
            compare(&list, &model, limits);
        }
        if !model.is_empty() {
            let payload = dump(&ValueRef::List(&list));
            let restored = restore(&payload, &Limits { list: limits, ..Limits::default() }, &Seed::new(1)).unwrap();
            let ValueRef::List(restored) = restored.as_ref() else { panic!("no list") };
            compare(restored, &model, limits);
        }
        if let Some(Heap::Parts(mut parts)) = list.into_heap() {
            let mut memory = parts.memory();
            while parts.free_one() {
                assert!(parts.memory() <= memory);
                memory = parts.memory();
            }
        }
    }
}

#[test]
fn a_list_has_the_encoding_of_its_size() {
    let limits = ListLimits::default();
    let mut list = List::default();
    for _ in 0..80 {
        list.push(End::Tail, &[b'x'; 98], limits);
    }
    assert_eq!(list.encoding(), "listpack");
    for _ in 0..4 {
        list.push(End::Head, &[b'x'; 98], limits);
    }
    assert_eq!(list.encoding(), "quicklist");
    // It becomes a listpack again when it is half as large as one may be.
    list.delete(0, 40, limits);
    assert_eq!(list.encoding(), "quicklist");
    list.delete(0, 10, limits);
    assert_eq!(list.encoding(), "listpack");
    list.replace(0, &[b'x'; 9000], limits);
    assert_eq!(list.encoding(), "quicklist");
}

#[test]
fn an_element_in_the_middle_is_reached_from_either_end() {
    let limits = ListLimits::Elements(4);
    let mut list = List::default();
    for n in 0..1000 {
        list.push(End::Tail, n.to_string().as_bytes(), limits);
    }
    assert_eq!(list.chunks_len(), 250);
    for n in 0..1000 {
        assert_eq!(list.get(n).unwrap().as_int(), Some(n as i64));
    }
}

/// A payload with a right checksum around bytes that need not be a value.
fn sealed(value_type: u8, body: &[u8]) -> Vec<u8> {
    let mut payload = vec![value_type];
    payload.extend_from_slice(body);
    payload.extend_from_slice(&[10, 0]);
    let sum = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Redis, &payload);
    payload.extend_from_slice(&sum.to_le_bytes());
    payload
}

fn restored(value_type: u8, body: &[u8]) -> Option<Vec<Vec<u8>>> {
    let value = restore(&sealed(value_type, body), &Limits::default(), &Seed::new(1)).ok()?;
    let ValueRef::List(list) = value.as_ref() else { panic!("no list") };
    let again = restore(&dump(&value.as_ref()), &Limits::default(), &Seed::new(1)).expect("its own dump");
    let ValueRef::List(again) = again.as_ref() else { panic!("no list") };
    let elements = |list: &List| list.iter().map(|element| element.to_vec()).collect::<Vec<_>>();
    assert_eq!(elements(list), elements(again));
    Some(elements(list))
}

const ZIPLIST: &[u8] = b"\x18\x18\0\0\0\x15\0\0\0\x04\0\0\x03foo\x05\xFE\xFB\x03\x01n\x03\xF1\xFF";
const LISTPACK: &[u8] = b"\x0e\x0e\0\0\0\x02\0\x83foo\x04\x07\x01\xFF";

#[test]
fn every_form_that_redis_has_saved_is_restored() {
    let list = |elements: &[&str]| Some(elements.iter().map(|element| element.as_bytes().to_vec()).collect());
    let packed = |parts: &[&[u8]]| parts.concat();
    let of_ziplist = ["foo", "-5", "n", "0"];
    assert_eq!(restored(1, b"\x03\x01a\xC0\x07\x00"), list(&["a", "7", ""]));
    assert_eq!(restored(10, ZIPLIST), list(&of_ziplist));
    assert_eq!(restored(14, &packed(&[b"\x02", ZIPLIST, ZIPLIST])), list(&[of_ziplist, of_ziplist].concat()));
    let nodes = packed(&[b"\x03\x02", LISTPACK, b"\x01\x03big\x02\x07\x07\0\0\0\0\0\xFF"]);
    assert_eq!(restored(18, &nodes), list(&["foo", "7", "big"]));
    for (value_type, body) in
        [(1, &b"\x01\x01a"[..]), (10, ZIPLIST), (14, &packed(&[b"\x01", ZIPLIST])), (18, &nodes)]
    {
        for end in 0..body.len() {
            assert_eq!(restored(value_type, &body[..end]), None, "{value_type} cut at {end}");
        }
    }
    for (value_type, body) in [
        (1, &b"\0"[..]),
        (14, b"\0"),
        (18, b"\0"),
        (18, b"\x01\x03\x01a"),
        (18, b"\x01\x02\x07\x07\0\0\0\0\0\xFF"),
    ] {
        assert_eq!(restored(value_type, body), None, "{body:?}");
    }
    assert_eq!(restored(18, b"\x81\xff\xff\xff\xff\xff\xff\xff\xff"), None);
}

proptest! {
    #[test]
    fn damaged_lists_are_refused_or_make_whole_values(
        value_type in prop::sample::select(vec![1u8, 10, 14, 18]),
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..60),
            (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, byte)| {
                let mut body = [b"\x01\x02", LISTPACK].concat();
                let at = at.index(body.len());
                body[at] = byte;
                body
            }),
            (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, byte)| {
                let mut body = ZIPLIST.to_vec();
                let at = at.index(body.len());
                body[at] = byte;
                body
            }),
        ],
    ) {
        restored(value_type, &body);
    }
}

#[test]
fn a_list_that_grows_at_its_head_has_the_nodes_of_one_that_grows_at_its_tail() {
    let limits = ListLimits::default();
    let (mut head, mut tail) = (List::default(), List::default());
    for number in 0..3_000 {
        let value = format!("element:{number:024}");
        head.push(End::Head, value.as_bytes(), limits);
        tail.push(End::Tail, value.as_bytes(), limits);
        assert!(head.chunks_len() <= tail.chunks_len() + 1, "{} at {number}", head.chunks_len());
        assert_eq!(head.encoding(), tail.encoding(), "of {number}");
    }
    assert!(
        head.iter_from_end(End::Tail).map(|item| item.to_vec()).eq(tail.iter().map(|item| item.to_vec()))
    );
    // From the old end and from the new one they become listpacks at the same length.
    for old in [true, false] {
        let (mut head, mut tail) = (head.clone(), tail.clone());
        let (of_head, of_tail) = if old { (End::Tail, End::Head) } else { (End::Head, End::Tail) };
        while !head.is_empty() {
            head.delete_at(of_head, 1, limits);
            tail.delete_at(of_tail, 1, limits);
            assert_eq!(head.encoding(), tail.encoding(), "of {}", head.len());
        }
    }
}
