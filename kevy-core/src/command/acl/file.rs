//! The file of users (`aclfile`): a line `user name rule ...` for each.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::base::options::Options;
use crate::command::Commands;

use super::rule::{RuleError, is_user_name, join_selectors};
use super::user::Rules;

const FILE_BYTES_MAX: u64 = 16 << 20;

/// Where the file of users is, in `dir` unless its path says otherwise; `None` where there is none.
pub fn path(options: &Options) -> Option<PathBuf> {
    let name = &options.aclfile;
    (!name.is_empty()).then(|| Path::new(&options.dir.0).join(name))
}

/// Reads the users of a file.
///
/// # Errors
/// What is wrong with the file, every line of it, in the words of Redis.
pub fn read(
    path: &Path,
    commands: &dyn Commands,
    all_channels: bool,
) -> Result<BTreeMap<Vec<u8>, Rules>, String> {
    let shown = path.display();
    let mut content = Vec::new();
    File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut content))
        .map_err(|error| format!("Error loading ACLs, opening file '{shown}': {error}"))?;
    if content.len() as u64 > FILE_BYTES_MAX {
        return Err(format!("Error loading ACLs, file '{shown}' is longer than {FILE_BYTES_MAX} bytes"));
    }
    let mut users = BTreeMap::new();
    let mut errors = String::new();
    for (at, line) in content.split(|&byte| byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        match user_of(line, commands, all_channels) {
            Ok((name, rules)) => {
                if let Entry::Vacant(place) = users.entry(name) {
                    place.insert(rules);
                    continue;
                }
                let name = line.split(|&byte| byte == b' ').filter(|word| !word.is_empty()).nth(1);
                let name = String::from_utf8_lossy(name.unwrap_or_default());
                errors.push_str(&format!("WARNING: Duplicate user '{name}' found on line {}. ", at + 1));
            }
            Err(why) => errors.push_str(&format!("{shown}:{}{why}. ", at + 1)),
        }
    }
    if errors.is_empty() {
        return Ok(users);
    }
    errors
        .push_str("WARNING: ACL errors detected, no change to the previously active ACL rules was performed");
    Err(errors)
}

fn user_of(line: &[u8], commands: &dyn Commands, all_channels: bool) -> Result<(Vec<u8>, Rules), String> {
    // As in Redis, a quote is a byte like any other.
    let args: Vec<&[u8]> = line.split(|&byte| byte == b' ').filter(|word| !word.is_empty()).collect();
    let [b"user", name, rules @ ..] = &args[..] else {
        return Err(" should start with user keyword followed by the username".into());
    };
    if !is_user_name(name) {
        let name = String::from_utf8_lossy(name);
        return Err(format!(": username '{name}' contains invalid characters"));
    }
    let rules = join_selectors(rules).map_err(|_| ": Unmatched parenthesis in selector definition")?;
    let mut made = Rules::new(commands, all_channels);
    for rule in rules {
        made.apply(&rule, commands).map_err(|error| match error {
            RuleError::UnknownCommand => {
                format!(": Error in applying operation '{}': {error}", String::from_utf8_lossy(&rule))
            }
            _ => format!(": {error}"),
        })?;
    }
    Ok((name.to_vec(), made))
}

/// Writes the users' lines to the file, all of them or, where that fails, none.
///
/// # Errors
/// Those of writing beside the file, syncing and renaming.
pub fn write(path: &Path, lines: &[Vec<u8>]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".tmp-{}", std::process::id()));
    let beside = PathBuf::from(beside);
    let written = write_synced(&beside, lines).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // What could not take its place is of no use.
        let _ = fs::remove_file(&beside);
        return written;
    }
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(directory).and_then(|directory| directory.sync_all())
}

fn write_synced(path: &Path, lines: &[Vec<u8>]) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = File::options();
    // Hashes of passwords are for nobody else to read.
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
    for line in lines {
        file.write_all(line)?;
        file.write_all(b"\n")?;
    }
    file.sync_all()
}
