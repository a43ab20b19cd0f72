//! Rules as the handlers' tests of other modules cannot see them: round trips, and in-process sessions.

use proptest::prelude::*;

use crate::command::testing::Harness;
use crate::command::{CommandSet, Commands};

use super::rule::join_selectors;
use super::user::{Rules, User};

fn rules(commands: &dyn Commands, words: &[&str]) -> Rules {
    let mut rules = Rules::new(commands, false);
    for word in words {
        rules.apply(word.as_bytes(), commands).unwrap_or_else(|error| panic!("{word}: {error}"));
    }
    rules
}

fn written(rules: &Rules) -> String {
    let mut out = Vec::new();
    rules.write(&mut out);
    String::from_utf8(out).expect("text")
}

#[test]
fn selectors_may_come_in_several_arguments() {
    let join = |words: &[&str]| {
        let args: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        match join_selectors(&args) {
            Ok(rules) => Ok(rules.iter().map(|rule| String::from_utf8_lossy(rule).into_owned()).collect()),
            Err(open) => Err(String::from_utf8_lossy(open).into_owned()),
        }
    };
    assert_eq!(
        join(&["on", "(+get", "~a", ")", "off"]),
        Ok(vec!["on".into(), "(+get ~a )".into(), "off".into()])
    );
    assert_eq!(join(&["(+get)", "(", ")"]), Ok(vec!["(+get)".into(), "( )".into()]));
    assert_eq!(join(&["on", "(+get", "~a"]), Err::<Vec<String>, _>("(+get".into()));
}

#[test]
fn who_may_do_everything_is_known_by_a_flag() {
    let commands = CommandSet::redis();
    for (words, is_free) in [
        (&["+@all", "~*", "&*"][..], true),
        (&["+@all", "~*"], false),
        (&["+@all", "~*", "&*", "-get"], false),
        (&["+@all", "~*", "&*", "-get", "+get"], false),
        (&["(+@all ~* &*)"], true),
        (&["+@all", "(~* &*)"], false),
    ] {
        assert_eq!(User::new(b"ann", rules(&commands, words)).is_free(), is_free, "{words:?}");
    }
    assert!(User::owner().is_free());
}

#[test]
fn in_process_sessions_are_free_until_they_say_who_they_are() {
    let mut bench = Harness::new();
    assert_eq!(bench.line("ACL SETUSER default off -@all"), "+OK\\r\\n");
    assert!(bench.session.is_trusted());
    assert_eq!(bench.line("ACL WHOAMI"), "$7\\r\\ndefault\\r\\n");
    bench.line("ACL SETUSER ann on nopass ~a +get +acl");
    assert_eq!(bench.line("AUTH ann x"), "+OK\\r\\n");
    assert!(!bench.session.is_trusted());
    assert_eq!(bench.line("RESET"), "+RESET\\r\\n");
    assert!(bench.session.is_trusted());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Any bytes are a rule that is taken or refused, and what is taken is told in rules that make the same user.
    #[test]
    fn any_bytes_are_taken_or_refused(
        words in proptest::collection::vec(
            prop_oneof![
                "[~%&+@()RWrw*a-z|#>-]{0,8}",
                "[+-](get|set|config|config\\|get|select\\|[01]|@[a-z]{3,10}|@hash|@all)",
                "(%R|%W|%RW|%)?~[a-c*?]{0,3}",
                "&[a-c*]{0,3}",
            ],
            0..12,
        )
    ) {
        let commands = CommandSet::redis();
        let mut made = Rules::new(&commands, false);
        for word in &words {
            let before = written(&made);
            if made.apply(word.as_bytes(), &commands).is_err() {
                prop_assert_eq!(before, written(&made), "{} changed something", word);
            }
        }
        let text = written(&made);
        let args: Vec<&[u8]> = text.split(' ').map(str::as_bytes).collect();
        let mut again = Rules::new(&commands, false);
        for rule in join_selectors(&args).expect("closed") {
            again.apply(&rule, &commands).unwrap_or_else(|error| panic!("{text}: {error}"));
        }
        prop_assert_eq!(written(&again), text);
    }
}
