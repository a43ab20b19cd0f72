//! What reaches in-process sessions without their asking: messages of channels, events of keys, invalidations, lines of
//! MONITOR, in their order and within bounds.

mod common;

use std::thread;
use std::time::Duration;

use common::{Caller, PATIENCE, Reply, start};
use kevy_core::api::{ErrorKind, Runtime, Session};

fn session(runtime: &Runtime) -> Session {
    runtime.session().expect("a session")
}

/// The texts of the next message, which must be there.
#[track_caller]
fn next(session: &mut Session) -> Vec<String> {
    let message = session.next_push(PATIENCE).expect("no error").expect("a message");
    Reply::from(message).list().iter().map(Reply::text).collect()
}

#[track_caller]
fn nothing(session: &mut Session) {
    assert!(session.next_push(Duration::ZERO).expect("no error").is_none());
}

#[test]
fn subscriptions_answer_one_reply_to_a_command() {
    let runtime = start(1, &[]);
    let mut session = session(&runtime);
    assert_eq!(session.run("SUBSCRIBE a").list().len(), 3);
    let both = session.run("SUBSCRIBE b c");
    assert_eq!(both.list().len(), 2);
    assert_eq!(both.list()[1].list()[1].text(), "c");
    assert_eq!(session.run("UNSUBSCRIBE").list().len(), 3);
    assert_eq!(session.run("PUBLISH a x"), Reply::Integer(0));
    assert_eq!(session.run("PING"), Reply::Simple("PONG".into()));
    nothing(&mut session);
}

#[test]
fn messages_come_in_order() {
    for shards in [1, 3] {
        let runtime = start(shards, &[]);
        let mut subscriber = session(&runtime);
        subscriber.run("SUBSCRIBE news");
        subscriber.run("PSUBSCRIBE n*");
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut publisher = session(&runtime);
                for i in 0..500 {
                    assert_eq!(publisher.run(&format!("PUBLISH news {i}")), Reply::Integer(2));
                }
            });
            for i in 0..500 {
                assert_eq!(next(&mut subscriber), ["message", "news", &i.to_string()]);
                assert_eq!(next(&mut subscriber), ["pmessage", "n*", "news", &i.to_string()]);
            }
        });
        nothing(&mut subscriber);
    }
}

#[test]
fn a_session_that_takes_no_messages_is_ended() {
    let runtime = start(1, &[("client-output-buffer-limit", "pubsub 100kb 0 0")]);
    let (mut slow, mut publisher) = (session(&runtime), session(&runtime));
    slow.run("SUBSCRIBE news");
    let payload = "x".repeat(10_000);
    for _ in 0..20 {
        publisher.run(&format!("PUBLISH news {payload}"));
    }
    assert_eq!(slow.next_push(Duration::ZERO).expect_err("ended").kind(), ErrorKind::Closed);
    assert_eq!(slow.dispatch(&[b"PING"]).expect_err("ended").kind(), ErrorKind::Closed);
}

#[test]
fn sessions_hear_of_keys() {
    let runtime = start(3, &[("notify-keyspace-events", "KA")]);
    let (mut one, mut other) = (session(&runtime), session(&runtime));
    one.run("PSUBSCRIBE __keyspace@0__:*");
    other.run("SET k v");
    other.set(b"direct", b"v").expect("no error");
    assert_eq!(next(&mut one)[2..], ["__keyspace@0__:k", "set"]);
    assert_eq!(next(&mut one)[2..], ["__keyspace@0__:direct", "set"]);
    one.run("PUNSUBSCRIBE");

    one.run("CLIENT TRACKING ON");
    one.run("GET k");
    assert_eq!(one.get(b"direct").expect("no error"), Some(&b"v"[..]));
    other.set(b"direct", b"w").expect("no error");
    other.run("SET k w");
    for key in ["direct", "k"] {
        let message = one.next_push(PATIENCE).expect("no error").expect("a message");
        let message = Reply::from(message);
        assert_eq!(message.list()[0].text(), "invalidate");
        assert_eq!(message.list()[1].list()[0].text(), key);
    }
    nothing(&mut one);
}

#[test]
fn a_monitor_sees_every_command() {
    let runtime = start(3, &[]);
    let (mut one, mut other) = (session(&runtime), session(&runtime));
    one.run("MONITOR");
    other.run("SET k v");
    other.set(b"k", b"v").expect("no error");
    other.get(b"k").expect("no error");
    for words in ["\"SET\" \"k\" \"v\"", "\"SET\" \"k\" \"v\"", "\"GET\" \"k\""] {
        let line = Reply::from(one.next_push(PATIENCE).expect("no error").expect("a line")).text();
        assert!(line.ends_with(words), "{line}");
    }
    one.run("RESET");
    other.run("SET k v");
    while let Some(line) = one.next_push(Duration::ZERO).expect("no error") {
        assert!(!Reply::from(line).text().contains("SET\" \"k"));
    }
}

#[test]
fn what_a_session_followed_ends_with_it() {
    let runtime = start(1, &[]);
    let (mut one, mut other) = (session(&runtime), session(&runtime));
    one.run("SUBSCRIBE a b");
    one.run("PSUBSCRIBE c*");
    one.run("CLIENT TRACKING ON BCAST");
    one.run("MONITOR");
    drop(one);
    assert_eq!(other.run("PUBSUB CHANNELS").list().len(), 0);
    assert_eq!(other.run("PUBSUB NUMPAT"), Reply::Integer(0));
    assert_eq!(other.run("PUBLISH a x"), Reply::Integer(0));
}

#[test]
fn whoever_does_not_wait_is_told_of_messages_and_of_the_end() {
    for shards in [1, 3] {
        let runtime = start(shards, &[]);
        let (mut subscriber, mut publisher) = (session(&runtime), session(&runtime));
        let (told, tells) = std::sync::mpsc::channel();
        subscriber.set_push_waker(Some(Box::new(move || told.send(()).unwrap_or(()))));
        subscriber.run("SUBSCRIBE news");
        publisher.run("PUBLISH news a");
        publisher.run("PUBLISH news b");
        tells.recv_timeout(PATIENCE).expect("a call for the first message");
        assert_eq!(next(&mut subscriber)[2], "a");
        assert_eq!(next(&mut subscriber)[2], "b");
        nothing(&mut subscriber);
        while tells.try_recv().is_ok() {}
        publisher.run("PUBLISH news c");
        tells.recv_timeout(PATIENCE).expect("a call for the next one");
        assert_eq!(next(&mut subscriber)[2], "c");
        runtime.stop(PATIENCE).expect("an end");
        tells.recv_timeout(PATIENCE).expect("a call at the end");
        assert_eq!(subscriber.next_push(Duration::ZERO).unwrap_err().kind(), ErrorKind::Closed);
    }
}
