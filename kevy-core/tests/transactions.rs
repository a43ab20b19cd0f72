//! Transactions over connections to a runtime of several shards.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;

use kevy_core::api::{Options, Runtime};

struct Client(BufReader<UnixStream>);

impl Client {
    fn connect(runtime: &Runtime) -> Self {
        Self(BufReader::new(UnixStream::from(runtime.connect().expect("a connection"))))
    }

    /// Sends a line and returns the first line of its reply, which must be all of it or be read on.
    fn ask(&mut self, line: &str) -> String {
        self.0.get_mut().write_all(format!("{line}\r\n").as_bytes()).expect("the runtime reads");
        self.read()
    }

    fn read(&mut self) -> String {
        let mut reply = String::new();
        self.0.read_line(&mut reply).expect("the runtime answers");
        reply.trim_end().to_owned()
    }
}

fn runtime(shards: &str) -> Runtime {
    let mut options = Options::default();
    options.set("shards", shards).expect("an option");
    Runtime::start(&options).expect("a runtime")
}

#[test]
fn a_watch_breaks_wherever_its_key_and_its_connection_lie() {
    let runtime = runtime("3");
    // One connection on each core thread, so that most keys are another one's.
    let mut clients: Vec<Client> = (0..3).map(|_| Client::connect(&runtime)).collect();
    let mut other = Client::connect(&runtime);
    for number in 0..30 {
        for client in &mut clients {
            let key = format!("key{number}");
            for (change, reply) in [("GET", "*1"), ("INCR", "*-1")] {
                assert_eq!(client.ask(&format!("WATCH {key}")), "+OK");
                assert_eq!(client.ask("MULTI"), "+OK");
                assert_eq!(client.ask("PING"), "+QUEUED");
                let changed = other.ask(&format!("{change} {key}"));
                if changed.starts_with('$') && changed != "$-1" {
                    other.read();
                }
                assert_eq!(client.ask("EXEC"), reply, "{change} {key}");
                if reply == "*1" {
                    assert_eq!(client.read(), "+PONG");
                }
            }
        }
    }
}

#[test]
fn only_transactions_commands_run_at_once_inside_one() {
    let runtime = runtime("2");
    let mut client = Client::connect(&runtime);
    assert_eq!(client.ask("WATCH a b c"), "+OK");
    assert_eq!(client.ask("MULTI"), "+OK");
    assert_eq!(client.ask("WATCH a"), "-ERR WATCH inside MULTI is not allowed");
    assert_eq!(client.ask("MULTI"), "-ERR MULTI calls can not be nested");
    for queued in ["UNWATCH", "DEBUG DIGEST", "CLIENT SETNAME x", "SET a 1"] {
        assert_eq!(client.ask(queued), "+QUEUED", "{queued}");
    }
    assert_eq!(client.ask("RESET"), "+RESET");
    assert_eq!(client.ask("EXEC"), "-ERR EXEC without MULTI");
    assert_eq!(client.ask("EXISTS a"), ":0");
}

#[test]
fn debug_asks_for_leave_wherever_the_key_lies() {
    let runtime = runtime("4");
    let mut client = Client::connect(&runtime);
    for number in 0..20 {
        client.ask(&format!("SET key{number} 1"));
        let reply = client.ask(&format!("DEBUG OBJECT key{number}"));
        assert!(reply.starts_with("-ERR DEBUG command not allowed"), "{reply}");
    }
}
