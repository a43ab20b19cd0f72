//! The stand-alone server: what the `kevy` program is, wherever it was installed from.

use std::path::PathBuf;
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::base::{Error, ErrorKind, Result};
use crate::runtime::{self, Export};

use super::{Options, Runtime, VERSION, server_log};

/// The port of a server that names none, as Redis's.
const PORT_DEFAULT: &str = "6379";

/// Runs the server until SIGTERM, SIGINT or SHUTDOWN: `[config file] [--option value …]`; or `tail URL …`, which prints a
/// primary's frames. With `--export-rdb FILE` or `--export-aof DIRECTORY` it writes what `dir` holds in a form that Redis
/// reads, and ends.
///
/// Prints one line when it is ready. Returns the exit code; a failure is printed to standard error.
pub fn serve(args: &[String]) -> i32 {
    match args.first().map(String::as_str) {
        Some("--help" | "-h") => {
            print!("{}", help());
            0
        }
        Some("tail") => super::tail::tail(&args[1..]),
        Some("--version" | "-v") => {
            println!("kevy {VERSION}");
            0
        }
        _ => run(args).map_or_else(
            |error| {
                eprintln!("kevy: {error}");
                1
            },
            |()| 0,
        ),
    }
}

/// Takes out of the arguments what is to be exported: whether as a snapshot, and to where.
fn take_export(rest: &mut Vec<String>) -> Result<Option<(bool, PathBuf)>> {
    let Some(at) = rest.iter().position(|arg| arg == "--export-rdb" || arg == "--export-aof") else {
        return Ok(None);
    };
    let is_snapshot = rest.remove(at) == "--export-rdb";
    if at >= rest.len() {
        let text = if is_snapshot { "--export-rdb takes a file" } else { "--export-aof takes a directory" };
        return Err(Error::new(ErrorKind::InvalidOption, text));
    }
    let target = PathBuf::from(rest.remove(at));
    Ok(Some((is_snapshot, target)))
}

fn run(args: &[String]) -> Result<()> {
    let mut args = args.to_vec();
    let export = take_export(&mut args)?;
    let args = &args[..];
    let mut options = Options::new();
    let file = args.first().filter(|first| !first.starts_with("--")).map(PathBuf::from);
    let rest = &args[usize::from(file.is_some())..];
    options.set("port", PORT_DEFAULT)?;
    if let Some(file) = &file {
        options.read_file(file)?;
    }
    options.read_args(rest)?;
    server_log::open(&options)?;
    if let Some((is_snapshot, target)) = export {
        let what = if is_snapshot { Export::Snapshot(&target) } else { Export::Log(&target) };
        let keys = runtime::export(&options.0, what)?;
        println!("kevy {VERSION} wrote {keys} keys to {}", target.display());
        return Ok(());
    }

    // Before any thread starts, so that no signal finds the default action.
    let mut signals =
        Signals::new([SIGTERM, SIGINT]).map_err(|error| Error::io("cannot watch for signals", &error))?;
    let closer = signals.handle();
    let runtime = Runtime::start(&options)?;
    let pid_file = options.get("pidfile").filter(|path| !path.is_empty());
    if let Some(path) = &pid_file {
        std::fs::write(path, format!("{}\n", std::process::id()))
            .map_err(|error| Error::io(format_args!("cannot write {path}"), &error))?;
    }
    println!("{}", greeting(&runtime, &options));

    let stopper = runtime.clone();
    let watcher = std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            let option = if signal == SIGINT { "shutdown-on-sigint" } else { "shutdown-on-sigterm" };
            match stopper.option(option).as_deref() {
                Some("save") => stopper.save_at_stop(true),
                Some("nosave") => stopper.save_at_stop(false),
                _ => {}
            }
            let seconds = stopper.option("shutdown-timeout").and_then(|seconds| seconds.parse().ok());
            // What did not drain in time is cut off by the end of the process.
            let _ = stopper.stop(Duration::from_secs(seconds.unwrap_or_default()));
        }
    });
    runtime.wait();
    closer.close();
    if let Some(path) = &pid_file {
        // Somebody may have removed it already.
        let _ = std::fs::remove_file(path);
    }
    // The watcher ends with its signals; a panic there leaves nothing to clean up.
    let _ = watcher.join();
    Ok(())
}

fn greeting(runtime: &Runtime, options: &Options) -> String {
    let mut line = format!("kevy {VERSION} ready: {} shards", runtime.shards());
    if let Some(port) = runtime.port() {
        line.push_str(&format!(", port {port}"));
    }
    if let Some(port) = runtime.http_port() {
        line.push_str(&format!(", status page {port}"));
    }
    if let Some(path) = options.get("unixsocket").filter(|path| !path.is_empty()) {
        line.push_str(&format!(", unix socket {path}"));
    }
    line.push_str(&format!(", process {}", std::process::id()));
    line
}

/// The text of `--help`, made from the table of options.
fn help() -> String {
    let mut text = String::from(
        "kevy: a Redis-compatible, thread-per-core, replicated keyspace\n\n\
         usage: kevy [config file] [--option value ...]\n\
         \x20      kevy [config file] [--option value ...] --export-rdb <file>\n\
         \x20      kevy [config file] [--option value ...] --export-aof <directory>\n\
         \x20      kevy tail URL [--prefix P] [--json] [--cursor FILE]\n\n\
         Options have the names and values of redis.conf:\n\n",
    );
    let mut section = "";
    for option in Options::table() {
        if option.section != section {
            section = option.section;
            text.push_str(&format!("{section}\n"));
        }
        text.push_str(&format!("  --{} <{}>\n      {}", option.name, option.values, option.summary));
        text.push_str(&format!(
            " Default: {}.\n",
            if option.default.is_empty() { "none" } else { option.default }
        ));
    }
    text
}
