//! Files that are written, through one door, so that tests of the shipped code can make the disk fail or the process end
//! at any point.

use std::fs::{self, File, OpenOptions};
use std::io::{self, IoSlice, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, Ordering};

use parking_lot::Mutex;

/// What goes wrong on purpose.
#[derive(Debug)]
struct Faults {
    /// Anything below is set.
    armed: AtomicBool,
    /// Bytes that can be written before writes fail with `errno`.
    bytes_left: AtomicI64,
    errno: AtomicI32,
    /// What syncs fail with; 0 for nothing.
    sync_errno: AtomicI32,
    /// Where the process ends, and after how many times of coming by.
    end: Mutex<Option<(String, u64)>>,
}

/// The disk of one runtime. Clones share it.
#[derive(Clone, Debug)]
pub struct Disk(Arc<Faults>);

impl Default for Disk {
    fn default() -> Self {
        Self(Arc::new(Faults {
            armed: AtomicBool::new(false),
            bytes_left: AtomicI64::new(i64::MAX),
            errno: AtomicI32::new(0),
            sync_errno: AtomicI32::new(0),
            end: Mutex::new(None),
        }))
    }
}

impl Disk {
    /// Lets writes fail with the system's error `errno` once `bytes` more have been written.
    pub fn fail_writes(&self, bytes: u64, errno: i32) {
        self.0.errno.store(errno, Ordering::Relaxed);
        self.0.bytes_left.store(i64::try_from(bytes).unwrap_or(i64::MAX), Ordering::Relaxed);
        self.0.armed.store(true, Ordering::Release);
    }

    /// Lets syncs fail with the system's error `errno`.
    pub fn fail_syncs(&self, errno: i32) {
        self.0.sync_errno.store(errno, Ordering::Relaxed);
        self.0.armed.store(true, Ordering::Release);
    }

    /// Ends the process, as SIGKILL does, where it comes by `place` for the time with number `count`, from 1.
    pub fn end_at(&self, place: &str, count: u64) {
        *self.0.end.lock() = Some((place.to_owned(), count.max(1)));
        self.0.armed.store(true, Ordering::Release);
    }

    /// Nothing goes wrong on purpose from now on.
    pub fn heal(&self) {
        self.0.armed.store(false, Ordering::Release);
        self.0.bytes_left.store(i64::MAX, Ordering::Relaxed);
        self.0.sync_errno.store(0, Ordering::Relaxed);
        *self.0.end.lock() = None;
    }

    /// Comes by a place at which the process may have been told to end.
    pub fn pass(&self, place: &str) {
        if !self.0.armed.load(Ordering::Acquire) {
            return;
        }
        let mut end = self.0.end.lock();
        if let Some((name, count)) = &mut *end
            && name == place
        {
            *count -= 1;
            if *count == 0 {
                // SAFETY: the call takes no pointers; the signal ends this process.
                unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
            }
        }
    }

    /// How many of `bytes` may be written.
    fn allow(&self, bytes: usize) -> io::Result<usize> {
        if !self.0.armed.load(Ordering::Acquire) {
            return Ok(bytes);
        }
        let left = self.0.bytes_left.load(Ordering::Relaxed);
        if left <= 0 {
            return Err(io::Error::from_raw_os_error(self.0.errno.load(Ordering::Relaxed)));
        }
        Ok(bytes.min(usize::try_from(left).unwrap_or(usize::MAX)))
    }

    /// Notes that so many bytes were written.
    fn use_up(&self, bytes: usize) {
        if self.0.armed.load(Ordering::Acquire) {
            self.0.bytes_left.fetch_sub(bytes as i64, Ordering::Relaxed);
        }
    }

    fn may_sync(&self) -> io::Result<()> {
        if self.0.armed.load(Ordering::Acquire) {
            let errno = self.0.sync_errno.load(Ordering::Relaxed);
            if errno != 0 {
                return Err(io::Error::from_raw_os_error(errno));
            }
        }
        Ok(())
    }

    /// Makes a file that is not there.
    pub fn create(&self, path: &Path) -> io::Result<DiskFile> {
        self.allow(1)?;
        Ok(DiskFile { file: File::create_new(path)?, disk: self.clone() })
    }

    /// Opens a file to be written from `len` on, where it is made to end.
    pub fn open(&self, path: &Path, len: u64) -> io::Result<DiskFile> {
        let mut file = DiskFile { file: OpenOptions::new().write(true).open(path)?, disk: self.clone() };
        file.truncate(len)?;
        Ok(file)
    }

    /// Puts a file in the place of another, for good.
    pub fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.may_sync()?;
        fs::rename(from, to)?;
        self.sync_folder(to)
    }

    /// Removes a file; one that is not there is removed already.
    pub fn remove(&self, path: &Path) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Makes sure that the names in the folder of `path` are on disk.
    pub fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.may_sync()?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }

    /// Writes a whole small file in place of another: either is there after a crash, whole.
    pub fn replace(&self, path: &Path, temporary: &Path, bytes: &[u8]) -> io::Result<()> {
        self.remove(temporary)?;
        let mut file = self.create(temporary)?;
        let written = file.write_parts(&mut [IoSlice::new(bytes)]).and_then(|()| file.sync());
        if let Err(error) = written.and_then(|()| self.rename(temporary, path)) {
            // The failure that counts is the one being reported.
            let _ = self.remove(temporary);
            return Err(error);
        }
        Ok(())
    }
}

/// A file on its way out.
#[derive(Debug)]
pub struct DiskFile {
    file: File,
    disk: Disk,
}

impl DiskFile {
    /// Writes all parts, one after the other, with as few calls as they take.
    pub fn write_parts(&mut self, mut parts: &mut [IoSlice<'_>]) -> io::Result<()> {
        IoSlice::advance_slices(&mut parts, 0);
        while let Some(first) = parts.first() {
            let total: usize = parts.iter().map(|part| part.len()).sum();
            let allowed = self.disk.allow(total)?;
            let written = if allowed == total {
                self.file.write_vectored(parts)
            } else {
                let first = first.get(..first.len().min(allowed)).unwrap_or_default();
                self.file.write(first)
            };
            match written {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.disk.use_up(count);
                    IoSlice::advance_slices(&mut parts, count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// As [`Disk::pass`].
    pub fn pass(&self, place: &str) {
        self.disk.pass(place);
    }

    /// Makes sure that what was written is on disk.
    pub fn sync(&self) -> io::Result<()> {
        self.disk.may_sync()?;
        self.file.sync_data()
    }

    /// Cuts the file off at `len`, where writing goes on.
    pub fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.file.set_len(len)?;
        self.file.seek(SeekFrom::Start(len)).map(drop)
    }

    /// The same file, to be synced while it is written.
    pub fn twin(&self) -> io::Result<Self> {
        Ok(Self { file: self.file.try_clone()?, disk: self.disk.clone() })
    }
}

impl Write for DiskFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let allowed = self.disk.allow(bytes.len())?;
        self.file.write(&bytes[..allowed]).inspect(|count| self.disk.use_up(*count))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for DiskFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_fail_after_so_many_bytes_and_then_heal() {
        let path = std::env::temp_dir().join(format!("kevy-disk-{}", std::process::id()));
        let disk = Disk::default();
        let mut file = disk.create(&path).expect("a file");
        disk.fail_writes(5, libc::ENOSPC);
        let error = file
            .write_parts(&mut [IoSlice::new(b"abc"), IoSlice::new(b"def")])
            .expect_err("the disk is full");
        assert_eq!(error.raw_os_error(), Some(libc::ENOSPC));
        assert_eq!(fs::read(&path).expect("it is there"), b"abcde");
        disk.heal();
        file.truncate(0).expect("it is ours");
        file.write_parts(&mut [IoSlice::new(b"abc"), IoSlice::new(b"def")]).expect("room");
        disk.fail_syncs(libc::EIO);
        assert!(file.sync().is_err());
        assert_eq!(fs::read(&path).expect("it is there"), b"abcdef");
        fs::remove_file(&path).expect("it is there");
    }
}
