//! One process at a time in a data directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::base::{Error, ErrorKind, Result};

const NAME: &str = "kevy.lock";

/// The right to a directory, until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct DirectoryLock(#[expect(dead_code, reason = "the lock lasts as long as the file is open")] File);

impl DirectoryLock {
    /// Takes the directory, which is made if it is not there.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`] where a runtime of this or another process has it.
    pub fn take(directory: &Path) -> Result<Self> {
        let shown = directory.display();
        std::fs::create_dir_all(directory)
            .map_err(|error| Error::io(format!("cannot make the directory {shown}"), &error))?;
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(directory.join(NAME))
            .map_err(|error| Error::io(format!("cannot open {shown}/{NAME}"), &error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => {
                let text = format!("the directory {shown} is in use by another runtime");
                Err(Error::new(ErrorKind::Busy, text))
            }
            Err(TryLockError::Error(error)) => Err(Error::io(format!("cannot lock {shown}/{NAME}"), &error)),
        }
    }
}
