//! The table of options, and the struct of their values that is made from it.

use super::choices::{
    AppendFsync, ChannelDefault, Choice, ClientAuth, DebugAccess, EvictionPolicy, IoBackend, LogLevel,
};
use super::events::EventClasses;
use super::kind::{Kind, OptionSpec, Section};
use super::values::{
    BindAddress, BufferLimits, Directory, FileName, Fixed, Hertz, MemoryShare, Octal, OptionValue,
    Percentiles, PrimaryAddress, SavePoints, Secret, UserLines, Word,
};
use crate::base::slot::SLOTS;

const INT_MIN: i64 = i32::MIN as i64;
const INT_MAX: i64 = i32::MAX as i64;
const LONG_MAX: i64 = i64::MAX;
const MB: u64 = 1 << 20;

const COUNT: Kind = Kind::Integer { min: 0, max: INT_MAX };
const LIMIT: Kind = Kind::Integer { min: 0, max: LONG_MAX };
const AT_LEAST_ONE: Kind = Kind::Integer { min: 1, max: INT_MAX };
const BYTES: Kind = Kind::Memory { min: 0, max: LONG_MAX as u64 };
const PORT: Kind = Kind::OptionalInteger { min: 0, max: u16::MAX as i64 };

/// Makes the struct and the table from rows of: documentation, field and type, name, default, kind, marks.
macro_rules! options {
    ($(
        $section:ident {
            $(
                $(#[doc = $documentation:literal])+
                $field:ident: $type:ty, $name:literal, $default:literal, $kind:expr $(, $mark:ident($($value:literal)?))*;
            )*
        }
    )*) => {
        /// The values of all options.
        #[derive(Clone, Debug, PartialEq)]
        pub struct Options { $($(
            $(#[doc = $documentation])+
            pub $field: $type,
        )*)*
            /// The file that the options were read from; empty for none.
            pub config_file: String,
        }

        static TABLE: &[OptionSpec] = &[$($(
            OptionSpec::row(
                Section::$section,
                $name,
                $default,
                $kind,
                concat!($($documentation),+),
                |options, text, spec| options.$field.set(text, spec),
                |options, spec| options.$field.text(spec),
            )$(.$mark($($value)?))*
        ),*),*];

        impl Default for Options {
            fn default() -> Self {
                let mut options = Self { $($($field: Default::default(),)*)* config_file: String::new() };
                for spec in TABLE {
                    (spec.set)(&mut options, spec.default, spec)
                        .unwrap_or_else(|reason| panic!("the table's default of {}: {reason}", spec.name));
                }
                options
            }
        }
    };
}

options! {
    Server {
        /// The number of shards, each with a thread of its own; 0 for one per core.
        shards: usize, "shards", "0", Kind::Integer { min: 0, max: SLOTS as i64 }, at_start();
        /// The number of databases that SELECT can choose from.
        databases: u32, "databases", "16", AT_LEAST_ONE, at_start();
        /// The directory for files that kevy reads and writes; one runtime at a time may have it. Where none is given,
        /// nothing is written but what a command asks for, to the working directory.
        dir: Directory, "dir", "", Kind::Text, protected();
        /// The least important messages that are logged.
        loglevel: LogLevel, "loglevel", "notice", Kind::Choice(LogLevel::WORDS);
        /// The file that messages are appended to; empty for standard output.
        logfile: String, "logfile", "", Kind::Text, at_start();
        /// Who may use DEBUG: nobody, every client, or clients on this machine.
        enable_debug_command: DebugAccess, "enable-debug-command", "no", Kind::Choice(DebugAccess::WORDS), at_start();
        /// Seconds that a stop waits for clients and replicas to take what is meant for them.
        shutdown_timeout: u32, "shutdown-timeout", "10", COUNT;
        /// What SIGINT does: a stop with a snapshot, without one, or as the save points say.
        shutdown_on_sigint: Word, "shutdown-on-sigint", "default", Kind::Choice(&["default", "save", "nosave", "now", "force"]);
        /// What SIGTERM does: a stop with a snapshot, without one, or as the save points say.
        shutdown_on_sigterm: Word, "shutdown-on-sigterm", "default", Kind::Choice(&["default", "save", "nosave", "now", "force"]);
        /// The file that the stand-alone server writes its process number to; empty for none.
        pidfile: String, "pidfile", "", Kind::Text, at_start();
        /// Whether the stand-alone server goes into the background.
        daemonize: Fixed, "daemonize", "no", Kind::Fixed("the server stays in the foreground: let a supervisor start it"), at_start();
        /// How the stand-alone server tells a supervisor that it is ready.
        supervised: Fixed, "supervised", "no", Kind::Fixed("the line on standard output tells when the server is ready"), at_start();
        /// Whether options that name files may be changed by clients.
        enable_protected_configs: DebugAccess, "enable-protected-configs", "no", Kind::Choice(DebugAccess::WORDS), at_start();
        /// Whether modules may be loaded.
        enable_module_command: Fixed, "enable-module-command", "no", Kind::Fixed("there are no modules"), at_start();
        /// How many times a second background work such as expiry runs, from 1 to 500.
        hz: Hertz, "hz", "10", COUNT;
        /// Whether background work runs more often while many clients are connected.
        dynamic_hz: bool, "dynamic-hz", "yes", Kind::Switch;
    }
    Monitoring {
        /// Microseconds from which a command is kept in the slow log; negative for none.
        slowlog_log_slower_than: i64, "slowlog-log-slower-than", "10000", Kind::Integer { min: -1, max: LONG_MAX };
        /// Commands that the slow log keeps.
        slowlog_max_len: u64, "slowlog-max-len", "128", LIMIT;
        /// Milliseconds from which something is an event of the latency monitor; 0 for never.
        latency_monitor_threshold: u64, "latency-monitor-threshold", "0", LIMIT;
        /// Whether it is kept how the times of each command are distributed. Of a command that has run a thousand times
        /// one call in sixteen is timed.
        latency_tracking: bool, "latency-tracking", "yes", Kind::Switch;
        /// The percentiles of these distributions that INFO shows.
        latency_tracking_info_percentiles: Percentiles, "latency-tracking-info-percentiles", "50 99 99.9", Kind::Words;
    }
    Network {
        /// The port of the status page, which also has the figures for Prometheus at `/metrics`; 0 lets the system choose
        /// one, and without a value there is no page. It asks for no password.
        http_port: Option<u16>, "http-port", "", PORT, at_start();
        /// The address that the status page is served at.
        http_bind: String, "http-bind", "127.0.0.1", Kind::Text, at_start();
        /// The TCP port for clients; 0 lets the system choose one, and without a value no port is opened.
        port: Option<u16>, "port", "", PORT, at_start();
        /// The TCP port for clients that use TLS; 0 lets the system choose one, and without a value no port is opened.
        tls_port: Option<u16>, "tls-port", "", PORT, at_start();
        /// The file with the certificate that TLS shows to peers, and those between it and its authority.
        tls_cert_file: String, "tls-cert-file", "", Kind::Text;
        /// The file with the private key of the certificate.
        tls_key_file: String, "tls-key-file", "", Kind::Text;
        /// The password of the private key.
        tls_key_file_pass: Fixed, "tls-key-file-pass", "", Kind::Fixed("private keys that are encrypted are not read"), sensitive();
        /// The file with the certificate that is shown where this server connects to another; empty for the same.
        tls_client_cert_file: String, "tls-client-cert-file", "", Kind::Text;
        /// The file with the private key of that certificate.
        tls_client_key_file: String, "tls-client-key-file", "", Kind::Text;
        /// The file with the certificates of those who are trusted to say who a peer is.
        tls_ca_cert_file: String, "tls-ca-cert-file", "", Kind::Text;
        /// A directory of files with such certificates.
        tls_ca_cert_dir: String, "tls-ca-cert-dir", "", Kind::Text;
        /// Whether clients must show a certificate, may, or are not asked for one.
        tls_auth_clients: ClientAuth, "tls-auth-clients", "yes", Kind::Choice(ClientAuth::WORDS);
        /// The versions of TLS that are spoken, of `TLSv1.2 TLSv1.3`; empty for both.
        tls_protocols: String, "tls-protocols", "", Kind::Text;
        /// The ciphers of TLS 1.2, by the names of OpenSSL with colons between; empty for all that kevy has.
        tls_ciphers: String, "tls-ciphers", "", Kind::Text;
        /// The ciphers of TLS 1.3, with colons between; empty for all that kevy has.
        tls_ciphersuites: String, "tls-ciphersuites", "", Kind::Text;
        /// Whether the order of ciphers is the server's and not the client's.
        tls_prefer_server_ciphers: bool, "tls-prefer-server-ciphers", "no", Kind::Switch;
        /// Whether clients may resume an earlier session, which makes the handshake short.
        tls_session_caching: bool, "tls-session-caching", "yes", Kind::Switch;
        /// Sessions that are kept to be resumed.
        tls_session_cache_size: u32, "tls-session-cache-size", "20480", COUNT;
        /// Whether this server uses TLS where it connects to a primary.
        tls_replication: bool, "tls-replication", "no", Kind::Switch;
        /// The addresses to listen on: `*` for all of IPv4, `::*` for all of IPv6, and a `-` before one that the
        /// machine need not have.
        bind: Vec<BindAddress>, "bind", "127.0.0.1 -::1", Kind::Words, at_start();
        /// The path of a Unix socket for clients; empty for none.
        unixsocket: String, "unixsocket", "", Kind::Text, at_start();
        /// The permissions of the Unix socket in octal; 0 for those that the process gives to its files.
        unixsocketperm: Octal, "unixsocketperm", "0", Kind::Octal { max: 0o777 }, at_start();
        /// How the bytes of connections are moved: by `uring` (io_uring of Linux 6.1 and later), by `epoll` (or kqueue, where
        /// the system has that), or `auto`: by what has shown to take less of the processor, which is `epoll`.
        io_backend: IoBackend, "io-backend", "auto", Kind::Choice(IoBackend::WORDS), at_start();
        /// Connections that the system may hold before they are accepted.
        tcp_backlog: u32, "tcp-backlog", "511", COUNT, at_start();
        /// Seconds of silence after which the system checks that a peer is still there; 0 for never.
        tcp_keepalive: u32, "tcp-keepalive", "300", COUNT;
        /// Whether clients from other machines are refused while the default user has no password.
        protected_mode: bool, "protected-mode", "yes", Kind::Switch;
    }
    Cluster {
        /// Whether every shard is a node of a Redis Cluster, at a port of its own from `port` on, where clients get the
        /// keys of that shard and are told of the others' owners.
        cluster_enabled: bool, "cluster-enabled", "no", Kind::Switch, at_start();
        /// The address of the nodes that clients are told; empty for the one that each client used.
        cluster_announce_ip: String, "cluster-announce-ip", "", Kind::Text, at_start();
        /// Has no effect: nodes have addresses only.
        cluster_announce_hostname: String, "cluster-announce-hostname", "", Kind::Text;
        /// Has no effect: nodes have the ports from `port` on.
        cluster_announce_port: u16, "cluster-announce-port", "0", Kind::Integer { min: 0, max: u16::MAX as i64 };
        /// Has no effect: nodes have the ports from `port` on.
        cluster_announce_tls_port: u16, "cluster-announce-tls-port", "0", Kind::Integer { min: 0, max: u16::MAX as i64 };
        /// Has no effect: there is no bus between nodes.
        cluster_announce_bus_port: u16, "cluster-announce-bus-port", "0", Kind::Integer { min: 0, max: u16::MAX as i64 };
        /// Has no effect: there is no bus between nodes.
        cluster_port: u16, "cluster-port", "0", Kind::Integer { min: 0, max: u16::MAX as i64 }, at_start();
        /// Has no effect: the nodes follow from `shards`.
        cluster_config_file: String, "cluster-config-file", "nodes.conf", Kind::Text, at_start();
        /// Has no effect: nodes live and die together.
        cluster_node_timeout: u64, "cluster-node-timeout", "15000", LIMIT;
        /// Has no effect: nodes live and die together.
        cluster_require_full_coverage: bool, "cluster-require-full-coverage", "yes", Kind::Switch;
        /// Has no effect: nodes live and die together.
        cluster_allow_reads_when_down: bool, "cluster-allow-reads-when-down", "no", Kind::Switch;
        /// Has no effect: nodes live and die together.
        cluster_allow_pubsubshard_when_down: bool, "cluster-allow-pubsubshard-when-down", "yes", Kind::Switch;
        /// Has no effect: nodes have no replicas among themselves.
        cluster_replica_validity_factor: u32, "cluster-replica-validity-factor", "10", COUNT,
            alias("cluster-slave-validity-factor");
        /// Has no effect: nodes have no replicas among themselves.
        cluster_replica_no_failover: bool, "cluster-replica-no-failover", "no", Kind::Switch,
            alias("cluster-slave-no-failover");
        /// Has no effect: nodes have no replicas among themselves.
        cluster_migration_barrier: u32, "cluster-migration-barrier", "1", COUNT;
        /// Has no effect: nodes have no replicas among themselves.
        cluster_allow_replica_migration: bool, "cluster-allow-replica-migration", "yes", Kind::Switch;
        /// Has no effect: there is no bus between nodes.
        cluster_link_sendbuf_limit: u64, "cluster-link-sendbuf-limit", "0", BYTES;
        /// How nodes are named to clients.
        cluster_preferred_endpoint_type: Fixed, "cluster-preferred-endpoint-type", "ip", Kind::Fixed("nodes have addresses only");
    }
    Clients {
        /// The password that AUTH takes; empty for none.
        requirepass: Secret, "requirepass", "", Kind::Text, sensitive();
        /// A user and its rules, in the form of ACL LIST without the first word. Each time it is given it adds one.
        user: UserLines, "user", "", Kind::Words, at_start(), sensitive(), unlisted();
        /// The file of users, in `dir` unless its path says otherwise; empty for none.
        aclfile: String, "aclfile", "", Kind::Text, at_start();
        /// The channels that a new user may use: all, or none.
        acl_pubsub_default: ChannelDefault, "acl-pubsub-default", "resetchannels", Kind::Choice(ChannelDefault::WORDS);
        /// Entries that ACL LOG keeps.
        acllog_max_len: u64, "acllog-max-len", "128", LIMIT;
        /// The number of clients that may be connected at a time.
        maxclients: u32, "maxclients", "10000", Kind::Integer { min: 1, max: u32::MAX as i64 };
        /// Milliseconds after which a script that runs is given away to other clients as busy; 0 for at once.
        busy_reply_threshold: u64, "busy-reply-threshold", "5000", LIMIT, alias("lua-time-limit");
        /// Seconds after which a client that sends nothing is disconnected; 0 for never.
        timeout: u32, "timeout", "0", COUNT;
        /// Bytes of a client's input that may wait to be executed.
        client_query_buffer_limit: u64, "client-query-buffer-limit", "1gb", Kind::Memory { min: MB, max: LONG_MAX as u64 };
        /// Bytes that all clients may take together, or a share of `maxmemory` such as `5%`, before the largest are
        /// disconnected; 0 for no limit.
        maxmemory_clients: MemoryShare, "maxmemory-clients", "0", Kind::Text;
        /// Bytes of unsent output at which clients of a class are disconnected: at once, or when the soft limit is
        /// exceeded for some seconds.
        client_output_buffer_limit: BufferLimits, "client-output-buffer-limit",
            "normal 0 0 0 slave 256mb 64mb 60 pubsub 32mb 8mb 60", Kind::BufferLimits;
        /// Which events of the keyspace are published, one letter for each class; `K` or `E` must be among them.
        notify_keyspace_events: EventClasses, "notify-keyspace-events", "", Kind::Text;
        /// Keys that each client may have read and still be told of: all clients together; 0 for any number.
        tracking_table_max_keys: u64, "tracking-table-max-keys", "1000000", LIMIT;
        /// Bytes that one argument or value may have.
        proto_max_bulk_len: u64, "proto-max-bulk-len", "512mb", Kind::Memory { min: MB, max: LONG_MAX as u64 };
    }
    Memory {
        /// Bytes that the keyspace may take before keys are evicted or writes refused; 0 for no limit.
        maxmemory: u64, "maxmemory", "0", BYTES;
        /// Which keys are evicted when `maxmemory` is reached.
        maxmemory_policy: EvictionPolicy, "maxmemory-policy", "noeviction", Kind::Choice(EvictionPolicy::WORDS);
        /// Keys compared to find one to evict: more are more precise and slower.
        maxmemory_samples: u32, "maxmemory-samples", "5", Kind::Integer { min: 1, max: INT_MAX };
        /// How slowly the counter of a key's uses grows.
        lfu_log_factor: u32, "lfu-log-factor", "10", COUNT;
        /// Minutes after which the counter of a key's uses falls by one; 0 for never.
        lfu_decay_time: u32, "lfu-decay-time", "1", COUNT;
        /// The share of time given to removing expired keys, from 1 to 10.
        active_expire_effort: u32, "active-expire-effort", "1", Kind::Integer { min: 1, max: 10 };
        /// Whether evicted values are freed in the background.
        lazyfree_lazy_eviction: bool, "lazyfree-lazy-eviction", "no", Kind::Switch;
        /// Whether expired values are freed in the background.
        lazyfree_lazy_expire: bool, "lazyfree-lazy-expire", "no", Kind::Switch;
        /// Whether values that a command overwrites are freed in the background.
        lazyfree_lazy_server_del: bool, "lazyfree-lazy-server-del", "no", Kind::Switch;
        /// Whether DEL frees in the background, as UNLINK does.
        lazyfree_lazy_user_del: bool, "lazyfree-lazy-user-del", "no", Kind::Switch;
        /// Whether FLUSHDB and FLUSHALL free in the background unless told otherwise.
        lazyfree_lazy_user_flush: bool, "lazyfree-lazy-user-flush", "no", Kind::Switch;
    }
    Encoding {
        /// Fields up to which a hash stays in one packed buffer.
        hash_max_listpack_entries: u64, "hash-max-listpack-entries", "512", LIMIT, alias("hash-max-ziplist-entries");
        /// Bytes of a field or value up to which a hash stays in one packed buffer.
        hash_max_listpack_value: u64, "hash-max-listpack-value", "64", BYTES, alias("hash-max-ziplist-value");
        /// Elements, or if negative a class of bytes from -1 for 4 KB to -5 for 64 KB, up to which a list's node
        /// grows.
        list_max_listpack_size: i32, "list-max-listpack-size", "-2", Kind::Integer { min: INT_MIN, max: INT_MAX },
            alias("list-max-ziplist-size");
        /// Nodes at each end of a list that are never compressed; 0 for no compression. Taken for the sake of existing
        /// configurations: lists are not compressed in memory.
        list_compress_depth: u32, "list-compress-depth", "0", Kind::Integer { min: 0, max: INT_MAX };
        /// Members up to which a set of integers stays in one packed array.
        set_max_intset_entries: u64, "set-max-intset-entries", "512", LIMIT;
        /// Members up to which a set stays in one packed buffer.
        set_max_listpack_entries: u64, "set-max-listpack-entries", "128", LIMIT;
        /// Bytes of a member up to which a set stays in one packed buffer.
        set_max_listpack_value: u64, "set-max-listpack-value", "64", BYTES;
        /// Members up to which a sorted set stays in one packed buffer.
        zset_max_listpack_entries: u64, "zset-max-listpack-entries", "128", LIMIT, alias("zset-max-ziplist-entries");
        /// Bytes of a member up to which a sorted set stays in one packed buffer.
        zset_max_listpack_value: u64, "zset-max-listpack-value", "64", BYTES, alias("zset-max-ziplist-value");
        /// Bytes, with the header, up to which a HyperLogLog stays sparse.
        hll_sparse_max_bytes: u64, "hll-sparse-max-bytes", "3000", BYTES;
        /// Bytes up to which a stream's node grows; 0 for no limit.
        stream_node_max_bytes: u64, "stream-node-max-bytes", "4096", BYTES;
        /// Entries up to which a stream's node grows; 0 for no limit.
        stream_node_max_entries: u64, "stream-node-max-entries", "100", LIMIT;
    }
    Replication {
        /// The primary to follow: its host and its port for clients, or a URL as a replica's `source` is. kevy, Redis and
        /// Valkey are followed alike.
        replicaof: Option<PrimaryAddress>, "replicaof", "", Kind::Address, at_start(), alias("slaveof");
        /// The password that is sent to the primary; empty for none.
        masterauth: Secret, "masterauth", "", Kind::Text, sensitive();
        /// The user that is named to the primary beside `masterauth`; empty for the default one.
        masteruser: String, "masteruser", "", Kind::Text;
        /// Whether clients of a replica may not write.
        replica_read_only: bool, "replica-read-only", "yes", Kind::Switch, alias("slave-read-only");
        /// Whether a replica answers while the link to its primary is down or its copy is not whole.
        replica_serve_stale_data: bool, "replica-serve-stale-data", "yes", Kind::Switch, alias("slave-serve-stale-data");
        /// Milliseconds by which a replica may lie behind before it turns reads away; 0 for no limit. A primary that is
        /// asked answers at once; one of Redis tells only every `repl-ping-replica-period` that nothing has happened.
        max_staleness: u64, "max-staleness", "0", LIMIT;
        /// Which replica Sentinel prefers in a fail-over: the one with the lowest number, and never one with 0.
        replica_priority: u32, "replica-priority", "100", COUNT, alias("slave-priority");
        /// Whether Sentinel tells clients of this replica.
        replica_announced: bool, "replica-announced", "yes", Kind::Switch;
        /// The address that the primary shows for this replica; empty for the one it connects from.
        replica_announce_ip: String, "replica-announce-ip", "", Kind::Text, alias("slave-announce-ip");
        /// The port that the primary shows for this replica; 0 for the one it listens on.
        replica_announce_port: u16, "replica-announce-port", "0", Kind::Integer { min: 0, max: u16::MAX as i64 },
            alias("slave-announce-port");
        /// The first of the ports on which shards serve replicas, one each in ascending order; without a value
        /// replicas attach to the client port only.
        replication_port_base: Option<u16>, "replication-port-base", "", Kind::OptionalInteger { min: 1, max: u16::MAX as i64 },
            at_start();
        /// Bytes of recent effects that each shard keeps, from which a replica resumes.
        repl_backlog_size: u64, "repl-backlog-size", "64mb", Kind::Memory { min: 1, max: LONG_MAX as u64 };
        /// Seconds without replicas of other makes after which the history that they could continue is given up; 0 for never.
        repl_backlog_ttl: u64, "repl-backlog-ttl", "3600", Kind::Integer { min: 0, max: INT_MAX };
        /// Whether whole copies go to replicas without a file on disk. Has no effect: they are always sent as they are read
        /// from memory.
        repl_diskless_sync: bool, "repl-diskless-sync", "yes", Kind::Switch;
        /// Whether bytes to replicas are held back until a packet is full.
        repl_disable_tcp_nodelay: Fixed, "repl-disable-tcp-nodelay", "no", Kind::Fixed("replicas are told of changes at once");
        /// Replicas without which writes are refused, if they are online and not too far behind; 0 for none.
        min_replicas_to_write: u32, "min-replicas-to-write", "0", COUNT, alias("min-slaves-to-write");
        /// Seconds after which a replica that is not heard of does not count for `min-replicas-to-write`; 0 refuses nothing.
        min_replicas_max_lag: u32, "min-replicas-max-lag", "10", COUNT, alias("min-slaves-max-lag");
        /// Seconds between two heartbeats to a replica.
        repl_ping_replica_period: u32, "repl-ping-replica-period", "10", AT_LEAST_ONE, alias("repl-ping-slave-period");
        /// Seconds of silence after which a replication link is given up.
        repl_timeout: u32, "repl-timeout", "60", AT_LEAST_ONE;
        /// Milliseconds for which a replica that went away is remembered with its position.
        replica_reconnect_window: u64, "replica-reconnect-window", "60000", LIMIT;
        /// Bytes of a snapshot that are sent as one chunk.
        repl_chunk_size: u64, "repl-chunk-size", "64kb", Kind::Memory { min: 1 << 10, max: 64 * MB };
        /// Bytes that are sent to a replica ahead of what it says it has taken.
        repl_credit_size: u64, "repl-credit-size", "4mb", Kind::Memory { min: 64 << 10, max: 1 << 30 };
    }
    Persistence {
        /// When a snapshot is written to disk, and also at the stop: seconds and changes that must have passed since the
        /// last, any number of such pairs, or nothing for never. `auto` is `3600 1 300 100 60 10000` where `dir` is given.
        save: SavePoints, "save", "auto", Kind::SavePoints;
        /// The file in `dir` that snapshots are written to and read from when the runtime starts.
        dbfilename: FileName, "dbfilename", "dump.rdb", Kind::Text, protected();
        /// The version of RDB whose readers are to understand snapshots: 9 for Redis 5, 10 for 7.0, 11 for 7.2, 12 for 7.4.
        /// What it has no form for, such as fields that expire, makes a file one of a later version.
        rdb_version: u16, "rdb-version", "10", Kind::Integer { min: 9, max: 12 };
        /// Whether long strings in snapshots are compressed.
        rdbcompression: bool, "rdbcompression", "yes", Kind::Switch;
        /// Whether snapshots end with a checksum, and are compared with it when they are read.
        rdbchecksum: bool, "rdbchecksum", "yes", Kind::Switch, at_start();
        /// Whether a snapshot is synced to disk every few megabytes while it is written.
        rdb_save_incremental_fsync: bool, "rdb-save-incremental-fsync", "yes", Kind::Switch;
        /// Whether writes are refused while snapshots are wanted and the last one failed.
        stop_writes_on_bgsave_error: bool, "stop-writes-on-bgsave-error", "yes", Kind::Switch;
        /// Whether every write is appended to a log on disk, from which a start reads everything back.
        appendonly: bool, "appendonly", "no", Kind::Switch;
        /// The directory in `dir` for the files of the log.
        appenddirname: FileName, "appenddirname", "appendonlydir", Kind::Text, at_start();
        /// What the names of the log's files begin with.
        appendfilename: FileName, "appendfilename", "appendonly.aof", Kind::Text, at_start();
        /// When the log is synced to disk: before any reply leaves that tells of a write, once a second, or when the system
        /// does so.
        appendfsync: AppendFsync, "appendfsync", "everysec", Kind::Choice(AppendFsync::WORDS);
        /// Whether the log is left unsynced while it is rewritten, where it is synced once a second.
        no_appendfsync_on_rewrite: bool, "no-appendfsync-on-rewrite", "no", Kind::Switch;
        /// By how much the log must have grown since it was rewritten last to be rewritten again; 0 for never.
        auto_aof_rewrite_percentage: u32, "auto-aof-rewrite-percentage", "100", COUNT;
        /// Bytes below which the log is not rewritten by itself.
        auto_aof_rewrite_min_size: u64, "auto-aof-rewrite-min-size", "64mb", BYTES;
        /// Whether a log whose end is torn is cut to what is whole; else it is refused.
        aof_load_truncated: bool, "aof-load-truncated", "yes", Kind::Switch;
        /// Bytes at the end of the log that are cut off even where they are damaged otherwise than by a torn end.
        aof_load_corrupt_tail_max_size: u64, "aof-load-corrupt-tail-max-size", "0", BYTES;
        /// Whether the log begins with a snapshot; else with commands.
        aof_use_rdb_preamble: bool, "aof-use-rdb-preamble", "yes", Kind::Switch;
        /// Whether the log is synced every few megabytes while it is rewritten.
        aof_rewrite_incremental_fsync: bool, "aof-rewrite-incremental-fsync", "yes", Kind::Switch;
        /// Microseconds that whoever writes a snapshot, or the copy for a replica of another make, waits for each key, and if
        /// negative one for so many keys: so that tests see such work under way.
        rdb_key_save_delay: i32, "rdb-key-save-delay", "0", Kind::Integer { min: INT_MIN, max: INT_MAX }, hidden();
        /// Microseconds that whoever reads a snapshot waits for each key, and if negative one for so many keys.
        key_load_delay: i32, "key-load-delay", "0", Kind::Integer { min: INT_MIN, max: INT_MAX }, hidden();
        /// Whether the log says when commands ran.
        aof_timestamp_enabled: Fixed, "aof-timestamp-enabled", "no", Kind::Fixed("records carry no times");
    }
    Accepted {
        /// Has no effect: payloads of RESTORE and snapshots are always checked.
        sanitize_dump_payload: Word, "sanitize-dump-payload", "no", Kind::Choice(&["no", "yes", "clients"]);
        /// Has no effect: snapshots go to replicas as they are made, without files.
        rdb_del_sync_files: bool, "rdb-del-sync-files", "no", Kind::Switch;
        /// Has no effect: an effect that cannot be applied ends the link, and a whole copy follows.
        propagation_error_behavior: Word, "propagation-error-behavior", "ignore",
            Kind::Choice(&["ignore", "panic", "panic-on-replicas"]);
        /// Has no effect: each replica gets its own walk, which begins at once.
        repl_diskless_sync_delay: u32, "repl-diskless-sync-delay", "5", COUNT;
        /// Has no effect: each replica gets its own walk, which begins at once.
        repl_diskless_sync_max_replicas: u32, "repl-diskless-sync-max-replicas", "0", COUNT;
        /// Has no effect: a replica keeps its keys until it has all of its primary's, and never writes those to a file first.
        repl_diskless_load: Word, "repl-diskless-load", "disabled",
            Kind::Choice(&["disabled", "on-empty-db", "swapdb"]);
        /// Has no effect: clients are served while a snapshot is read, however much of that there is.
        loading_process_events_interval_bytes: u64, "loading-process-events-interval-bytes", "2mb",
            Kind::Memory { min: 1024, max: INT_MAX as u64 }, hidden();
        /// Has no effect: what hangs is the host program's to watch.
        watchdog_period: u32, "watchdog-period", "0", COUNT, hidden();
        /// Has no effect: what replaced keys took is always freed a slice at a time.
        replica_lazy_flush: bool, "replica-lazy-flush", "no", Kind::Switch, alias("slave-lazy-flush");
        /// Has no effect: a replica evicts nothing that its primary does not.
        replica_ignore_maxmemory: bool, "replica-ignore-maxmemory", "yes", Kind::Switch, alias("slave-ignore-maxmemory");
        /// Has no effect: `shards` says how many threads serve clients.
        io_threads: u32, "io-threads", "1", Kind::Integer { min: 1, max: 128 }, at_start();
        /// Has no effect: every core thread reads its own clients' sockets.
        io_threads_do_reads: bool, "io-threads-do-reads", "no", Kind::Switch, at_start();
        /// Has no effect: tables grow a part at a time and are never rehashed.
        activerehashing: bool, "activerehashing", "yes", Kind::Switch;
        /// Has no effect: the allocator is the program's.
        jemalloc_bg_thread: bool, "jemalloc-bg-thread", "yes", Kind::Switch;
        /// Has no effect: nothing is forked, so large pages cost nothing then.
        disable_thp: bool, "disable-thp", "yes", Kind::Switch, at_start();
        /// Has no effect: there is no logo.
        always_show_logo: bool, "always-show-logo", "no", Kind::Switch, at_start();
        /// Has no effect: the title of the process is the host program's.
        set_proc_title: bool, "set-proc-title", "yes", Kind::Switch, at_start();
        /// Has no effect: the title of the process is the host program's.
        proc_title_template: String, "proc-title-template", "{title} {listen-addr} {server-mode}", Kind::Text;
        /// Has no effect: what a crash tells is the host program's.
        crash_log_enabled: bool, "crash-log-enabled", "yes", Kind::Switch;
        /// Has no effect: what a crash tells is the host program's.
        crash_memcheck_enabled: bool, "crash-memcheck-enabled", "yes", Kind::Switch;
        /// Has no effect: there is nothing to be warned of at the start.
        ignore_warnings: String, "ignore-warnings", "", Kind::Text;
        /// Has no effect: one key is evicted for each that does not fit.
        maxmemory_eviction_tenacity: u32, "maxmemory-eviction-tenacity", "10", Kind::Integer { min: 0, max: 100 };
        /// Whether the kernel is told which process to end first when memory is short.
        oom_score_adj: Fixed, "oom-score-adj", "no", Kind::Fixed("that is for whoever starts the process");
        /// Has no effect without `oom-score-adj`.
        oom_score_adj_values: String, "oom-score-adj-values", "0 200 800", Kind::Words;
        /// Whether messages go to the system's log.
        syslog_enabled: Fixed, "syslog-enabled", "no", Kind::Fixed("messages go to standard output or 'logfile'"), at_start();
        /// Has no effect without `syslog-enabled`.
        syslog_ident: String, "syslog-ident", "redis", Kind::Text, at_start();
        /// Has no effect without `syslog-enabled`.
        syslog_facility: Word, "syslog-facility", "local0", Kind::Choice(&[
            "user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
        ]), at_start();
        /// Whether values are moved to where memory is fuller.
        activedefrag: Fixed, "activedefrag", "no", Kind::Fixed("values are not moved in memory");
        /// Has no effect without `activedefrag`.
        active_defrag_ignore_bytes: u64, "active-defrag-ignore-bytes", "100mb", Kind::Memory { min: 1, max: LONG_MAX as u64 };
        /// Has no effect without `activedefrag`.
        active_defrag_threshold_lower: u32, "active-defrag-threshold-lower", "10", Kind::Integer { min: 0, max: 1000 };
        /// Has no effect without `activedefrag`.
        active_defrag_threshold_upper: u32, "active-defrag-threshold-upper", "100", Kind::Integer { min: 0, max: 1000 };
        /// Has no effect without `activedefrag`.
        active_defrag_cycle_min: u32, "active-defrag-cycle-min", "1", Kind::Integer { min: 1, max: 99 };
        /// Has no effect without `activedefrag`.
        active_defrag_cycle_max: u32, "active-defrag-cycle-max", "25", Kind::Integer { min: 1, max: 99 };
        /// Has no effect without `activedefrag`.
        active_defrag_max_scan_fields: u64, "active-defrag-max-scan-fields", "1000", Kind::Integer { min: 1, max: LONG_MAX };
        /// The processors that core threads run on.
        server_cpulist: Fixed, "server_cpulist", "", Kind::Fixed("that is for whoever starts the process"), at_start();
        /// The processors that threads beside the core threads run on.
        bio_cpulist: Fixed, "bio_cpulist", "", Kind::Fixed("that is for whoever starts the process"), at_start();
        /// The processors that snapshots are written on.
        bgsave_cpulist: Fixed, "bgsave_cpulist", "", Kind::Fixed("that is for whoever starts the process"), at_start();
        /// The processors that logs are rewritten on.
        aof_rewrite_cpulist: Fixed, "aof_rewrite_cpulist", "", Kind::Fixed("that is for whoever starts the process"), at_start();
        /// The address that links to other servers start from.
        bind_source_addr: Fixed, "bind-source-addr", "", Kind::Fixed("the system chooses it");
        /// A mark on every socket.
        socket_mark_id: Fixed, "socket-mark-id", "0", Kind::Fixed("sockets are not marked"), at_start();
    }
}

/// Every option, section by section.
pub fn table() -> &'static [OptionSpec] {
    TABLE
}

/// The option called `name`, by its name or alias in any case.
pub fn find(name: &str) -> Option<&'static OptionSpec> {
    TABLE.iter().find(|spec| spec.is_named(name))
}
