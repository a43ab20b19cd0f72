use proptest::prelude::*;

use super::text::DEPTH_MAX;
use super::*;
use crate::store::collection::ValueType as _;
use crate::store::garbage::Heap;

fn json(text: &str) -> Json {
    Json::new(parse(text).expect("JSON"))
}

fn found(document: &str, path: &str) -> String {
    let json = json(document);
    let path = Path::parse(path).expect("a path");
    let nodes = json.find(&path).expect("little work");
    String::from_utf8(print(&Answer::Many(nodes), Layout::default(), usize::MAX).unwrap()).unwrap()
}

#[test]
fn paths_lead_where_redisjson_goes() {
    let store = r#"{"store":{"book":[{"category":"reference","author":"Nigel Rees","price":8.95},
        {"category":"fiction","author":"Evelyn Waugh","price":12.99},
        {"category":"fiction","author":"Herman Melville","isbn":"0-553-21311-3","price":8.99}],
        "bicycle":{"color":"red","price":19.95}},"limit":10,"a-b":1,"it's":2,"\"q\"":3}"#;
    for (path, expected) in [
        ("$.store.book[*].author", r#"["Nigel Rees","Evelyn Waugh","Herman Melville"]"#),
        ("$..price", "[8.95,12.99,8.99,19.95]"),
        ("$.store.bicycle.*", r#"["red",19.95]"#),
        ("$..book[2].author", r#"["Herman Melville"]"#),
        ("$..book[-1].price", "[8.99]"),
        ("$..book[-9].price", "[8.95]"),
        ("$..book[0,1].price", "[8.95,12.99]"),
        ("$..book[:2].price", "[8.95,12.99]"),
        ("$..book[1:].price", "[12.99,8.99]"),
        ("$..book[::2].price", "[8.95,8.99]"),
        ("$..book[0:9:2].price", "[8.95,8.99]"),
        ("$..book[?(@.isbn)].price", "[8.99]"),
        ("$..book[?@.price<10].price", "[8.95,8.99]"),
        ("$..book[?(@.price < $.limit && @.category == 'fiction')].price", "[8.99]"),
        ("$..book[?(@.price > 12 || (@.isbn && @.price < 9))].price", "[12.99,8.99]"),
        ("$..book[?(@.author =~ 'ee')].price", "[8.95]"),
        (r#"$..book[?(@.author =~ "(?i)^h")].price"#, "[8.99]"),
        ("$..book[?(@.isbn != null)].price", "[8.95,12.99,8.99]"),
        ("$.store['bicycle','book'].color", r#"["red"]"#),
        ("$['a-b']", "[1]"),
        ("$.a-b", "[1]"),
        (r#"$["it's"]"#, "[2]"),
        (r#"$['it\'s']"#, "[2]"),
        (r#"$["\"q\""]"#, "[3]"),
        ("$.[\"limit\"]", "[10]"),
        ("$. limit", "[10]"),
        ("$.store.book[99999999999999999999]", "[]"),
        ("$.store.book.price", "[]"),
        ("$.nothing..at.all[*]", "[]"),
        ("$.*[0]", "[]"),
        ("limit", "[10]"),
        (".limit", "[10]"),
        ("..limit", "[10]"),
        ("[\"limit\"]", "[10]"),
    ] {
        assert_eq!(found(store, path), expected, "{path}");
    }
    assert_eq!(found("[1,[2,[3]]]", "$..[0]"), "[1,2,3]");
    assert_eq!(found("[1,[2,[3]]]", "$..*"), "[1,[2,[3]],2,[3],3]");
    assert_eq!(found("7", "$[?(@ > 5)]"), "[7]");
    assert_eq!(found("[1,1.0,\"1\",true,null]", "$[?(@ == 1)]"), "[1,1.0]");
    assert_eq!(
        found("[{\"a\":[1]},{\"a\":[1.0]},{\"a\":[2]}]", "$[?(@.a == $[0].a)]"),
        "[{\"a\":[1]},{\"a\":[1.0]}]"
    );
    assert_eq!(found("{\"x\":{\"a\":1},\"y\":{\"a\":2}}", "$[?(@.a>1)]"), "[{\"a\":2}]");
}

#[test]
fn what_is_no_path_is_refused() {
    for text in [
        "$.",
        "$..",
        "$[",
        "$[]",
        "$['a",
        "$[1",
        "$[1:2:0]",
        "$[?]",
        "$[?(@.a]",
        "$[?(@.a>)]",
        "$.a b",
        "$[01]",
        "$[-]",
        "$.a[?(@.x == 'y)]",
        "",
        " ",
        "$.\u{0}",
        "$a b",
        "$[?(1 == 1)] x",
    ] {
        assert!(Path::parse(text).is_err(), "{text:?}");
    }
    let error = Path::parse("$.a[").unwrap_err().to_string();
    assert!(error.starts_with("Error occurred on position 4, \"$.a[ ---->>>> \","), "{error}");
}

#[test]
fn hostile_paths_end_soon() {
    for text in ["(", "[?(@", "[", "..", "!", "[?(@.a&&", "'"] {
        assert!(Path::parse(&format!("$[?{}", text.repeat(100_000))).is_err(), "{text}");
        assert!(Path::parse(&format!("${}", text.repeat(100_000))).is_err(), "{text}");
    }
    assert!(Path::parse(&format!("${}", ".a".repeat(100_000))).is_err());
    // As deep as can be, and looked through from everywhere to everywhere.
    let deep = json(&format!("{}{}", "[".repeat(DEPTH_MAX), "]".repeat(DEPTH_MAX)));
    let path = Path::parse(&format!("${}", "..[0]".repeat(40))).unwrap();
    assert_eq!(deep.locate(&path), Err(TooMuchWork));
    let wide = json(&format!("[{}]", vec!["{\"a\":1}"; 20_000].join(",")));
    let path = Path::parse("$[?(@.a == $..b)]").unwrap();
    assert_eq!(wide.find(&path).err(), Some(TooMuchWork));
    let path = Path::parse("$..[?(@.a)]..[?(@)]").unwrap();
    assert!(wide.find(&path).is_ok());
}

#[test]
fn numbers_keep_their_type() {
    for text in [
        "0",
        "-1",
        "9223372036854775807",
        "-9223372036854775808",
        "9223372036854775808",
        "18446744073709551615",
        "1.0",
        "1.5",
        "-0.0",
        "1e300",
        "1.7976931348623157e308",
        "5e-324",
    ] {
        let node = parse(text).unwrap();
        assert_eq!(Json::new(node).to_text(), text.as_bytes(), "{text}");
    }
    assert_eq!(json("18446744073709551616").to_text(), b"1.8446744073709552e19");
    assert!(parse("1e400").is_err());
    assert!(parse("NaN").is_err());
    assert!(parse("01").is_err());
}

#[test]
fn nesting_has_a_limit() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse(&nested(DEPTH_MAX)).is_ok());
    assert!(parse(&nested(DEPTH_MAX + 1)).is_err());
    assert!(parse(&"[".repeat(1_000_000)).is_err());
    assert_eq!(parse(&nested(DEPTH_MAX)).unwrap().depth(), DEPTH_MAX);
}

#[test]
fn text_is_laid_out_as_asked() {
    let json = json(r#"{"a":[1,{}],"b":[]}"#);
    let layout = Layout { indent: "\t", newline: "\n", space: " " };
    let text = print(json.root(), layout, usize::MAX).unwrap();
    assert_eq!(text, b"{\n\t\"a\": [\n\t\t1,\n\t\t{}\n\t],\n\t\"b\": []\n}");
    assert_eq!(print(json.root(), layout, text.len()), Ok(text.clone()));
    assert_eq!(print(json.root(), layout, text.len() - 1), Err(TooLong));
}

/// Any value of a few levels.
fn nodes() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        Just(Node::Null),
        any::<bool>().prop_map(Node::Bool),
        any::<i64>().prop_map(Node::Int),
        any::<f64>().prop_filter("finite", |value| value.is_finite()).prop_map(Node::Float),
        ".{0,8}".prop_map(|text| Node::String(text.into())),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Node::Array),
            prop::collection::vec(("[a-d]", inner), 0..6).prop_map(|members| {
                Node::Object(Box::new(members.into_iter().map(|(key, node)| (key.into(), node)).collect()))
            }),
        ]
    })
}

#[derive(Clone, Debug)]
enum Change {
    Replace(Node),
    Add(String, Node),
    Merge(Node),
    Remove,
    Append(Vec<Node>),
    Insert(usize, Vec<Node>),
    Take(usize),
    Trim(usize, usize),
    Text(String),
    Clear,
    Toggle,
}

fn changes() -> impl Strategy<Value = Change> {
    let some = || prop::collection::vec(nodes(), 1..3);
    prop_oneof![
        nodes().prop_map(Change::Replace),
        ("[a-d]", nodes()).prop_map(|(key, node)| Change::Add(key, node)),
        nodes().prop_map(Change::Merge),
        Just(Change::Remove),
        some().prop_map(Change::Append),
        (0..4usize, some()).prop_map(|(at, nodes)| Change::Insert(at, nodes)),
        (0..4usize).prop_map(Change::Take),
        (0..4usize, 0..4usize).prop_map(|(start, end)| Change::Trim(start, end)),
        ".{0,5}".prop_map(Change::Text),
        Just(Change::Clear),
        Just(Change::Toggle),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn text_leads_back_to_the_value(node in nodes()) {
        let json = Json::new(node.clone());
        let again = parse(std::str::from_utf8(&json.to_text()).unwrap()).unwrap();
        prop_assert!(again.is_same(&node));
    }

    #[test]
    fn the_size_is_right_after_every_change(
        start in nodes(),
        changes in prop::collection::vec(("(\\$|\\$\\.[a-d]|\\$\\.\\.[a-d]|\\$\\.\\.\\[[0-3]\\]|\\$\\.\\.\\*)", changes()), 1..20),
    ) {
        let mut json = Json::new(start);
        for (path, change) in changes {
            let places = json.locate(&Path::parse(&path).unwrap()).unwrap();
            if let Change::Remove = change {
                let mut kept = places.clone();
                kept.sort();
                kept.dedup_by(|place, before| place.starts_with(before));
                let expected = kept.iter().filter(|place| !place.is_empty()).count();
                prop_assert_eq!(json.remove(places), expected);
            } else {
                for place in places.iter().rev() {
                    match &change {
                        Change::Replace(node) => { json.replace(place, node.clone()); }
                        Change::Add(key, node) => { json.add_member(place, key, node.clone()); }
                        Change::Merge(node) => { json.merge(place, node); }
                        Change::Remove => {}
                        Change::Append(nodes) => { json.append_elements(place, nodes); }
                        Change::Insert(at, nodes) => { json.insert_elements(place, *at, nodes); }
                        Change::Take(at) => { json.take_element(place, *at); }
                        Change::Trim(start, end) => { json.trim(place, *start..*end); }
                        Change::Text(text) => { json.append_text(place, text); }
                        Change::Clear => { json.clear(place); }
                        Change::Toggle => { json.toggle(place); }
                    }
                }
            }
            prop_assert_eq!(json.0.size, json.root().size(), "after {} {:?}", path, change);
        }
        let memory = json.memory();
        let Some(Heap::Parts(mut parts)) = json.into_heap() else { panic!("no parts") };
        prop_assert!(parts.memory() <= memory + 64);
        while parts.free_one() {}
        prop_assert!(parts.memory() <= 64, "{} bytes are left", parts.memory());
    }
}
