//! Connections: who they are, what they say, and how they end.

use crate::base::live_redis::LiveRedis;
use crate::command::session::{ReplyMode, Request};
use crate::command::testing::Harness;
use crate::resp::Protocol;

use super::script::compare;

#[test]
fn small_talk_is_redis_small_talk() {
    compare(
        r#"
        PING
        PING hello
        PING a b
        ECHO hello
        ECHO
        ECHO a b
        SELECT 1
        SELECT 15
        SELECT 16
        SELECT -1
        SELECT x
        SELECT
        SELECT 0
        AUTH x
        AUTH a b
        AUTH default anything
        AUTH default
        AUTH a b c
        AUTH
        CLIENT GETNAME
        CLIENT SETNAME me
        CLIENT GETNAME
        CLIENT SETNAME "a b"
        CLIENT SETNAME "a\nb"
        CLIENT SETNAME "\xe9"
        CLIENT SETNAME ""
        CLIENT GETNAME
        CLIENT SETNAME
        CLIENT GETREDIR
        CLIENT TRACKINGINFO
        CLIENT NO-EVICT on
        CLIENT NO-EVICT OFF
        CLIENT NO-EVICT x
        CLIENT NO-EVICT
        CLIENT REPLY ON
        CLIENT REPLY x
        CLIENT REPLY
        CLIENT LIST TYPE
        CLIENT LIST TYPE x
        CLIENT LIST TYPE replica
        CLIENT LIST TYPE SLAVE
        CLIENT LIST TYPE pubsub
        CLIENT LIST TYPE master
        CLIENT LIST ID
        CLIENT LIST ID x
        CLIENT LIST ID 99999
        CLIENT LIST FOO BAR
        CLIENT KILL
        CLIENT KILL 1.2.3.4:5
        CLIENT KILL ID x
        CLIENT KILL ID 0
        CLIENT KILL ID 99999
        CLIENT KILL TYPE x
        CLIENT KILL TYPE replica
        CLIENT KILL USER nobody
        CLIENT KILL USER default TYPE master
        CLIENT KILL SKIPME x
        CLIENT KILL ADDR 1.2.3.4:5 LADDR 1.2.3.4:6 SKIPME no
        CLIENT KILL ID 1 ADDR
        CLIENT KILL FOO x
        CLIENT ID x
        CLIENT INFO x
        CLIENT FOO
        CLIENT
        HELLO x
        HELLO 1
        HELLO 4
        HELLO 2 FOO
        HELLO 2 AUTH a
        HELLO 2 AUTH a b
        HELLO 2 SETNAME
        HELLO 2 SETNAME "a b"
        HELLO FOO
        HELLO 3 AUTH default x SETNAME you FOO
        "#,
    );
}

/// A reply with what differs between two servers taken out: numbers and the version.
fn shape(reply: &str) -> String {
    let reply = reply.replace("7.0.15", "7.2.4");
    reply
        .split("\\r\\n")
        .filter(|line| !line.starts_with(':') && !line.starts_with('$'))
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn hello_answers_the_same_map_and_switches_the_protocol() {
    let mut redis = LiveRedis::start();
    for version in ["2", "3", "2"] {
        let mut bench = Harness::with_shards(1);
        let reply = bench.line(&format!("HELLO {version} SETNAME me"));
        let expected = redis.exchange(&[b"HELLO", version.as_bytes(), b"SETNAME", b"me"]);
        assert_eq!(shape(&reply), shape(&expected.escape_ascii().to_string()));
        assert!(reply.contains(&format!("proto\\r\\n:{version}")), "{reply}");
        assert!(reply.contains(&format!("id\\r\\n:{}\\r\\n", bench.session.client.id)));
        assert_eq!(bench.protocol == Protocol::Resp3, version == "3");
        assert_eq!(bench.line("CLIENT GETNAME"), "$2\\r\\nme\\r\\n");
    }
}

#[test]
fn a_password_is_asked_for_and_checked() {
    let mut bench = Harness::with_options(1, &[("requirepass", "secret")]);
    bench.session.authenticated = false;
    for wrong in ["", "secre", "secrets", "Secret", "secretsecret"] {
        assert_eq!(
            bench.line(&format!("AUTH \"{wrong}\"")),
            "-WRONGPASS invalid username-password pair or user is disabled.\\r\\n"
        );
    }
    assert!(bench.line("AUTH nobody secret").starts_with("-WRONGPASS"));
    assert!(bench.line("HELLO 3").starts_with("-NOAUTH HELLO must be called with the client already"));
    assert!(bench.line("HELLO 3 AUTH default wrong").starts_with("-WRONGPASS"));
    assert!(!bench.session.authenticated);
    assert_eq!(bench.protocol, Protocol::Resp2);
    assert!(bench.line("HELLO 3 AUTH default secret").starts_with("%7"));
    assert!(bench.session.authenticated);
    bench.session = bench.open(9, "1.2.3.4:5", "1.2.3.4:6");
    bench.session.authenticated = false;
    assert_eq!(bench.line("AUTH secret"), "+OK\\r\\n");
    assert!(bench.session.authenticated);
    assert_eq!(bench.line("RESET"), "+RESET\\r\\n");
    assert!(!bench.session.authenticated, "a connection must prove itself again");
    assert!(bench.line("INFO stats").contains("acl_access_denied_auth:7"));
}

#[test]
fn reset_puts_everything_back() {
    let mut bench = Harness::with_shards(3);
    for line in [
        "SELECT 3",
        "CLIENT SETNAME me",
        "CLIENT NO-TOUCH ON",
        "CLIENT NO-EVICT ON",
        "HELLO 3",
        "WATCH a b c",
        "MULTI",
    ] {
        bench.line(line);
    }
    assert_eq!(bench.line("RESET"), "+RESET\\r\\n");
    assert_eq!(bench.protocol, Protocol::Resp2);
    assert_eq!(bench.session.db, 0);
    assert!(bench.session.transaction.is_none() && bench.session.watched.is_empty());
    assert!(!bench.session.no_touch);
    assert_eq!(bench.line("CLIENT GETNAME"), "$-1\\r\\n");
    let info = bench.line("CLIENT INFO");
    assert!(info.contains(" flags=N ") && info.contains(" db=0 "), "{info}");
}

#[test]
fn quit_answers_and_then_closes() {
    let mut bench = Harness::with_shards(1);
    assert_eq!(bench.line("QUIT"), "+OK\\r\\n");
    assert_eq!(bench.session.request, Some(Request::Close));
}

#[test]
fn replies_are_left_out_when_the_client_says_so() {
    let mut bench = Harness::with_shards(1);
    assert_eq!(bench.line("CLIENT REPLY SKIP"), "");
    assert_eq!(bench.session.reply_mode, ReplyMode::SkipNext);
    assert_eq!(bench.line("CLIENT REPLY OFF"), "");
    assert_eq!(bench.session.reply_mode, ReplyMode::Off);
    bench.line("CLIENT REPLY SKIP");
    assert_eq!(bench.session.reply_mode, ReplyMode::Off);
    assert_eq!(bench.line("CLIENT REPLY ON"), "+OK\\r\\n");
    assert_eq!(bench.session.reply_mode, ReplyMode::On);
}

/// The names of the fields of a line of CLIENT LIST.
fn field_names(line: &str) -> Vec<String> {
    line.split(' ').filter_map(|field| field.split_once('=')).map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn a_client_is_shown_with_redis_fields_in_their_order() {
    let mut redis = LiveRedis::start();
    let theirs = String::from_utf8(redis.command(&[b"CLIENT", b"LIST"]).into_bytes()).expect("text");
    let mut bench = Harness::with_shards(1);
    bench.line("CLIENT SETNAME me");
    bench.line("CLIENT SETINFO LIB-NAME kevy-test");
    bench.line("CLIENT SETINFO lib-ver 1.2");
    assert!(bench.line("CLIENT SETINFO LIB-VER \"1 2\"").starts_with("-ERR LIB-VER cannot contain spaces"));
    assert!(bench.line("CLIENT SETINFO FOO x").contains("ERR Unrecognized option"));
    bench.now += 5_000;
    let ours = bench.line("CLIENT LIST");
    let mut ours_names = field_names(ours.split("\\r\\n").nth(1).expect("a line").trim_end_matches("\\n"));
    for later in ["watch", "lib-name", "lib-ver"] {
        ours_names.retain(|name| name != later);
    }
    assert_eq!(ours_names, field_names(theirs.trim_end()));
    for field in
        [" name=me ", " age=5 ", " fd=-1 ", " cmd=client|list ", " user=default ", " resp=2 ", " multi=-1 "]
    {
        assert!(ours.contains(field), "{field} in {ours}");
    }
    assert!(ours.contains(" lib-name=kevy-test lib-ver=1.2\\n"), "{ours}");
    assert!(bench.line("CLIENT INFO").contains(" cmd=client|info "));
}

#[test]
fn clients_are_listed_and_ended_by_what_they_are() {
    let mut bench = Harness::with_shards(1);
    let first = bench.open(7, "10.0.0.1:1000", "10.0.0.9:6379");
    bench.now += 60_000;
    let second = bench.open(8, "10.0.0.2:1000", "10.0.0.9:6379");
    let lines = |reply: String| reply.matches("id=").count();
    assert_eq!(lines(bench.line("CLIENT LIST")), 3);
    assert_eq!(lines(bench.line("CLIENT LIST TYPE normal")), 3);
    let ids = format!("CLIENT LIST ID {} {} 999", second.client.id, first.client.id);
    assert_eq!(lines(bench.line(&ids)), 2);
    assert_eq!(bench.line("CLIENT KILL LADDR 10.0.0.9:6379 MAXAGE 30"), ":1\\r\\n");
    assert!(first.client.is_killed() && !second.client.is_killed());
    assert!(bench.line("CLIENT LIST").contains(" flags=A "));
    assert_eq!(bench.line("CLIENT KILL 10.0.0.2:1000"), "+OK\\r\\n");
    assert!(second.client.is_killed());
    assert_eq!(bench.line("CLIENT KILL TYPE normal ID 999"), ":0\\r\\n");
    assert!(bench.line("CLIENT KILL MAXAGE 0 ID 1").contains("maxage should be greater than 0"));
    assert!(bench.line("CLIENT KILL MAXAGE x ID 1").contains("maxage is not an integer"));
    let me = bench.session.client.id;
    assert_eq!(bench.line(&format!("CLIENT KILL ID {me}")), ":0\\r\\n", "one's own is skipped");
    assert_eq!(bench.line(&format!("CLIENT KILL ID {me} SKIPME no")), ":1\\r\\n");
    assert!(bench.session.client.is_killed(), "an in-process session ends at once");
    bench.session = bench.open(9, "10.0.0.3:1000", "");
    assert_eq!(bench.line("CLIENT KILL 10.0.0.3:1000"), "+OK\\r\\n");
    assert_eq!(bench.session.request, Some(Request::Close), "a connection ends after the reply");
    assert!(!bench.session.client.is_killed());
}

#[test]
fn reads_with_no_touch_leave_the_idle_time_alone() {
    let mut bench = Harness::with_shards(1);
    bench.line("SET k v");
    bench.now += 60_000;
    bench.line("CLIENT NO-TOUCH ON");
    bench.line("GET k");
    assert_eq!(bench.line("OBJECT IDLETIME k"), ":60\\r\\n");
    bench.line("TOUCH k");
    assert_eq!(bench.line("OBJECT IDLETIME k"), ":0\\r\\n", "TOUCH says so itself");
    bench.now += 60_000;
    bench.line("CLIENT NO-TOUCH OFF");
    bench.line("EXISTS k");
    bench.line("TTL k");
    bench.line("TYPE k");
    assert_eq!(bench.line("OBJECT IDLETIME k"), ":60\\r\\n");
    bench.line("GET k");
    assert_eq!(bench.line("OBJECT IDLETIME k"), ":0\\r\\n");
}

#[test]
fn help_names_every_subcommand() {
    for (verb, subcommands) in [
        ("CLIENT", &["KILL (<ip:port>|", "NO-TOUCH (ON|OFF)", "SETINFO "][..]),
        ("OBJECT", &["ENCODING <key>", "FREQ <key>"]),
        ("CONFIG", &["SET <parameter> <value> [<parameter> <value> ...]", "RESETSTAT\\r"]),
        ("COMMAND", &["LIST [FILTERBY (", "DOCS [<command-name> [<command-name> ...]]"]),
        ("MEMORY", &["USAGE <key> [SAMPLES <count>]"]),
        ("DEBUG", &["SLEEP <seconds>"]),
    ] {
        let mut bench = Harness::with_shards(1);
        let reply = bench.line(&format!("{verb} HELP"));
        assert!(reply.contains(&format!("+{verb} <subcommand>")), "{reply}");
        for subcommand in subcommands {
            assert!(reply.contains(&format!("+{subcommand}")), "{subcommand} in {reply}");
        }
        assert!(reply.contains("+HELP\\r\\n"));
    }
}
