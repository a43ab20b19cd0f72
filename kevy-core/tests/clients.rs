//! The `redis` crate against a runtime that listens: values, pipelines, transactions, scripts, messages, streams, a cluster.

mod common;

use std::collections::{BTreeSet, HashMap};
use std::thread;

use common::{PATIENCE, eventually, start};
use kevy_core::api::Runtime;
use redis::streams::{StreamReadOptions, StreamReadReply};
use redis::{Client, Commands, Connection, ErrorKind, RedisResult, Script, ServerErrorKind};

fn listening(shards: usize) -> Runtime {
    start(shards, &[("port", "0")])
}

fn client(runtime: &Runtime, rest: &str) -> Client {
    let port = runtime.port().expect("a port");
    Client::open(format!("redis://127.0.0.1:{port}/{rest}")).expect("an address")
}

/// What a connection of either version of the protocol sees, on one shard and on three.
fn everywhere(work: impl Fn(&Client, &mut Connection)) {
    for shards in [1, 3] {
        for protocol in ["", "?protocol=resp3"] {
            let runtime = listening(shards);
            let client = client(&runtime, protocol);
            let mut connection = client.get_connection().expect("a connection");
            connection.set_read_timeout(Some(PATIENCE)).expect("a timeout");
            work(&client, &mut connection);
        }
    }
}

#[test]
fn values_of_every_type() {
    everywhere(|_, c| {
        let _: () = Commands::set_ex(c, "k", "v", 60).unwrap();
        assert_eq!(Commands::get::<_, Option<String>>(c, "k").unwrap().as_deref(), Some("v"));
        assert_eq!(Commands::get::<_, Option<String>>(c, "none").unwrap(), None);
        let _: () = Commands::hset_multiple(c, "h", &[("a", 1), ("b", 2)]).unwrap();
        let all: HashMap<String, i64> = Commands::hgetall(c, "h").unwrap();
        assert_eq!(all, HashMap::from([("a".into(), 1), ("b".into(), 2)]));
        let _: () = Commands::zadd_multiple(c, "z", &[(1.5, "a"), (2.0, "b")]).unwrap();
        let scores: Vec<(String, f64)> = Commands::zrange_withscores(c, "z", 0, -1).unwrap();
        assert_eq!(scores, [("a".into(), 1.5), ("b".into(), 2.0)]);
        let _: () = Commands::sadd(c, "s", &["x", "y"]).unwrap();
        let members: BTreeSet<String> = Commands::smembers(c, "s").unwrap();
        assert_eq!(members.len(), 2);
        let bytes: Vec<u8> = (0..=255).collect();
        let _: () = Commands::set(c, &bytes, &bytes).unwrap();
        assert_eq!(Commands::get::<_, Vec<u8>>(c, &bytes).unwrap(), bytes);
        let wrong: RedisResult<i64> = Commands::incr(c, "h", 1);
        assert_eq!(wrong.unwrap_err().code(), Some("WRONGTYPE"));
        let keys: BTreeSet<Vec<u8>> = Commands::scan(c).unwrap().map(Result::unwrap).collect();
        assert_eq!(keys.len(), 5);
    });
}

#[test]
fn pipelines_and_transactions() {
    everywhere(|client, c| {
        let mut pipe = redis::pipe();
        for i in 0..500 {
            pipe.set(format!("k{i}"), i).ignore().get(format!("k{i}"));
        }
        let values: Vec<i64> = pipe.query(c).unwrap();
        assert_eq!(values, (0..500).collect::<Vec<_>>());
        let _: () = Commands::set(c, "left", 80).unwrap();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut c = client.get_connection().unwrap();
                    for _ in 0..10 {
                        let _: (i64, i64) = redis::transaction(&mut c, &["left", "right"], |c, pipe| {
                            let left: i64 = Commands::get(c, "left")?;
                            let right: Option<i64> = Commands::get(c, "right")?;
                            let right = right.unwrap_or(0) + 1;
                            pipe.set("left", left - 1)
                                .ignore()
                                .set("right", right)
                                .ignore()
                                .get("left")
                                .get("right")
                                .query(c)
                        })
                        .unwrap();
                    }
                });
            }
        });
        assert_eq!(Commands::mget::<_, Vec<i64>>(c, &["left", "right"]).unwrap(), [40, 40]);
    });
}

#[test]
fn scripts() {
    everywhere(|_, c| {
        let script = Script::new("return {redis.call('INCRBY', KEYS[1], ARGV[1]), 'ok', false}");
        let run = |c: &mut Connection| script.key("n").arg(5).invoke::<(i64, String, Option<i64>)>(c);
        assert_eq!(run(c).unwrap(), (5, "ok".into(), None));
        let _: () = redis::cmd("SCRIPT").arg("FLUSH").query(c).unwrap();
        assert_eq!(run(c).unwrap(), (10, "ok".into(), None));
        let missing: RedisResult<()> = redis::cmd("EVALSHA").arg("0".repeat(40)).arg(0).query(c);
        assert_eq!(missing.unwrap_err().kind(), ErrorKind::Server(ServerErrorKind::NoScript));
    });
}

#[test]
fn messages() {
    everywhere(|client, c| {
        let mut listener = client.get_connection().unwrap();
        let mut heard = listener.as_pubsub();
        heard.set_read_timeout(Some(PATIENCE)).unwrap();
        heard.subscribe("news").unwrap();
        heard.psubscribe("n*").unwrap();
        assert_eq!(Commands::publish::<_, _, i64>(c, "news", "hello").unwrap(), 2);
        let (first, second) = (heard.get_message().unwrap(), heard.get_message().unwrap());
        assert_eq!((first.get_channel_name(), first.from_pattern()), ("news", false));
        assert_eq!(second.get_pattern::<String>().unwrap(), "n*");
        assert_eq!(second.get_payload::<String>().unwrap(), "hello");
    });
}

#[test]
fn streams_and_waiting() {
    everywhere(|client, c| {
        let _: () = Commands::xgroup_create_mkstream(c, "s", "g", "$").unwrap();
        let ids: Vec<String> = (0..5).map(|i| Commands::xadd(c, "s", "*", &[("n", i)]).unwrap()).collect();
        let options = StreamReadOptions::default().group("g", "one").count(3);
        let read: StreamReadReply =
            Commands::xread_options::<_, _, Option<_>>(c, &["s"], &[">"], &options).unwrap().unwrap();
        let got: Vec<&str> = read.keys[0].ids.iter().map(|entry| entry.id.as_str()).collect();
        assert_eq!(got, ids[..3]);
        assert_eq!(Commands::xack::<_, _, _, i64>(c, "s", "g", &ids[..3]).unwrap(), 3);
        thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                let mut c = client.get_connection().unwrap();
                Commands::blpop::<_, (String, String)>(&mut c, &["a", "b"], 30.0).unwrap()
            });
            eventually("it waits", || {
                redis::cmd("INFO").arg("clients").query::<String>(c).unwrap().contains("blocked_clients:1")
            });
            let _: () = Commands::rpush(c, "b", "job").unwrap();
            assert_eq!(waiting.join().unwrap(), ("b".into(), "job".into()));
        });
    });
}

#[test]
fn users_and_databases() {
    let runtime = listening(2);
    let mut admin = client(&runtime, "").get_connection().unwrap();
    let set = ["SETUSER", "ada", "on", ">secret", "~ada:*", "+@all", "-@dangerous"];
    let _: () = redis::cmd("ACL").arg(&set).query(&mut admin).unwrap();
    let port = runtime.port().expect("a port");
    let open = |password: &str| {
        Client::open(format!("redis://ada:{password}@127.0.0.1:{port}/3")).unwrap().get_connection()
    };
    assert_eq!(open("wrong").err().expect("an error").kind(), ErrorKind::AuthenticationFailed);
    let mut ada = open("secret").unwrap();
    let _: () = Commands::set(&mut ada, "ada:1", 1).unwrap();
    let refused: RedisResult<()> = Commands::set(&mut ada, "bob:1", 1);
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Server(ServerErrorKind::NoPerm));
    assert!(!Commands::exists::<_, bool>(&mut admin, "ada:1").unwrap());
}

#[test]
fn a_cluster() {
    let runtime = start(3, &[("port", "0"), ("cluster-enabled", "yes")]);
    let port = runtime.port().expect("a port");
    let cluster = redis::cluster::ClusterClient::new(vec![format!("redis://127.0.0.1:{port}")]).unwrap();
    let mut c = cluster.get_connection().unwrap();
    for i in 0..200 {
        let _: () = Commands::set(&mut c, format!("k{i}"), i).unwrap();
    }
    for i in 0..200 {
        assert_eq!(Commands::get::<_, i64>(&mut c, format!("k{i}")).unwrap(), i);
    }
    let keys: Vec<String> = (0..200).map(|i| format!("k{i}")).collect();
    let values: Vec<i64> = Commands::mget(&mut c, &keys).unwrap();
    assert_eq!(values, (0..200).collect::<Vec<_>>());
    let mut pipe = redis::cluster::cluster_pipe();
    for key in &keys {
        pipe.incr(key, 1);
    }
    assert_eq!(pipe.query::<Vec<i64>>(&mut c).unwrap(), (1..=200).collect::<Vec<_>>());
}
