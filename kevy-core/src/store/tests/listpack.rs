//! Listpacks as sequences, and against damage.

use proptest::prelude::*;

use crate::store::listpack::{Listpack, item};

fn contents(list: &Listpack) -> Vec<Vec<u8>> {
    list.iter().map(|(_, raw)| item(raw).to_vec()).collect()
}

fn element() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..70),
        prop::collection::vec(any::<u8>(), 4_090..4_100),
        prop::collection::vec(any::<u8>(), 16_370..16_390),
        any::<i64>().prop_map(|value| value.to_string().into_bytes()),
        (any::<i64>(), 0u32..64).prop_map(|(value, by)| (value >> by).to_string().into_bytes()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 4 } else { 256 }, ..ProptestConfig::default() })]

    #[test]
    fn a_listpack_is_a_sequence(
        steps in prop::collection::vec((0u8..4, any::<prop::sample::Index>(), element()), 0..60),
    ) {
        let mut list = Listpack::new();
        let mut model: Vec<Vec<u8>> = Vec::new();
        for (action, index, value) in steps {
            match action {
                0 | 1 => {
                    let index = index.index(model.len() + 1);
                    let at = list.seek(index as i64).unwrap_or(list.end());
                    list.insert(at, &value);
                    model.insert(index, value);
                }
                2 if !model.is_empty() => {
                    let index = index.index(model.len());
                    let next = list.replace(list.seek(index as i64).unwrap(), &value);
                    prop_assert_eq!(list.seek(index as i64 + 1).unwrap_or(list.end()), next);
                    model[index] = value;
                }
                3 if !model.is_empty() => {
                    let index = index.index(model.len());
                    let count = value.len() % 3 + 1;
                    list.delete(list.seek(index as i64).unwrap(), count);
                    model.drain(index..(index + count).min(model.len()));
                }
                _ => {}
            }
            prop_assert_eq!(list.len(), model.len());
        }
        prop_assert_eq!(contents(&list), model.clone());
        for index in 0..model.len() as i64 {
            let at = list.seek(index).unwrap();
            prop_assert_eq!(list.seek(index - model.len() as i64), Some(at));
            prop_assert_eq!(&*list.get(at).unwrap(), &model[index as usize][..]);
        }
        for value in model.iter().map(Vec::as_slice).chain([&b"absent"[..], b"", b"12345"]) {
            for stride in 1..=3 {
                let wanted = (0..model.len()).step_by(stride).find(|&index| model[index] == value);
                let found = list.find(value, stride);
                prop_assert_eq!(found.map(|(index, _)| index), wanted);
                prop_assert_eq!(found.map(|(_, at)| at), wanted.and_then(|index| list.seek(index as i64)));
            }
        }
        prop_assert_eq!(list.seek(model.len() as i64), None);
        prop_assert_eq!(list.seek(-1 - model.len() as i64), None);
        let again = Listpack::from_bytes(list.as_bytes().to_vec()).unwrap();
        prop_assert_eq!(contents(&again), model);
    }

    #[test]
    fn damaged_bytes_are_refused_or_walk_whole(
        values in prop::collection::vec(element(), 0..12),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut list = Listpack::new();
        values.iter().for_each(|value| list.push(value));
        let mut bytes = list.as_bytes().to_vec();
        let cut = cut.index(bytes.len());
        prop_assert!(Listpack::from_bytes(bytes[..cut].to_vec()).is_err());
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(list) = Listpack::from_bytes(bytes) {
            let forwards = contents(&list);
            let mut backwards = Vec::new();
            let mut at = list.last();
            while let Some(here) = at {
                backwards.push(list.get(here).unwrap().to_vec());
                at = list.previous(here);
            }
            backwards.reverse();
            prop_assert_eq!(forwards, backwards);
        }
    }
}

#[test]
fn more_elements_than_the_header_can_count_are_counted() {
    let mut list = Listpack::new();
    let total = if cfg!(miri) { 100 } else { 65_600 };
    for number in 0..total {
        list.push_int(number);
    }
    assert_eq!(list.len() as i64, total);
    list.delete(list.first().unwrap(), 90);
    assert_eq!(list.len() as i64, total - 90);
    let again = Listpack::from_bytes(list.as_bytes().to_vec()).unwrap();
    assert_eq!(again.len() as i64, total - 90);
}
