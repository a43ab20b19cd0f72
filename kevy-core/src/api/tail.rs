//! `kevy tail`: a primary's frames printed, for people and for pipes.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::base::{Error, ErrorKind, Result};

use super::{Frame, FrameKind, Replica, ReplicaOptions};

const HELP: &str = "\
usage: kevy tail URL [--prefix P]... [--json] [--cursor FILE] [--option value]...

Prints the snapshot and every change of a primary: kevy://host:port, redis://host:port or sentinel://host:port/name.

  --prefix P     only commands with a key that begins with P; may be given again
  --json         one object a line in place of text
  --cursor FILE  begins where the last run with this file ended, and notes there how far it came

Further options are those of a replica, such as --password or --database. Ends by Ctrl-C.
";

/// Frames taken at a time.
const FRAMES_MAX: usize = 1024;

struct Arguments {
    options: ReplicaOptions,
    is_json: bool,
    cursor: Option<PathBuf>,
}

impl Arguments {
    fn parse(args: &[String]) -> Result<Self> {
        let mut parsed = Self { options: ReplicaOptions::default(), is_json: false, cursor: None };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let Some(name) = arg.strip_prefix("--") else {
                parsed.options.set("source", arg)?;
                continue;
            };
            if name == "json" {
                parsed.is_json = true;
                continue;
            }
            let value = args.next().ok_or_else(|| {
                Error::new(ErrorKind::InvalidOption, format!("--{name} wants a value; see kevy tail --help"))
            })?;
            if name == "cursor" {
                parsed.cursor = Some(value.into());
            } else {
                parsed.options.set(name, value)?;
            }
        }
        Ok(parsed)
    }
}

/// Runs `kevy tail` and returns the exit code.
pub fn tail(args: &[String]) -> i32 {
    if args.is_empty() || args.iter().any(|arg| arg == "--help" || arg == "-h") {
        print!("{HELP}");
        return i32::from(args.is_empty());
    }
    match run(args) {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("kevy: {error}");
            1
        }
    }
}

fn run(args: &[String]) -> Result<()> {
    let Arguments { options, is_json, cursor: file } = Arguments::parse(args)?;
    let before = file.as_deref().map(read_cursor).transpose()?.unwrap_or_default();
    let mut replica = Replica::open(options, &before)?;
    let mut out = BufWriter::new(io::stdout().lock());
    loop {
        let batch = match replica.next_batch(FRAMES_MAX, Some(Duration::from_secs(3600))) {
            Ok(batch) => batch,
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            Err(error) => return Err(error),
        };
        let printed = batch
            .iter()
            .try_for_each(|frame| if is_json { json(&mut out, &frame) } else { text(&mut out, &frame) })
            .and_then(|()| out.flush());
        match printed {
            Ok(()) => {}
            // Whoever read the pipe has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            Err(error) => return Err(Error::io("cannot print", &error)),
        }
        if let Some(file) = &file
            && !batch.cursor().is_empty()
        {
            write_cursor(file, batch.cursor())?;
        }
    }
}

fn read_cursor(file: &Path) -> Result<Vec<u8>> {
    match std::fs::read(file) {
        Ok(bytes) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(Error::io(format!("cannot read {}", file.display()), &error)),
    }
}

/// Writes beside the file and renames, so that there is always a whole cursor.
fn write_cursor(file: &Path, cursor: &[u8]) -> Result<()> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(".new");
    std::fs::write(&beside, cursor)
        .and_then(|()| std::fs::rename(&beside, file))
        .map_err(|error| Error::io(format!("cannot write {}", file.display()), &error))
}

fn name(kind: FrameKind) -> &'static str {
    match kind {
        FrameKind::SnapshotBegin => "snapshot-begin",
        FrameKind::Entry => "entry",
        FrameKind::SnapshotEnd => "snapshot-end",
        FrameKind::Command => "command",
        FrameKind::TxnBegin => "transaction-begin",
        FrameKind::TxnEnd => "transaction-end",
        FrameKind::Bookmark => "bookmark",
        FrameKind::Resync => "resync",
        FrameKind::Link => "link",
    }
}

/// `db shard:offset "VERB" "argument" …` for commands, as MONITOR shows them.
fn text(out: &mut impl Write, frame: &Frame<'_>) -> io::Result<()> {
    match frame.kind {
        FrameKind::Entry | FrameKind::Command => {
            let kind = if frame.kind == FrameKind::Entry { "entry" } else { "change" };
            write!(out, "{kind} {}:{} db{}", frame.shard, frame.offset, frame.db)?;
            for arg in frame.argv.iter() {
                write!(out, " \"{}\"", arg.escape_ascii())?;
            }
            writeln!(out)
        }
        FrameKind::Link if frame.up && frame.reason.is_empty() => writeln!(out, "# link up"),
        FrameKind::Link if frame.up => writeln!(out, "# link up: {}", frame.reason),
        FrameKind::Link => writeln!(out, "# link down: {}", frame.reason),
        FrameKind::Resync => writeln!(out, "# resync: {}", frame.reason),
        kind => writeln!(out, "# {}", name(kind)),
    }
}

/// One object; what is not UTF-8 in an argument stands in `argv_hex`.
fn json(out: &mut impl Write, frame: &Frame<'_>) -> io::Result<()> {
    let mut object = serde_json::Map::new();
    let mut put = |name: &str, value: serde_json::Value| drop(object.insert(name.to_owned(), value));
    put("kind", name(frame.kind).into());
    match frame.kind {
        FrameKind::Link => {
            put("up", frame.up.into());
            if !frame.reason.is_empty() {
                put("reason", frame.reason.into());
            }
        }
        FrameKind::Resync => put("reason", frame.reason.into()),
        FrameKind::Entry | FrameKind::Command => {
            put("shard", frame.shard.into());
            put("offset", frame.offset.into());
            put("db", frame.db.into());
            let texts: Option<Vec<&str>> =
                frame.argv.iter().map(|arg| std::str::from_utf8(arg).ok()).collect();
            match texts {
                Some(texts) => put("argv", texts.into()),
                None => {
                    let hex = |arg: &[u8]| arg.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
                    put("argv_hex", frame.argv.iter().map(hex).collect::<Vec<_>>().into());
                }
            }
        }
        _ => {}
    }
    serde_json::to_writer(&mut *out, &object)?;
    writeln!(out)
}
