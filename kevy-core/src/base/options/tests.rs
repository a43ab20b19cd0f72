use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use super::error::OptionError;
use super::values::{BufferLimit, Hertz, Octal};
use super::*;
use crate::base::live_redis::{LiveRedis, Reply};

/// A directory that is removed with its files.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("kevy-options-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().into()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn args(words: &str) -> Result<Options, OptionError> {
    Options::from_args(words.split(' ').filter(|word| !word.is_empty()))
}

#[test]
fn every_option_has_its_own_name_and_a_sentence() {
    let names: Vec<&str> = table().iter().flat_map(|spec| spec.names()).collect();
    for (index, name) in names.iter().enumerate() {
        assert!(!names[..index].contains(name), "{name} is listed twice");
        assert_eq!(*name, name.to_ascii_lowercase());
    }
    for spec in table() {
        assert!(spec.documentation().ends_with('.'), "{}", spec.name);
        assert!(!spec.documentation().contains("  "), "{}", spec.name);
        assert!(!spec.kind.describe().is_empty());
    }
}

#[test]
fn what_config_get_writes_can_be_set_again() {
    let mut options = Options::default();
    for spec in table() {
        let value = options.get(spec.name).unwrap();
        options.set(spec.name, &value).unwrap_or_else(|error| panic!("{error}"));
    }
    // None given is shown as the working directory, which then is given.
    options.dir = Options::default().dir;
    assert_eq!(options, Options::default());
}

#[test]
fn values_reach_their_fields() {
    let mut options = Options::default();
    for (name, value) in [
        ("port", "0"),
        ("MaxMemory", "100mb"),
        ("maxmemory-policy", "ALLKEYS-LFU"),
        ("hash-max-ziplist-entries", "7"),
        ("list-max-listpack-size", "-5"),
        ("dynamic-hz", "no"),
        ("unixsocketperm", "770"),
        ("bind", "* -::*  localhost"),
        ("client-output-buffer-limit", "replica 1gb 1mb 30"),
        ("requirepass", "open sesame"),
        ("hz", "1000"),
    ] {
        options.set(name, value).unwrap();
    }
    assert_eq!(options.port, Some(0));
    assert_eq!(options.maxmemory, 100 << 20);
    assert_eq!(options.maxmemory_policy, EvictionPolicy::AllkeysLfu);
    assert_eq!(options.hash_max_listpack_entries, 7);
    assert_eq!(options.list_max_listpack_size, -5);
    assert!(!options.dynamic_hz);
    assert_eq!(options.unixsocketperm, Octal(0o770));
    let hosts: Vec<_> = options.bind.iter().map(|address| (address.host(), address.is_optional())).collect();
    assert_eq!(hosts, [("0.0.0.0", false), ("::", true), ("localhost", false)]);
    assert_eq!(
        options.client_output_buffer_limit.replica,
        BufferLimit { hard_bytes: 1 << 30, soft_bytes: 1 << 20, soft_seconds: 30 }
    );
    assert_eq!(options.client_output_buffer_limit.pubsub.hard_bytes, 32 << 20);
    assert_eq!(options.requirepass.0, "open sesame");
    assert_eq!(options.hz, Hertz(500));
    options.set("port", "").unwrap();
    assert_eq!(options.port, None);
}

#[test]
fn a_refusal_names_the_option_the_value_and_what_is_expected() {
    let mut options = Options::default();
    let mut refused = |name: &str, value: &str| options.set(name, value).unwrap_err().to_string();
    assert_eq!(
        refused("timeout", "soon"),
        "option timeout cannot be 'soon': argument couldn't be parsed into an integer"
    );
    assert_eq!(refused("max-memory", "1gb"), "unknown option 'max-memory'; did you mean 'maxmemory'?");
    assert_eq!(
        refused("tcp_keepalive", "1"),
        "unknown option 'tcp_keepalive'; did you mean 'tcp-keepalive'?"
    );
    assert_eq!(refused("no-such-thing-at-all", "1"), "unknown option 'no-such-thing-at-all'");
    assert!(refused("shards", "16385").ends_with("argument must be between 0 and 16384 inclusive"));
    assert!(refused("maxmemory", "1.5gb").ends_with("argument must be a memory value"));
    assert_eq!(
        refused("aof-timestamp-enabled", "yes"),
        "option aof-timestamp-enabled cannot be 'yes': argument must be 'no': records carry no times"
    );
    assert!(refused("timeout", &"x".repeat(100_000)).len() < 300);
    assert!(refused(&"x".repeat(100_000), "1").len() < 300);
}

#[test]
fn a_password_is_shown_by_config_get_only() {
    let mut options = Options::default();
    options.set("requirepass", "sesame").unwrap();
    assert_eq!(options.get("requirepass").unwrap(), "sesame");
    assert!(!format!("{options:?}").contains("sesame"));
}

#[test]
fn config_set_changes_all_or_nothing() {
    let mut options = Options::default();
    options.set_many_atomically(&[("timeout", "5"), ("maxclients", "20")]).unwrap();
    assert_eq!((options.timeout, options.maxclients), (5, 20));
    assert!(options.set_many_atomically(&[("timeout", "6"), ("maxclients", "0")]).is_err());
    assert_eq!(options.timeout, 5);
}

#[test]
fn a_replication_port_base_must_leave_a_port_for_every_shard() {
    let mut options = args("--shards 4 --replication-port-base 65532").unwrap();
    assert_eq!(options.check(), Ok(()));
    options.set("shards", "5").unwrap();
    assert!(options.check().unwrap_err().to_string().contains("there are 5 shards"));
    options.set("shards", "0").unwrap();
    assert!(options.shard_count() >= 1);
}

#[test]
fn command_lines_are_those_of_redis_server() {
    let options = args("--port 7000 --bind 127.0.0.1 ::1 --maxmemory 1gb").unwrap();
    assert_eq!((options.port, options.bind.len(), options.maxmemory), (Some(7000), 2, 1 << 30));
    assert_eq!(Options::from_args(["--timeout 7", "--PORT", "1"]).unwrap().timeout, 7);
    assert_eq!(Options::from_args(["--requirepass", "--sesame"]).unwrap().requirepass.0, "--sesame");
    assert_eq!(Options::from_args(["--save", "", "--hz", "20"]).unwrap().hz, Hertz(20));
    assert_eq!(args("--save --hz 20").unwrap().hz, Hertz(20));
    assert_eq!(args("").unwrap(), Options::default());

    assert!(matches!(args("--port"), Err(OptionError::WordCount { .. })));
    assert!(matches!(args("--port 1 2"), Err(OptionError::WordCount { .. })));
    assert!(matches!(args("--port 1 -- 2"), Err(OptionError::Syntax { .. })));
    assert!(matches!(args("--prot 1"), Err(OptionError::Unknown { closest: Some("port"), .. })));
    assert!(matches!(args("/no/such/file.conf --port 1"), Err(OptionError::Unreadable { .. })));
}

#[test]
fn a_configuration_file_comes_first_and_arguments_change_it() {
    let directory = Directory::new();
    let path = directory.file(
        "kevy.conf",
        "# a comment\n\n  \t# another\r\nPORT 7001\r\n\ttimeout   30\nrequirepass \"open \\\"sesame\\x21\"\n\
         logfile 'a b.log'\nbind 127.0.0.1 -::1\nsave \"\"\nunixsocket \"\"\n\
         client-output-buffer-limit normal 1mb 0 0\nclient-output-buffer-limit pubsub 2mb 0 0 replica 3mb 0 0\n",
    );
    let options = Options::from_args([path.as_str(), "--timeout", "31"]).unwrap();
    assert_eq!((options.port, options.timeout), (Some(7001), 31));
    assert_eq!(options.requirepass.0, "open \"sesame!");
    assert_eq!(options.logfile, "a b.log");
    let limits = options.client_output_buffer_limit;
    let hard = [limits.normal, limits.pubsub, limits.replica].map(|limit| limit.hard_bytes >> 20);
    assert_eq!(hard, [1, 2, 3]);
}

#[test]
fn a_bad_line_is_told_with_its_file_and_number() {
    let directory = Directory::new();
    for (line, reason) in [
        ("timeout", "option timeout: wrong number of arguments"),
        ("timeout 5 6", "option timeout: wrong number of arguments"),
        ("timeout soon", "option timeout cannot be 'soon': argument couldn't be parsed into an integer"),
        ("timeout \"5", "'timeout \\\"5': Unbalanced quotes in configuration line"),
        ("tiemout 5", "unknown option 'tiemout'; did you mean 'timeout'?"),
        ("include a b", "option include: wrong number of arguments"),
    ] {
        let path = directory.file("bad.conf", format!("port 1\n{line}\n"));
        let message = Options::read_file(&path).unwrap_err().to_string();
        assert_eq!(message, format!("{path}, line 2: {reason}"));
    }
    let path = directory.file("bytes.conf", b"requirepass \xff\xfe\n");
    assert!(Options::read_file(path).unwrap_err().to_string().ends_with("the text is not UTF-8"));
}

#[test]
fn files_include_files_but_not_themselves() {
    let directory = Directory::new();
    let root = directory.0.display();
    directory.file("10-first.conf", "timeout 1\nhz 50\n");
    directory.file("20-second.conf", "timeout 2\n");
    let path = directory.file("main.conf", format!("include {root}/*-*.conf\nmaxclients 9\n"));
    let options = Options::read_file(path).unwrap();
    assert_eq!((options.timeout, options.hz, options.maxclients), (2, Hertz(50), 9));

    let path = directory.file("loop.conf", format!("include {root}/loop.conf\n"));
    assert!(Options::read_file(path).unwrap_err().to_string().contains("files deep"));
    let path = directory.file("absent.conf", format!("include {root}/none.conf\n"));
    assert!(matches!(Options::read_file(path), Err(OptionError::Line { number: 1, .. })));
}

/// What kevy would reply to CONFIG SET of these names and values.
fn config_set(options: &mut Options, pairs: &[(&str, &str)]) -> Reply {
    match options.set_many_atomically(pairs) {
        Ok(()) => Reply::Simple("OK".into()),
        Err(error) => Reply::Error(error.config_set_reply()),
    }
}

#[test]
fn config_set_and_get_reply_as_redis_does() {
    let mut redis = LiveRedis::start();
    let mut options = Options::default();
    let cases: &[&[(&str, &str)]] = &[
        &[("timeout", "-1")],
        &[("TIMEOUT", "abc")],
        &[("timeout", "99999999999")],
        &[("timeout", "007")],
        &[("timeout", "12")],
        &[("maxmemory-policy", "foo")],
        &[("maxmemory-policy", "Allkeys-Random")],
        &[("dynamic-hz", "maybe")],
        &[("dynamic-hz", "NO")],
        &[("nosuch", "1")],
        &[("timeout", "x"), ("NOSUCH", "1")],
        &[("timeout", "5"), ("TimeOut", "6")],
        &[("hash-max-ziplist-entries", "5"), ("hash-max-listpack-entries", "6")],
        &[("databases", "5")],
        &[("UnixSocket", "/x")],
        &[("tcp-backlog", "abc")],
        &[("enable-debug-command", "yes")],
        &[("logfile", "x")],
        &[("databases", "1"), ("databases", "2")],
        &[("timeout", "abc"), ("databases", "1")],
        &[("hz", "abc"), ("timeout", "abc")],
        &[("hz", "0")],
        &[("hz", "-1")],
        &[("hz", "900")],
        &[("active-expire-effort", "11")],
        &[("maxclients", "0")],
        &[("maxmemory", "1x")],
        &[("maxmemory", "-1")],
        &[("maxmemory", "64MB")],
        &[("proto-max-bulk-len", "1")],
        &[("client-query-buffer-limit", "5kb")],
        &[("repl-backlog-size", "0")],
        &[("repl-backlog-size", "3mb")],
        &[("repl-timeout", "0")],
        &[("repl-ping-slave-period", "0")],
        &[("repl-ping-slave-period", "3")],
        &[("lfu-log-factor", "-1")],
        &[("lfu-decay-time", "2")],
        &[("hash-max-listpack-entries", "-1")],
        &[("hash-max-listpack-value", "1kb")],
        &[("list-max-listpack-size", "-6")],
        &[("set-max-intset-entries", "-1")],
        &[("zset-max-ziplist-value", "9")],
        &[("stream-node-max-bytes", "-1")],
        &[("stream-node-max-entries", "50")],
        &[("lazyfree-lazy-user-del", "1")],
        &[("lazyfree-lazy-user-del", "yes")],
        &[("tcp-keepalive", "-5")],
        &[("client-output-buffer-limit", "normal 1 2")],
        &[("client-output-buffer-limit", "foo 1 2 3")],
        &[("client-output-buffer-limit", "master 1 2 3")],
        &[("client-output-buffer-limit", "normal x 2 3")],
        &[("client-output-buffer-limit", "normal 1 -2 3")],
        &[("client-output-buffer-limit", "normal 1 2 -3")],
        &[("client-output-buffer-limit", "")],
        &[("client-output-buffer-limit", "normal 1mb 2kb 60 PubSub 1 1 1")],
        &[("requirepass", ""), ("timeout", "-1")],
    ];
    for pairs in cases {
        let mut command: Vec<&[u8]> = vec![b"CONFIG", b"SET"];
        command.extend(pairs.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]));
        assert_eq!(config_set(&mut options, pairs), redis.command(&command), "{pairs:?}");
    }
    for patterns in [
        &["timeout"][..],
        &["TimeOut", "TIM*"],
        &["hash-max-*"],
        &["Hash-Max-Zip*"],
        &["lazyfree-lazy-user-[d]el", "client-output-buffer-limit"],
        &["repl-ping-*", "repl-backlog-size"],
        &["lfu-*", "hz", "dynamic-hz", "maxmemory", "maxmemory-policy"],
        &["zset-*", "list-*", "stream-*", "appendonly", "unixsocketp*", "databases", "tcp-*"],
        &["nosuch", "nosuch*", ""],
    ] {
        let mut command: Vec<&[u8]> = vec![b"CONFIG", b"GET"];
        command.extend(patterns.iter().map(|pattern| pattern.as_bytes()));
        let flat = redis.command(&command).into_array();
        let mut expected: Vec<(String, String)> = flat
            .as_chunks::<2>()
            .0
            .iter()
            .map(|pair| pair.each_ref().map(|text| String::from_utf8_lossy(text).into_owned()).into())
            .collect();
        expected.sort();
        let mut found = options.matching(patterns);
        found.sort();
        assert_eq!(found, expected, "{patterns:?}");
    }
}
