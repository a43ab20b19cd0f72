//! DEBUG: what tests of the server itself need, for clients that `enable-debug-command` lets in.

use std::sync::atomic::Ordering;

use crate::base::number::{parse_f64, parse_i64};
use crate::base::options::DebugAccess;
use crate::base::slot::SLOTS;
use crate::command::arguments::{integer_in, is_word};
use crate::command::generic::object;
use crate::command::help::{container, help};
use crate::command::server::SaveWork;
use crate::command::session::Request;
use crate::command::table::server as rows;
use crate::command::{Command, Context, Fail, Outcome};
use crate::resp::Protocol;
use crate::store::{Expire, ValueRef, rdb};

use super::{debug_shape, debug_switches, digest, persistence};

/// DEBUG and its subcommands.
pub const DEBUG: Command = Command::container(rows::DEBUG, container, SUBCOMMANDS);

static SUBCOMMANDS: &[Command] = &[
    Command::new(rows::DEBUG_ASSERT, debug_switches::refuse_crash),
    Command::new(rows::DEBUG_CRASH_AND_RECOVER, debug_switches::refuse_crash),
    Command::new(rows::DEBUG_DICT_RESIZING, debug_switches::dict_resizing),
    Command::new(rows::DEBUG_CHANGE_REPL_ID, change_repl_id),
    Command::new(rows::DEBUG_DIGEST, digest_all),
    Command::new(rows::DEBUG_DIGEST_VALUE, digest_values),
    Command::new(rows::DEBUG_DISK, disk),
    Command::new(rows::DEBUG_ERROR, error),
    Command::new(rows::DEBUG_HELP, help),
    Command::new(rows::DEBUG_HTSTATS, debug_shape::htstats),
    Command::new(rows::DEBUG_HTSTATS_KEY, debug_shape::htstats_key),
    Command::new(rows::DEBUG_JMAP, jmap),
    Command::new(rows::DEBUG_LISTPACK, debug_shape::listpack),
    Command::new(rows::DEBUG_LOG, debug_switches::log),
    Command::new(rows::DEBUG_LOADAOF, loadaof),
    Command::new(rows::DEBUG_OBJECT, object),
    Command::new(rows::DEBUG_OOM, debug_switches::refuse_crash),
    Command::new(rows::DEBUG_PANIC, debug_switches::refuse_crash),
    Command::new(rows::DEBUG_PAUSE_CRON, debug_switches::pause_cron),
    Command::new(rows::DEBUG_POPULATE, populate),
    Command::new(rows::DEBUG_PROTOCOL, protocol),
    Command::new(rows::DEBUG_QUICKLIST_PACKED_THRESHOLD, debug_switches::quicklist_packed_threshold),
    Command::new(rows::DEBUG_RELOAD, reload),
    Command::new(rows::DEBUG_REPLYBUFFER, debug_switches::replybuffer),
    Command::new(rows::DEBUG_RESTART, debug_switches::refuse_crash),
    Command::new(rows::DEBUG_SEGFAULT, debug_switches::refuse_crash),
    Command::new(rows::DEBUG_SET_ACTIVE_EXPIRE, set_active_expire),
    Command::new(rows::DEBUG_SET_DISABLE_DENY_SCRIPTS, debug_switches::set_disable_deny_scripts),
    Command::new(rows::DEBUG_SLEEP, sleep),
    Command::new(rows::DEBUG_STRINGMATCH_LEN, debug_shape::stringmatch_len),
];

const NOT_ALLOWED: Fail = Fail::new(
    "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run it from a \
     local connection, otherwise you need to set this option in the configuration file, and then restart the \
     server.",
);
const NOT_POSITIVE: Fail = Fail::new("ERR value is out of range, must be positive");

/// The most that one DEBUG POPULATE creates and one DEBUG SLEEP takes.
const POPULATE_KEYS_MAX: i64 = 100_000_000;
const POPULATE_SIZE_MAX: i64 = 1 << 20;
const SLEEP_SECONDS_MAX: f64 = 3600.0;

/// Refuses clients that may not use DEBUG.
pub fn check_access(ctx: &Context<'_>) -> Outcome {
    let client = &ctx.session.client;
    let is_local = || {
        client.fd < 0
            || client.address.starts_with("127.")
            || client.address.starts_with("[::1]:")
            || client.address.starts_with("::1:")
            || client.address.starts_with('/')
    };
    match ctx.server.options.read().enable_debug_command {
        DebugAccess::Yes => Ok(()),
        DebugAccess::Local if is_local() => Ok(()),
        _ => Err(NOT_ALLOWED),
    }
}

fn change_repl_id(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    check_access(ctx)?;
    if let Some(hooks) = ctx.server.hooks.get() {
        hooks.rename_history();
    }
    ctx.out.ok();
    Ok(())
}

/// DEBUG DIGEST [SHARDS [count]]
fn digest_all(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    check_access(ctx)?;
    let databases = ctx.server.options.read().databases as usize;
    let now = ctx.now;
    match args[2..] {
        [] => {}
        [word, ref count @ ..] if is_word(word, "SHARDS") && count.len() < 2 => {
            let count = match count {
                [count] => integer_in(count, 1..=i64::from(SLOTS), "ERR value is out of range")? as usize,
                _ => ctx.server.shards,
            };
            let digests = digest::of_shards(&ctx.every(), count, databases, now);
            ctx.out.array(digests.len());
            digests.iter().for_each(|digest| ctx.out.simple(&digest.hex()));
            return Ok(());
        }
        _ => return Err(Fail::SYNTAX),
    }
    let digest = digest::of_everything(&ctx.every(), databases, now);
    ctx.out.simple(&digest.hex());
    Ok(())
}

fn digest_values(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    check_access(ctx)?;
    let keys = &args[2..];
    ctx.out.array(keys.len());
    for key in keys {
        let (keyspace, db, now) = ctx.keys(key);
        let digest = digest::of_value(keyspace, db, key, now);
        ctx.out.simple(&digest.hex());
    }
    Ok(())
}

fn error(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    check_access(ctx)?;
    Err(Fail::quoting("{}", args[2]))
}

/// DEBUG RELOAD [MERGE] [NOFLUSH] [NOSAVE]
fn reload(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    check_access(ctx)?;
    let (mut save, mut flush) = (true, true);
    for word in &args[2..] {
        match word {
            // Keys that are read replace those that are there, so there is nothing else to be merged.
            word if is_word(word, "MERGE") => {}
            word if is_word(word, "NOFLUSH") => flush = false,
            word if is_word(word, "NOSAVE") => save = false,
            _ => {
                return Err(Fail::new(
                    "ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.",
                ));
            }
        }
    }
    persistence::begin(ctx, SaveWork::Reload { save, flush })
}

fn loadaof(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    check_access(ctx)?;
    persistence::begin(ctx, SaveWork::LoadLog)
}

/// DEBUG DISK FAIL-WRITES bytes errno | FAIL-SYNCS errno | END-AT place count | HEAL
fn disk(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    check_access(ctx)?;
    let hooks = ctx.server.hooks.get().ok_or(Fail::new("ERR a bare keyspace has no disk"))?;
    hooks.break_disk(&args[2..]).map_err(|text| Fail::with(format!("ERR {text}")))?;
    ctx.out.ok();
    Ok(())
}

fn set_active_expire(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    check_access(ctx)?;
    ctx.server.active_expire.store(parse_i64(args[2]).is_some_and(|on| on != 0), Ordering::Relaxed);
    ctx.out.ok();
    Ok(())
}

/// DEBUG JMAP is for servers on a virtual machine of Java's.
fn jmap(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    check_access(ctx)?;
    Err(Fail::new("ERR there is no Java heap to map"))
}

/// Lets this client, and nobody else, wait: the session's owner answers when the time is over, and no shard's token
/// is held meanwhile. In a transaction, whose shards nobody else may touch in between, the thread sleeps.
fn sleep(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    check_access(ctx)?;
    let seconds = parse_f64(args[2]).ok_or(Fail::NOT_FLOAT)?;
    if !(0.0..=SLEEP_SECONDS_MAX).contains(&seconds) {
        return Err(Fail::with(format!("ERR DEBUG SLEEP takes between 0 and {SLEEP_SECONDS_MAX} seconds")));
    }
    if ctx.session.in_exec {
        std::thread::sleep(std::time::Duration::from_secs_f64(seconds));
        ctx.out.ok();
        return Ok(());
    }
    ctx.session.request = Some(Request::Sleep { ms: (seconds * 1000.0) as u64 });
    Ok(())
}

fn object(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    check_access(ctx)?;
    let (list_size, compresses, shares) = {
        let options = ctx.server.options.read();
        let compresses = options.list_compress_depth > 0;
        (options.list_max_listpack_size, compresses, object::shares_integers(&options))
    };
    let key = args[2];
    let (db, now) = (ctx.session.db, ctx.now);
    let found = ctx.partitions.at(key).keyspace.peek(db, key, now).ok_or(Fail::NO_SUCH_KEY)?;
    let payload = rdb::dump(&found.value());
    ctx.out.simple(&format!(
        "Value at:0x{:x} refcount:{} encoding:{} serializedlength:{} lru:{} lru_seconds_idle:{}{}",
        std::ptr::from_ref(found.key()).addr(),
        object::references(&found.value(), shares),
        found.encoding(),
        // The type before a value, and the version and checksum behind it, are no part of it.
        payload.len().saturating_sub(11),
        (now / 1_000).saturating_sub(found.idle_seconds(now)) & 0xff_ffff,
        found.idle_seconds(now),
        match found.value() {
            ValueRef::List(list) => list_details(list.len(), (list_size, compresses), found.memory_usage()),
            _ => String::new(),
        },
    ));
    Ok(())
}

/// What is told of a list besides, with what the options say of its nodes.
fn list_details(elements: usize, (list_max_listpack_size, compresses): (i32, bool), bytes: usize) -> String {
    let compressed = u8::from(compresses);
    format!(
        " ql_nodes:1 ql_avg_node:{elements}.00 ql_listpack_max:{list_max_listpack_size} ql_compressed:{compressed} \
         ql_uncompressed_size:{bytes}"
    )
}

/// `DEBUG POPULATE count [prefix] [size]`: string keys `prefix:0`, `prefix:1`, …, where there are none yet.
fn populate(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    check_access(ctx)?;
    if args.len() > 5 {
        return Err(Fail::arity("debug|populate"));
    }
    let bounded =
        |arg: &[u8], max| parse_i64(arg).filter(|value| (0..=max).contains(value)).ok_or(NOT_POSITIVE);
    let count = bounded(args[2], POPULATE_KEYS_MAX)?;
    let prefix = args.get(3).copied().unwrap_or(b"key");
    let size = args.get(4).map(|size| bounded(size, POPULATE_SIZE_MAX)).transpose()?;
    let (mut key, mut value) = (Vec::new(), Vec::new());
    for number in 0..count {
        let number = number.to_string();
        key.clear();
        key.extend_from_slice(prefix);
        key.push(b':');
        key.extend_from_slice(number.as_bytes());
        value.clear();
        value.extend_from_slice(b"value:");
        value.extend_from_slice(number.as_bytes());
        if let Some(size) = size {
            value.resize(size as usize, 0);
        }
        let (keyspace, db, now) = ctx.keys(&key);
        if !keyspace.exists(db, &key, now) {
            keyspace.set_bytes(db, &key, &value, Expire::Clear, now);
            ctx.effect(&key, &[b"SET", &key, &value]);
        }
    }
    ctx.out.ok();
    Ok(())
}

/// `DEBUG PROTOCOL type`: one reply of each type, the values those that client libraries test with.
#[expect(clippy::approx_constant, reason = "the value that Redis replies")]
fn protocol(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    check_access(ctx)?;
    let out = &mut *ctx.out;
    let is_resp3 = out.protocol == Protocol::Resp3;
    match args[2].to_ascii_lowercase().as_slice() {
        b"string" => out.bulk(b"Hello World"),
        b"integer" => out.integer(12345),
        b"double" => out.double(3.141),
        b"bignum" => out.big_number("1234567999999999999999999999999999999"),
        b"null" => out.null(),
        b"array" => {
            out.array(3);
            (0..3).for_each(|number| out.integer(number));
        }
        b"set" => {
            out.set(3);
            (0..3).for_each(|number| out.integer(number));
        }
        b"map" => {
            out.map(3);
            for number in 0..3 {
                out.integer(number);
                out.boolean(number == 1);
            }
        }
        b"attrib" => {
            if is_resp3 {
                out.attribute(1);
                out.bulk(b"key-popularity");
                out.array(2);
                out.bulk(b"key:123");
                out.integer(90);
            }
            out.bulk(b"Some real reply following the attribute");
        }
        b"push" => {
            if !is_resp3 {
                return Err(Fail::new("ERR RESP2 is not supported by this command"));
            }
            out.push(2);
            out.bulk(b"server-cpu-usage");
            out.integer(42);
            out.bulk(b"Some real reply following the push reply");
        }
        b"true" => out.boolean(true),
        b"false" => out.boolean(false),
        b"verbatim" => out.verbatim("txt", b"This is a verbatim\nstring"),
        _ => {
            return Err(Fail::new(
                "ERR Wrong protocol type name. Please use one of the following: string|integer|double|bignum|\
                 null|array|set|map|attrib|push|verbatim|true|false",
            ));
        }
    }
    Ok(())
}
