//! COMMAND: the table in Redis's reply shapes.

use crate::base::live_redis::LiveRedis;
use crate::command::testing::Harness;
use crate::command::{CommandSet, Commands};
use crate::resp::Protocol;

use super::script::compare;

#[test]
fn questions_about_commands_are_answered_as_redis_does() {
    compare(
        r#"
        COMMAND GETKEYS get k
        COMMAND GETKEYS mset a 1 b 2
        COMMAND GETKEYS del a b c
        COMMAND GETKEYS rename a b
        COMMAND GETKEYS object encoding k
        COMMAND GETKEYS ping x
        COMMAND GETKEYS get a b
        COMMAND GETKEYS get
        COMMAND GETKEYS nope x
        COMMAND GETKEYS client nope
        COMMAND GETKEYS client id
        COMMAND GETKEYS client kill x
        COMMAND GETKEYS
        COMMAND GETKEYSANDFLAGS incr k
        COMMAND GETKEYSANDFLAGS rename a b
        COMMAND GETKEYSANDFLAGS ping x
        COMMAND LIST FILTERBY MODULE x
        COMMAND LIST FILTERBY X y
        COMMAND LIST FILTERBY PATTERN nope*
        COMMAND LIST FILTERBY PATTERN
        COMMAND LIST FILTERBY
        COMMAND LIST x
        %COMMAND LIST FILTERBY PATTERN pexpire*
        %COMMAND LIST FILTERBY PATTERN OBJECT*
        %COMMAND LIST FILTERBY ACLCAT transaction
        COMMAND LIST FILTERBY ACLCAT nope
        COMMAND COUNT x
        COMMAND INFO nope
        COMMAND INFO client|nope nope|nope
        COMMAND DOCS nope
        COMMAND FOO
        "#,
    );
}

#[test]
fn info_of_every_command_redis_7_0_has_is_what_redis_says() {
    // What Redis 7.2 changed in the rows of 7.0, or says otherwise of a server without modules and scripts.
    const CHANGED: &[&str] = &[
        "client",
        "cluster",
        "command",
        "config",
        "config|rewrite",
        "debug",
        "memory",
        "object",
        "publish",
        "spublish",
        "zrank",
        "zrevrank",
    ];
    let mut redis = LiveRedis::start();
    let set = CommandSet::redis();
    let mut compared = 0;
    for (protocol, version) in [(Protocol::Resp2, "2"), (Protocol::Resp3, "3")] {
        redis.exchange(&[b"HELLO", version.as_bytes()]);
        let mut bench = Harness::with_shards(1);
        bench.protocol = protocol;
        for number in 0..set.count() {
            let name = set.name(number);
            let arguments: [&[u8]; 3] = [b"COMMAND", b"INFO", name.as_bytes()];
            let theirs = lines(&redis.exchange(&arguments));
            // Some rows of Redis carry a note on a key, which is no fact about it.
            let has_note = theirs.iter().any(|line| line == "notes");
            if theirs.len() < 5 || has_note || CHANGED.contains(&name) {
                continue;
            }
            compared += 1;
            let ours = lines(&bench.run(&arguments));
            assert_eq!(ours, theirs, "{name}");
        }
    }
    assert!(compared > 150, "{compared}");
}

/// The lines of a reply, sorted: flags and categories are sets.
fn lines(reply: &[u8]) -> Vec<String> {
    let text = reply.escape_ascii().to_string();
    let mut lines: Vec<String> = text.split("\\r\\n").map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn every_command_is_listed_counted_and_documented() {
    let set = CommandSet::redis();
    for protocol in [Protocol::Resp2, Protocol::Resp3] {
        let mut bench = Harness::with_shards(1);
        bench.protocol = protocol;
        let verbs = (0..set.count()).filter(|&number| !set.name(number).contains('|')).count();
        assert_eq!(bench.line("COMMAND COUNT"), format!(":{verbs}\\r\\n"));
        for all in ["COMMAND", "COMMAND INFO", "COMMAND LIST"] {
            let count = if all.ends_with("LIST") { set.count() } else { verbs };
            assert!(bench.line(all).starts_with(&format!("*{count}\\r\\n")), "{all}");
        }
        let docs = bench.line("COMMAND DOCS");
        let header =
            if protocol == Protocol::Resp3 { format!("%{verbs}") } else { format!("*{}", 2 * verbs) };
        assert!(docs.starts_with(&header), "{}", &docs[..40]);
        for number in 0..set.count() {
            let name = set.name(number);
            assert!(docs.contains(&format!("\\r\\n{name}\\r\\n")), "{name}");
            assert!(!set.command(number).spec.summary.is_empty(), "{name}");
        }
    }
}

#[test]
fn docs_tell_the_grammar_of_arguments() {
    let mut bench = Harness::with_shards(1);
    bench.protocol = Protocol::Resp3;
    let docs = bench.line("COMMAND DOCS expire").replace("\\r\\n", " ");
    for part in [
        "%1 $6 expire %",
        "$5 group $7 generic",
        "$9 arguments *3 %4 $4 name $3 key $4 type $3 key $12 display_text $3 key $14 key_spec_index :0",
        "$4 type $5 oneof $5 since $5 7.0.0 $5 flags ~1 +optional $9 arguments *4 %4 $4 name $2 nx $4 type $10 pure-token",
    ] {
        assert!(docs.contains(part), "{part} in {docs}");
    }
    let docs = bench.line("COMMAND DOCS object client|kill").replace("\\r\\n", " ");
    assert!(docs.starts_with("%2 $6 object %"), "{docs}");
    assert!(docs.contains("$11 subcommands %5 $15 object|encoding %"), "{docs}");
    assert!(docs.contains("$11 client|kill %"), "{docs}");
}
