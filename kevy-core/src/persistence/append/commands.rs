//! Reading a log of commands, as Redis writes it.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use memchr::memchr;

use crate::base::{Error, ErrorKind, Result};
use crate::resp::{ArgVec, decode_command};

use super::lane::set_aside;
use super::record::unreadable;
use super::recover::{Place, Player, Replay};

/// Bytes read at a time, at least.
const READ_BYTES: usize = 1 << 20;

/// What a step came to.
enum Step {
    Command,
    /// It was passed over.
    Nothing,
    /// More has to be read.
    Input,
}

/// Runs the commands of `path` from byte `start` on, transactions whole. How many there were, and what was cut off the end.
///
/// # Errors
/// [`ErrorKind::Corrupt`] names the place.
pub fn replay(
    place: &Place<'_>,
    path: &Path,
    start: u64,
    replay: &dyn Replay,
    may_be_cut: bool,
    advance: &(dyn Fn(u64) + Sync),
) -> Result<(u64, Option<(u64, PathBuf)>)> {
    let shown = unreadable(path);
    let mut file = File::open(path).map_err(&shown)?;
    let len = file.metadata().map_err(&shown)?.len();
    file.seek(SeekFrom::Start(start)).map_err(&shown)?;
    let mut reading = Reading { player: replay.player(), transaction: None, commands: 0 };
    let (mut bytes, mut at, mut before) = (Vec::new(), 0, start);
    // Where the last command or transaction ended.
    let mut whole = start;
    let why = loop {
        match reading.step(bytes.get(at..).unwrap_or_default()) {
            Ok((Step::Input, _)) => {
                bytes.drain(..at);
                before += at as u64;
                at = 0;
                let wanted = bytes.len().max(READ_BYTES) as u64;
                let read = (&mut file).take(wanted).read_to_end(&mut bytes).map_err(&shown)?;
                advance(read as u64);
                if read == 0 {
                    break None;
                }
            }
            Ok((_, used)) => {
                at += used;
                if reading.transaction.is_none() {
                    whole = before + at as u64;
                }
            }
            Err(why) => break Some(why),
        }
    };
    if whole == len && why.is_none() {
        return Ok((reading.commands, None));
    }
    let torn = len - whole;
    let refusal = match &why {
        Some(_) if torn > place.tolerance.corrupt_tail_max => why,
        _ if !may_be_cut => Some("it ends too early, and other files follow it".to_owned()),
        _ if !place.tolerance.truncated => Some("it ends too early, and aof-load-truncated is no".to_owned()),
        _ => None,
    };
    if let Some(why) = refusal {
        let text = format!(
            "Bad file format reading the append only file: {} is damaged at byte {whole}: {why}",
            path.display()
        );
        return Err(Error::new(ErrorKind::Corrupt, text));
    }
    let cut = set_aside(place, path, whole)?;
    place.disk.open(path, whole).and_then(|file| file.sync()).map_err(&shown)?;
    Ok((reading.commands, Some(cut)))
}

struct Reading<'a> {
    player: Box<dyn Player + 'a>,
    /// The commands of the transaction under way, encoded.
    transaction: Option<Vec<Vec<u8>>>,
    commands: u64,
}

impl Reading<'_> {
    /// Takes what stands at the start of `bytes`, and says how long it is.
    fn step(&mut self, bytes: &[u8]) -> std::result::Result<(Step, usize), String> {
        match bytes.first() {
            None => return Ok((Step::Input, 0)),
            // An annotation, such as a time.
            Some(b'#') => {
                let end = memchr(b'\n', bytes);
                return Ok(end.map_or((Step::Input, 0), |end| (Step::Nothing, end + 1)));
            }
            Some(b'*') => {}
            Some(_) => return Err("what is there is no command".to_owned()),
        }
        let mut args = ArgVec::new();
        let used = decode_command(bytes, &mut args).map_err(|_| "what is there is no command".to_owned())?;
        let Some(used) = used else { return Ok((Step::Input, 0)) };
        let Some(verb) = args.first() else { return Ok((Step::Nothing, used)) };
        if verb.eq_ignore_ascii_case(b"MULTI") {
            self.transaction = Some(Vec::new());
        } else if verb.eq_ignore_ascii_case(b"EXEC") {
            for command in self.transaction.take().unwrap_or_default() {
                let mut args = ArgVec::new();
                if let Ok(Some(_)) = decode_command(&command, &mut args) {
                    self.run(&args)?;
                }
            }
        } else if let Some(transaction) = &mut self.transaction {
            transaction.push(bytes[..used].to_vec());
        } else {
            self.run(&args)?;
        }
        Ok((Step::Command, used))
    }

    fn run(&mut self, args: &[&[u8]]) -> std::result::Result<(), String> {
        self.commands += 1;
        self.player.run(args)
    }
}
