//! The sections about the server, its memory and its keys.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::base::options::Choice;
use crate::base::process::{cpu_seconds, machine_bytes, resident_bytes, system_name, thread_seconds};
use crate::command::server::Gates;
use crate::command::version::{KEVY_VERSION, REDIS_VERSION};
use crate::command::{Client, ClientKind, Server};

use super::figures::{DatabaseFigures, Figures, ShardFigures};
use super::text::{Text, percent};

fn load(number: &AtomicUsize) -> usize {
    number.load(Ordering::Relaxed)
}

pub fn server(text: &mut Text, figures: &Figures<'_>) {
    let server = figures.server;
    let uptime_seconds = figures.now.saturating_sub(server.started_ms) / 1000;
    let port = server.hooks.get().and_then(|hooks| hooks.port());
    text.section("Server");
    text.field("redis_version", REDIS_VERSION);
    text.field("redis_git_sha1", "00000000");
    text.field("redis_git_dirty", 0);
    text.field("redis_build_id", &server.run_id[..16.min(server.run_id.len())]);
    text.field("redis_mode", if server.cluster.get().is_some() { "cluster" } else { "standalone" });
    text.field("os", system_name());
    text.field("arch_bits", usize::BITS);
    text.field("monotonic_clock", "POSIX clock_gettime");
    text.field("multiplexing_api", server.io_backend.get().unwrap_or(&"epoll"));
    text.field("process_id", std::process::id());
    text.field("process_supervised", "no");
    text.field("run_id", &server.run_id);
    text.field("tcp_port", port.unwrap_or_default());
    text.field("server_time_usec", server.clock.now_us());
    text.field("uptime_in_seconds", uptime_seconds);
    text.field("uptime_in_days", uptime_seconds / 86_400);
    text.field("hz", figures.options.hz.0);
    text.field("configured_hz", figures.options.hz.0);
    text.field("lru_clock", (figures.now / 1_000) & 0xff_ffff);
    let executable = std::env::current_exe().unwrap_or_default();
    text.field("executable", executable.display());
    text.field("config_file", &figures.options.config_file);
    text.field("io_threads_active", 0);
    if let Some(port) = port {
        let bind = figures.options.get("bind").unwrap_or_default();
        let hosts: Vec<String> = bind.split(' ').map(|host| format!("bind={host}")).collect();
        text.field("listener0", format_args!("name=tcp,{},port={port}", hosts.join(",")));
    }
}

pub fn clients(text: &mut Text, figures: &Figures<'_>) {
    let server = figures.server;
    let clients = server.clients.list();
    let max = |size: fn(&Client) -> usize| clients.iter().map(|client| size(client)).max();
    let input = max(|client| load(&client.query_buffer));
    let output = max(|client| load(&client.output_buffer));
    let blocked = clients.iter().filter(|client| client.is_blocked());
    let in_timeout_table =
        blocked.clone().filter(|client| client.waiter().is_some_and(|waiter| waiter.timeout_ms > 0)).count();
    text.section("Clients");
    text.field("connected_clients", server.clients.connected());
    text.field("cluster_connections", 0);
    text.field("maxclients", figures.options.maxclients);
    text.field("client_recent_max_input_buffer", input.unwrap_or_default());
    text.field("client_recent_max_output_buffer", output.unwrap_or_default());
    text.field("blocked_clients", blocked.count());
    text.field("tracking_clients", server.trackers.clients());
    text.field("clients_in_timeout_table", in_timeout_table);
    text.field("total_blocking_keys", figures.blocking_keys[0]);
    text.field("total_blocking_keys_on_nokey", figures.blocking_keys[1]);
    text.field("in_process_sessions", clients.iter().filter(|client| client.fd < 0).count());
}

/// What scripts and functions take.
fn scripts_memory(text: &mut Text, server: &Server) {
    let figures = server.scripts.get().map(|scripts| scripts.figures()).unwrap_or_default();
    text.bytes("used_memory_lua", figures.eval_vm_memory as u64);
    text.field("used_memory_vm_eval", figures.eval_vm_memory);
    text.field("used_memory_scripts_eval", figures.script_memory);
    text.field("number_of_cached_scripts", figures.scripts);
    text.field("number_of_functions", figures.functions);
    text.field("number_of_libraries", figures.libraries);
    text.field("used_memory_vm_functions", figures.function_vm_memory);
    text.bytes("used_memory_vm_total", (figures.eval_vm_memory + figures.function_vm_memory) as u64);
    text.field("used_memory_functions", figures.library_memory);
    text.bytes("used_memory_scripts", (figures.script_memory + figures.library_memory) as u64);
}

/// The memory of the keyspace. What the host program and the allocator take besides is only in `used_memory_rss`.
pub fn memory(text: &mut Text, figures: &Figures<'_>) {
    let used = figures.used_memory();
    let server = figures.server;
    let peak = server.stats.peak_memory.fetch_max(used, Ordering::Relaxed).max(used);
    let resident = resident_bytes();
    let ratio = |part: u64, whole: u64| format!("{:.2}", part as f64 / whole.max(1) as f64);
    let normal = clients_memory(server, ClientKind::Normal) + clients_memory(server, ClientKind::Pubsub);
    let replicas = clients_memory(server, ClientKind::Replica);
    text.section("Memory");
    text.bytes("used_memory", used as u64);
    text.bytes("used_memory_rss", resident);
    text.bytes("used_memory_peak", peak as u64);
    text.field("used_memory_peak_perc", percent(used, peak));
    text.field("used_memory_overhead", normal + replicas);
    text.field("used_memory_startup", 0);
    text.field("used_memory_dataset", used);
    text.field("used_memory_dataset_perc", percent(used, used));
    text.field("allocator_allocated", used);
    text.field("allocator_active", resident);
    text.field("allocator_resident", resident);
    text.bytes("total_system_memory", machine_bytes());
    scripts_memory(text, figures.server);
    text.bytes("maxmemory", figures.options.maxmemory);
    text.field("maxmemory_policy", figures.options.maxmemory_policy.word());
    text.field("allocator_frag_ratio", ratio(resident, used as u64));
    text.field("allocator_frag_bytes", resident.saturating_sub(used as u64));
    text.field("allocator_rss_ratio", "1.00");
    text.field("allocator_rss_bytes", 0);
    text.field("rss_overhead_ratio", "1.00");
    text.field("rss_overhead_bytes", 0);
    text.field("mem_fragmentation_ratio", ratio(resident, used as u64));
    text.field("mem_fragmentation_bytes", resident as i64 - used as i64);
    text.field("mem_not_counted_for_evict", normal + replicas);
    text.field("mem_clients_slaves", replicas);
    text.field("mem_clients_normal", normal);
    text.field("mem_cluster_links", 0);
    text.field("mem_allocator", "mimalloc");
    text.field("active_defrag_running", 0);
    text.field("lazyfree_pending_bytes", figures.pending_bytes);
    text.field("lazyfree_pending_objects", figures.pending_values);
    text.field("lazyfreed_objects", figures.freed_values);
}

/// Bytes in the buffers of all clients of a kind.
pub fn clients_memory(server: &Server, kind: ClientKind) -> usize {
    let clients = server.clients.list();
    clients.iter().filter(|client| client.kind() == kind).map(|client| client.memory()).sum()
}

pub fn persistence(text: &mut Text, figures: &Figures<'_>) {
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

pub fn stats(text: &mut Text, figures: &Figures<'_>) {
    let Figures { server, counters, .. } = figures;
    let stats = &server.stats;
    let totals = server.totals();
    let [commands, input, output] = server.monitoring.rates.per_second(figures.now, totals);
    text.section("Stats");
    text.counter("total_connections_received", &stats.connections_received);
    text.field("total_commands_processed", counters.commands + server.monitoring.elsewhere.lock().calls());
    text.field("instantaneous_ops_per_sec", commands.round());
    text.counter("total_net_input_bytes", &stats.net_input_bytes);
    text.counter("total_net_output_bytes", &stats.net_output_bytes);
    text.field("instantaneous_input_kbps", format_args!("{:.2}", input / 1024.0));
    text.field("instantaneous_output_kbps", format_args!("{:.2}", output / 1024.0));
    text.counter("rejected_connections", &stats.connections_rejected);
    let syncs = figures.server.hooks.get().map(|hooks| hooks.syncs()).unwrap_or_default();
    for (name, count) in ["sync_full", "sync_partial_ok", "sync_partial_err"].into_iter().zip(syncs) {
        text.field(name, count);
    }
    text.field("expired_keys", counters.expired);
    text.field("expired_subkeys", counters.expired_fields);
    text.field("evicted_keys", counters.evicted);
    text.counter("evicted_clients", &stats.evicted_clients);
    text.field("keyspace_hits", counters.hits);
    text.field("keyspace_misses", counters.misses);
    text.field("pubsub_channels", server.pubsub.channels.len());
    text.field("pubsub_patterns", server.pubsub.patterns());
    text.field("pubsubshard_channels", server.pubsub.shard_channels.len());
    let tracked = ["tracking_total_keys", "tracking_total_items", "tracking_total_prefixes"];
    for (name, count) in tracked.into_iter().zip(server.trackers.totals()) {
        text.field(name, count);
    }
    // Nothing is forked and no memory is moved.
    text.zeros(&[
        "latest_fork_usec",
        "total_forks",
        "migrate_cached_sockets",
        "active_defrag_hits",
        "active_defrag_misses",
        "active_defrag_key_hits",
        "active_defrag_key_misses",
        "total_active_defrag_time",
        "current_active_defrag_time",
        "unexpected_error_replies",
    ]);
    text.counter("total_error_replies", &stats.error_replies);
    text.counter("client_query_buffer_limit_disconnections", &stats.query_buffer_disconnections);
    text.counter("client_output_buffer_limit_disconnections", &stats.output_buffer_disconnections);
    text.counter("total_reads_processed", &stats.reads);
    text.counter("total_writes_processed", &stats.writes);
    text.zeros(&["io_threaded_reads_processed", "io_threaded_writes_processed"]);
    for (name, count) in server.acl.denied.named() {
        text.counter(name, count);
    }
}

pub fn replication(text: &mut Text, figures: &Figures<'_>) {
    text.section("Replication");
    match figures.server.hooks.get() {
        Some(hooks) => {
            for line in hooks.replication_info().lines().filter(|line| !line.is_empty()) {
                let _ = write!(text.0, "{line}\r\n");
            }
        }
        None => {
            text.field("role", "master");
            text.field("connected_slaves", 0);
        }
    }
}

pub fn cpu(text: &mut Text, _: &Figures<'_>) {
    let (all, own) = (cpu_seconds(), thread_seconds());
    text.section("CPU");
    for (name, seconds) in [
        ("used_cpu_sys", all.system),
        ("used_cpu_user", all.user),
        // There are no child processes.
        ("used_cpu_sys_children", 0.0),
        ("used_cpu_user_children", 0.0),
        ("used_cpu_sys_main_thread", own.system),
        ("used_cpu_user_main_thread", own.user),
    ] {
        text.field(name, format_args!("{seconds:.6}"));
    }
}

pub fn modules(text: &mut Text, _: &Figures<'_>) {
    text.section("Modules");
}

pub fn cluster(text: &mut Text, figures: &Figures<'_>) {
    text.section("Cluster");
    text.field("cluster_enabled", u8::from(figures.server.cluster.get().is_some()));
}

pub fn keyspace(text: &mut Text, figures: &Figures<'_>) {
    text.section("Keyspace");
    for (db, DatabaseFigures { keys, expires, ttl: (sum, count) }) in figures.databases.iter().enumerate() {
        if *keys > 0 {
            let average = sum.checked_div(*count).unwrap_or_default();
            text.field(&format!("db{db}"), format_args!("keys={keys},expires={expires},avg_ttl={average}"));
        }
    }
}

pub fn keysizes(text: &mut Text, figures: &Figures<'_>) {
    text.section("Keysizes");
    for (db, sizes) in figures.sizes.iter().enumerate() {
        for (name, bins) in sizes.lines() {
            text.field(&format!("db{db}_distrib_{name}"), bins);
        }
    }
}

pub fn debug(text: &mut Text, figures: &Figures<'_>) {
    text.section("Debug");
    text.field("active_expire", u8::from(figures.server.active_expire()));
}

pub fn kevy(text: &mut Text, figures: &Figures<'_>) {
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
