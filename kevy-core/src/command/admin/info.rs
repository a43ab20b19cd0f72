//! INFO: the state and the counters of the server, in Redis's sections and field names.
//!
//! A field that Redis has and kevy has nothing true to say about is left out.

use std::fmt::{Display, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::base::options::{Choice, Options};
use crate::base::process::{cpu_seconds, machine_bytes, resident_bytes, system_name};
use crate::command::arguments::is_word;
use crate::command::server::Gates;
use crate::command::version::{KEVY_VERSION, REDIS_VERSION};
use crate::command::{Context, Counters, Outcome, Server};

type WriteSection = fn(&mut Text, &Figures<'_>);

/// The sections in the order in which they are written.
const SECTIONS: &[(&str, WriteSection)] = &[
    ("server", server),
    ("clients", clients),
    ("memory", memory),
    ("persistence", persistence),
    ("stats", stats),
    ("replication", replication),
    ("cpu", cpu),
    ("modules", modules),
    ("cluster", cluster),
    ("keyspace", keyspace),
    ("kevy", kevy),
];

/// The section that `INFO all` leaves out.
const ONLY_IN_EVERYTHING: &str = "modules";

pub fn info(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let asked = &args[1..];
    let is_asked = |section: &str| {
        asked.is_empty()
            || asked.iter().any(|word| {
                is_word(word, section)
                    || is_word(word, "everything")
                    || is_word(word, "default")
                    || is_word(word, "all") && section != ONLY_IN_EVERYTHING
            })
    };
    let figures = Figures::gather(ctx);
    let mut text = Text::default();
    for (name, write) in SECTIONS {
        if is_asked(name) {
            write(&mut text, &figures);
        }
    }
    ctx.out.verbatim("txt", text.0.as_bytes());
    Ok(())
}

/// One shard as INFO shows it.
struct ShardFigures {
    index: usize,
    keys: usize,
    memory: usize,
    commands: u64,
}

/// One database, summed over the shards.
#[derive(Clone, Copy, Default)]
struct DatabaseFigures {
    keys: usize,
    expires: usize,
}

/// What the sections are written from, taken of all shards at one instant.
struct Figures<'a> {
    server: &'a Server,
    options: Options,
    now: u64,
    counters: Counters,
    /// Changes ever made.
    changes: u64,
    databases: Vec<DatabaseFigures>,
    shards: Vec<ShardFigures>,
    /// Bytes of removed values that are not freed yet.
    pending_bytes: usize,
    /// Keys that clients wait for, and those whose end they wait for as well.
    blocking_keys: [usize; 2],
}

impl<'a> Figures<'a> {
    fn gather(ctx: &mut Context<'a>) -> Self {
        let server = ctx.server;
        let options = server.options.read().clone();
        let mut counters = Counters::default();
        let used = ctx.every().iter().map(|partition| partition.keyspace.databases_used()).max();
        let mut databases = vec![DatabaseFigures::default(); used.unwrap_or(0)];
        let mut shards = Vec::new();
        let (mut pending_bytes, mut changes) = (0, 0);
        let mut blocking_keys = [0; 2];
        for partition in ctx.every() {
            let keyspace = &partition.keyspace;
            let mut keys = 0;
            for (db, figures) in databases.iter_mut().enumerate() {
                figures.keys += keyspace.len(db);
                figures.expires += keyspace.expires_len(db);
                keys += keyspace.len(db);
            }
            add(&mut counters, &partition.counters);
            pending_bytes += keyspace.garbage_memory();
            blocking_keys[0] += partition.blocked.keys();
            blocking_keys[1] += partition.blocked.keys_on_any_change();
            changes += partition.effects.changes();
            shards.push(ShardFigures {
                index: partition.index,
                keys,
                memory: keyspace.used_memory(),
                commands: partition.counters.commands,
            });
        }
        let now = ctx.now;
        Self { server, options, now, counters, changes, databases, shards, pending_bytes, blocking_keys }
    }

    fn used_memory(&self) -> usize {
        self.shards.iter().map(|shard| shard.memory).sum()
    }
}

fn add(sum: &mut Counters, one: &Counters) {
    let Counters { commands, hits, misses, expired, expired_fields, evicted } = one;
    sum.commands += commands;
    sum.hits += hits;
    sum.misses += misses;
    sum.expired += expired;
    sum.expired_fields += expired_fields;
    sum.evicted += evicted;
}

/// The reply under construction.
#[derive(Default)]
struct Text(String);

impl Text {
    fn section(&mut self, title: &str) {
        if !self.0.is_empty() {
            self.0.push_str("\r\n");
        }
        let _ = write!(self.0, "# {title}\r\n");
    }

    fn field(&mut self, name: &str, value: impl Display) {
        let _ = write!(self.0, "{name}:{value}\r\n");
    }

    fn counter(&mut self, name: &str, value: &AtomicU64) {
        self.field(name, value.load(Ordering::Relaxed));
    }

    /// A number of bytes, and again with a unit.
    fn bytes(&mut self, name: &str, value: u64) {
        self.field(name, value);
        self.field(&format!("{name}_human"), human(value));
    }
}

/// Bytes with two decimals and the unit that fits.
fn human(bytes: u64) -> String {
    let units = ["K", "M", "G", "T", "P", "E"];
    if bytes < 1024 {
        return format!("{bytes}B");
    }
    let power = (bytes.ilog2() / 10).min(units.len() as u32);
    format!("{:.2}{}", bytes as f64 / 1024f64.powi(power as i32), units[power as usize - 1])
}

fn percent(part: usize, whole: usize) -> String {
    format!("{:.2}%", if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 })
}

fn server(text: &mut Text, figures: &Figures<'_>) {
    let server = figures.server;
    let uptime_seconds = figures.now.saturating_sub(server.started_ms) / 1000;
    text.section("Server");
    text.field("redis_version", REDIS_VERSION);
    text.field("redis_mode", "standalone");
    text.field("os", system_name());
    text.field("arch_bits", usize::BITS);
    text.field("monotonic_clock", "POSIX clock_gettime");
    text.field("multiplexing_api", if cfg!(target_os = "linux") { "epoll" } else { "kqueue" });
    text.field("process_id", std::process::id());
    text.field("process_supervised", "no");
    text.field("run_id", &server.run_id);
    text.field("tcp_port", server.hooks.get().and_then(|hooks| hooks.port()).unwrap_or_default());
    text.field("server_time_usec", server.clock.now_us());
    text.field("uptime_in_seconds", uptime_seconds);
    text.field("uptime_in_days", uptime_seconds / 86_400);
    text.field("hz", figures.options.hz.0);
    text.field("configured_hz", figures.options.hz.0);
    let executable = std::env::current_exe().unwrap_or_default();
    text.field("executable", executable.display());
}

fn clients(text: &mut Text, figures: &Figures<'_>) {
    let server = figures.server;
    let clients = server.clients.list();
    let max = |size: fn(&crate::command::Client) -> usize| clients.iter().map(|client| size(client)).max();
    let input = max(|client| client.query_buffer.load(Ordering::Relaxed));
    let output = max(|client| client.output_buffer.load(Ordering::Relaxed));
    let blocked = clients.iter().filter(|client| client.is_blocked()).count();
    text.section("Clients");
    text.field("connected_clients", server.clients.connected());
    text.field("cluster_connections", 0);
    text.field("maxclients", figures.options.maxclients);
    text.field("client_recent_max_input_buffer", input.unwrap_or_default());
    text.field("client_recent_max_output_buffer", output.unwrap_or_default());
    text.field("blocked_clients", blocked);
    text.field("tracking_clients", 0);
    text.field("total_blocking_keys", figures.blocking_keys[0]);
    text.field("total_blocking_keys_on_nokey", figures.blocking_keys[1]);
    text.field("in_process_sessions", clients.iter().filter(|client| client.fd < 0).count());
}

fn memory(text: &mut Text, figures: &Figures<'_>) {
    let used = figures.used_memory();
    let peak = figures.server.stats.peak_memory.fetch_max(used, Ordering::Relaxed).max(used);
    let resident = resident_bytes();
    text.section("Memory");
    text.bytes("used_memory", used as u64);
    text.bytes("used_memory_rss", resident);
    text.bytes("used_memory_peak", peak as u64);
    text.field("used_memory_peak_perc", percent(used, peak));
    text.field("used_memory_dataset", used);
    text.bytes("total_system_memory", machine_bytes());
    text.bytes("maxmemory", figures.options.maxmemory);
    text.field("maxmemory_policy", figures.options.maxmemory_policy.word());
    text.field("mem_fragmentation_ratio", format!("{:.2}", resident as f64 / used.max(1) as f64));
    text.field("mem_fragmentation_bytes", resident as i64 - used as i64);
    text.field("mem_clients_normal", clients_memory(figures.server));
    text.field("mem_cluster_links", 0);
    text.field("mem_aof_buffer", 0);
    text.field("active_defrag_running", 0);
    text.field("lazyfree_pending_bytes", figures.pending_bytes);
}

/// Bytes in the buffers of all clients.
pub fn clients_memory(server: &Server) -> usize {
    let load = |number: &std::sync::atomic::AtomicUsize| number.load(Ordering::Relaxed);
    let of = |client: &crate::command::Client| {
        load(&client.query_buffer) + load(&client.query_buffer_free) + load(&client.output_buffer)
    };
    server.clients.list().iter().map(|client| of(client)).sum()
}

fn persistence(text: &mut Text, figures: &Figures<'_>) {
    let server = figures.server;
    let is_loading = server.gates.is_closed(Gates::LOADING);
    text.section("Persistence");
    text.field("loading", u8::from(is_loading));
    text.field("async_loading", 0);
    if is_loading {
        let (read, total) = &server.load_progress;
        let (loaded, all) = (read.load(Ordering::Relaxed), total.load(Ordering::Relaxed));
        text.field("loading_start_time", server.started_ms / 1000);
        text.field("loading_total_bytes", all);
        text.field("loading_loaded_bytes", loaded);
        text.field("loading_loaded_perc", format_args!("{:.2}", loaded as f64 * 100.0 / all.max(1) as f64));
        let seconds = figures.now.saturating_sub(server.started_ms) / 1000;
        let left = all.saturating_sub(loaded);
        text.field("loading_eta_seconds", (seconds * left).checked_div(loaded).unwrap_or(1));
    }
    if let Some(hooks) = server.hooks.get() {
        text.0.push_str(&hooks.persistence_info(figures.changes));
    }
}

fn stats(text: &mut Text, figures: &Figures<'_>) {
    let Figures { server, counters, .. } = figures;
    let stats = &server.stats;
    text.section("Stats");
    text.counter("total_connections_received", &stats.connections_received);
    text.field("total_commands_processed", counters.commands + server.monitoring.elsewhere.lock().calls());
    text.counter("total_net_input_bytes", &stats.net_input_bytes);
    text.counter("total_net_output_bytes", &stats.net_output_bytes);
    text.counter("rejected_connections", &stats.connections_rejected);
    let syncs = figures.server.hooks.get().map(|hooks| hooks.syncs()).unwrap_or_default();
    for (name, count) in ["sync_full", "sync_partial_ok", "sync_partial_err"].into_iter().zip(syncs) {
        text.field(name, count);
    }
    text.field("expired_keys", counters.expired);
    text.field("expired_subkeys", counters.expired_fields);
    text.field("evicted_keys", counters.evicted);
    text.field("keyspace_hits", counters.hits);
    text.field("keyspace_misses", counters.misses);
    text.field("pubsub_channels", server.pubsub.channels.len());
    text.field("pubsub_patterns", server.pubsub.patterns());
    text.field("pubsubshard_channels", server.pubsub.shard_channels.len());
    text.counter("total_error_replies", &stats.error_replies);
    text.counter("acl_access_denied_auth", &stats.acl_access_denied_auth);
}

fn replication(text: &mut Text, figures: &Figures<'_>) {
    text.section("Replication");
    match figures.server.hooks.get() {
        Some(hooks) => {
            for line in hooks.replication_info().lines().filter(|line| !line.is_empty()) {
                let _ = write!(text.0, "{line}\r\n");
            }
        }
        None => {
            text.0.push_str("role:master\r\n");
            text.field("connected_slaves", 0);
        }
    }
}

fn cpu(text: &mut Text, _: &Figures<'_>) {
    let seconds = cpu_seconds();
    text.section("CPU");
    text.field("used_cpu_sys", format!("{:.6}", seconds.system));
    text.field("used_cpu_user", format!("{:.6}", seconds.user));
}

fn modules(text: &mut Text, _: &Figures<'_>) {
    text.section("Modules");
}

fn cluster(text: &mut Text, _: &Figures<'_>) {
    text.section("Cluster");
    text.field("cluster_enabled", 0);
}

fn keyspace(text: &mut Text, figures: &Figures<'_>) {
    text.section("Keyspace");
    for (db, DatabaseFigures { keys, expires }) in figures.databases.iter().enumerate() {
        if *keys > 0 {
            // Redis estimates the average from a sample and shows 0 until it has one.
            text.field(&format!("db{db}"), format_args!("keys={keys},expires={expires},avg_ttl=0"));
        }
    }
}

fn kevy(text: &mut Text, figures: &Figures<'_>) {
    text.section("Kevy");
    text.field("kevy_version", KEVY_VERSION);
    text.field("shards", figures.shards.len());
    for ShardFigures { index, keys, memory, commands } in &figures.shards {
        text.field(
            &format!("shard{index}"),
            format_args!("keys={keys},used_memory={memory},commands={commands}"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_with_the_unit_that_fits() {
        assert_eq!(human(0), "0B");
        assert_eq!(human(1023), "1023B");
        assert_eq!(human(1024), "1.00K");
        assert_eq!(human(1_572_864), "1.50M");
        assert_eq!(human(u64::MAX), "16.00E");
    }
}
