//! The figures in the text format of Prometheus, version 0.0.4.

use std::fmt::Write as _;

use super::figures::Sections;

/// A field of INFO as a metric: section, field, name, type, help.
type Row = (&'static str, &'static str, &'static str, &'static str, &'static str);

const ROWS: &[Row] = &[
    ("server", "uptime_in_seconds", "kevy_uptime_seconds", "gauge", "Seconds since the start."),
    ("clients", "connected_clients", "kevy_connected_clients", "gauge", "Clients over sockets."),
    ("clients", "in_process_sessions", "kevy_in_process_sessions", "gauge", "Sessions of the host program."),
    ("clients", "blocked_clients", "kevy_blocked_clients", "gauge", "Clients that wait."),
    ("clients", "maxclients", "kevy_clients_max", "gauge", "Clients that may be connected."),
    ("memory", "used_memory", "kevy_memory_used_bytes", "gauge", "Bytes of the keyspace."),
    ("memory", "used_memory_peak", "kevy_memory_peak_bytes", "gauge", "The most it ever was."),
    ("memory", "used_memory_rss", "kevy_memory_resident_bytes", "gauge", "Bytes of the process in memory."),
    ("memory", "maxmemory", "kevy_memory_max_bytes", "gauge", "Limit of the keyspace, 0 for none."),
    (
        "persistence",
        "rdb_changes_since_last_save",
        "kevy_changes_since_save",
        "gauge",
        "Changes since a snapshot.",
    ),
    (
        "persistence",
        "rdb_last_save_time",
        "kevy_last_save_timestamp_seconds",
        "gauge",
        "When a snapshot was taken.",
    ),
    (
        "persistence",
        "rdb_bgsave_in_progress",
        "kevy_save_in_progress",
        "gauge",
        "Whether a snapshot is written.",
    ),
    (
        "persistence",
        "aof_enabled",
        "kevy_append_only_enabled",
        "gauge",
        "Whether there is an append-only log.",
    ),
    (
        "stats",
        "total_connections_received",
        "kevy_connections_received_total",
        "counter",
        "Connections accepted.",
    ),
    (
        "stats",
        "rejected_connections",
        "kevy_connections_rejected_total",
        "counter",
        "Connections over maxclients.",
    ),
    ("stats", "total_commands_processed", "kevy_commands_processed_total", "counter", "Commands run."),
    (
        "stats",
        "instantaneous_ops_per_sec",
        "kevy_commands_per_second",
        "gauge",
        "Commands in a second of late.",
    ),
    ("stats", "total_net_input_bytes", "kevy_net_input_bytes_total", "counter", "Bytes received."),
    ("stats", "total_net_output_bytes", "kevy_net_output_bytes_total", "counter", "Bytes sent."),
    ("stats", "expired_keys", "kevy_expired_keys_total", "counter", "Keys whose time was over."),
    ("stats", "evicted_keys", "kevy_evicted_keys_total", "counter", "Keys that made room."),
    ("stats", "evicted_clients", "kevy_evicted_clients_total", "counter", "Clients over maxmemory-clients."),
    ("stats", "keyspace_hits", "kevy_keyspace_hits_total", "counter", "Reads of keys that were there."),
    ("stats", "keyspace_misses", "kevy_keyspace_misses_total", "counter", "Reads of keys that were not."),
    ("stats", "total_error_replies", "kevy_error_replies_total", "counter", "Error replies sent."),
    ("stats", "sync_full", "kevy_full_syncs_total", "counter", "Whole copies sent to replicas."),
    (
        "stats",
        "sync_partial_ok",
        "kevy_partial_syncs_total",
        "counter",
        "Replicas that went on where they were.",
    ),
    ("replication", "connected_slaves", "kevy_connected_replicas", "gauge", "Replicas that are attached."),
    ("replication", "master_repl_offset", "kevy_replication_offset", "gauge", "How far the stream is."),
    ("cpu", "used_cpu_user", "kevy_cpu_user_seconds_total", "counter", "Processor time in the program."),
    ("cpu", "used_cpu_sys", "kevy_cpu_system_seconds_total", "counter", "Processor time in the kernel."),
];

/// Writes a value that is a number, and nothing else.
fn number(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|number| number.is_finite())
}

/// A label's value as the format takes it.
fn label(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// `a=1,b=2` as pairs.
fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split(',').filter_map(|pair| pair.split_once('='))
}

/// A metric with labels under construction.
struct Family {
    text: String,
    name: &'static str,
}

impl Family {
    fn new(name: &'static str, kind: &str, help: &str) -> Self {
        Self { text: format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"), name }
    }

    fn sample(&mut self, labels: &[(&str, &str)], value: f64) {
        let labels: Vec<String> =
            labels.iter().map(|(name, value)| format!("{name}=\"{}\"", label(value))).collect();
        let _ = writeln!(self.text, "{}{{{}}} {value}", self.name, labels.join(","));
    }
}

/// All figures.
pub fn of(sections: &Sections, slow_log_len: usize) -> String {
    let fields = |section: &str| {
        let found = sections.iter().find(|(title, _)| title == section);
        found.map(|(_, fields)| fields.as_slice()).unwrap_or_default()
    };
    let field = |section: &str, name: &str| {
        fields(section).iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    };
    let mut text = String::new();
    for (section, name, metric, kind, help) in ROWS {
        if let Some(value) = field(section, name).and_then(number) {
            let _ = write!(text, "# HELP {metric} {help}\n# TYPE {metric} {kind}\n{metric} {value}\n");
        }
    }
    let _ = write!(
        text,
        "# HELP kevy_slow_log_length Entries of the slow log.\n# TYPE kevy_slow_log_length gauge\n\
         kevy_slow_log_length {slow_log_len}\n"
    );
    let mut families = vec![info(&field)];
    families.extend(of_commands(fields("commandstats")));
    families.push(of_errors(fields("errorstats")));
    families.extend(of_databases(fields("keyspace")));
    families.extend(of_shards(fields("kevy")));
    families.extend(of_replicas(fields("replication"), field("replication", "master_repl_offset")));
    families.iter().for_each(|family| text.push_str(&family.text));
    text
}

fn info<'a>(field: &impl Fn(&str, &str) -> Option<&'a str>) -> Family {
    let mut family = Family::new("kevy_info", "gauge", "Which server this is.");
    let value = |section, name| field(section, name).unwrap_or_default();
    let labels = [
        ("version", value("kevy", "kevy_version")),
        ("redis_version", value("server", "redis_version")),
        ("run_id", value("server", "run_id")),
        ("role", value("replication", "role")),
    ];
    family.sample(&labels, 1.0);
    family
}

fn of_commands(fields: &[(String, String)]) -> [Family; 3] {
    let mut calls = Family::new("kevy_commands_total", "counter", "Calls of each command.");
    let mut seconds = Family::new("kevy_command_seconds_total", "counter", "What they took.");
    let mut failures =
        Family::new("kevy_command_failures_total", "counter", "Calls refused, and calls that failed.");
    for (name, value) in fields {
        let command = name.strip_prefix("cmdstat_").unwrap_or(name);
        for (name, value) in pairs(value) {
            let Some(value) = number(value) else { continue };
            match name {
                "calls" => calls.sample(&[("command", command)], value),
                "usec" => seconds.sample(&[("command", command)], value / 1e6),
                "rejected_calls" => failures.sample(&[("command", command), ("outcome", "rejected")], value),
                "failed_calls" => failures.sample(&[("command", command), ("outcome", "failed")], value),
                _ => {}
            }
        }
    }
    [calls, seconds, failures]
}

fn of_errors(fields: &[(String, String)]) -> Family {
    let mut family = Family::new("kevy_errors_total", "counter", "Error replies by their code.");
    for (name, value) in fields {
        let code = name.strip_prefix("errorstat_").unwrap_or(name);
        if let Some(count) = value.strip_prefix("count=").and_then(number) {
            family.sample(&[("code", code)], count);
        }
    }
    family
}

fn of_databases(fields: &[(String, String)]) -> [Family; 2] {
    let mut keys = Family::new("kevy_db_keys", "gauge", "Keys of each database.");
    let mut expires = Family::new("kevy_db_expiring_keys", "gauge", "Keys that expire.");
    for (name, value) in fields {
        let db = name.strip_prefix("db").unwrap_or(name);
        for (name, value) in pairs(value) {
            match (name, number(value)) {
                ("keys", Some(value)) => keys.sample(&[("db", db)], value),
                ("expires", Some(value)) => expires.sample(&[("db", db)], value),
                _ => {}
            }
        }
    }
    [keys, expires]
}

fn of_shards(fields: &[(String, String)]) -> [Family; 3] {
    let mut keys = Family::new("kevy_shard_keys", "gauge", "Keys of each shard.");
    let mut memory = Family::new("kevy_shard_memory_bytes", "gauge", "Bytes of its keyspace.");
    let mut commands = Family::new("kevy_shard_commands_total", "counter", "Commands it ran.");
    for (name, value) in fields {
        let Some(shard) = name.strip_prefix("shard").filter(|shard| number(shard).is_some()) else {
            continue;
        };
        for (name, value) in pairs(value) {
            match (name, number(value)) {
                ("keys", Some(value)) => keys.sample(&[("shard", shard)], value),
                ("used_memory", Some(value)) => memory.sample(&[("shard", shard)], value),
                ("commands", Some(value)) => commands.sample(&[("shard", shard)], value),
                _ => {}
            }
        }
    }
    [keys, memory, commands]
}

fn of_replicas(fields: &[(String, String)], offset: Option<&str>) -> [Family; 2] {
    let mut behind = Family::new("kevy_replica_behind", "gauge", "How far a replica is behind the stream.");
    let mut lag = Family::new("kevy_replica_lag_seconds", "gauge", "Seconds since a replica was heard of.");
    let end = offset.and_then(number);
    for (name, value) in fields {
        let is_replica = name.strip_prefix("slave").is_some_and(|rest| number(rest).is_some());
        if !is_replica {
            continue;
        }
        let find = |wanted: &str| pairs(value).find(|(name, _)| *name == wanted).map(|(_, value)| value);
        let peer = format!("{}:{}", find("ip").unwrap_or_default(), find("port").unwrap_or_default());
        let labels = [("replica", name.as_str()), ("peer", peer.as_str())];
        if let (Some(end), Some(at)) = (end, find("offset").and_then(number)) {
            behind.sample(&labels, (end - at).max(0.0));
        }
        if let Some(seconds) = find("lag").and_then(number) {
            lag.sample(&labels, seconds);
        }
    }
    [behind, lag]
}
