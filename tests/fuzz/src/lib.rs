//! What the targets share: an allocator that is told what a hostile input may take, and a place for files.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs;
use std::path::{Path, PathBuf};
use std::process;

use kevy_core::api::Options;

/// The most that one allocation may ask for: far above what an input of some kilobytes can need, far below what a length in
/// it can claim.
const ALLOCATION_BYTES_MAX: usize = 256 << 20;

/// Ends the process where one allocation asks for more than any input can need, whether or not it would be touched.
struct Bounded;

fn check(bytes: usize) {
    if bytes > ALLOCATION_BYTES_MAX {
        eprintln!("one allocation asks for {bytes} bytes");
        process::abort();
    }
}

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Bounded {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        check(layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        check(layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        check(size);
        // SAFETY: as the caller promises.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Bounded = Bounded;

/// An empty directory of this process, in memory where the system has a place for that.
pub fn directory() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    let path = parent.join(format!("kevy-fuzz-{}", process::id()));
    // It is not there the first time.
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("a directory for files");
    path
}

/// Writes a file.
pub fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).expect("a file is written");
}

/// Options that have a log read from the directory; bits of `choice` say on how many shards, and what of damage.
pub fn log_options(choice: u8, directory: &Path) -> Options {
    let settings = [
        ("dir", directory.to_str().expect("a path of text")),
        ("appendonly", "yes"),
        ("save", ""),
        ("appendfsync", "no"),
        ("rdbchecksum", "no"),
        ("shards", if choice & 4 == 0 { "1" } else { "2" }),
        ("aof-load-truncated", if choice & 8 == 0 { "yes" } else { "no" }),
        ("aof-load-corrupt-tail-max-size", if choice & 16 == 0 { "0" } else { "4096" }),
    ];
    let mut options = Options::new();
    for (name, value) in settings {
        options.set(name, value).expect("an option");
    }
    options
}
