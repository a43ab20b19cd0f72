//! What the operating system says about this process and its machine.

use std::ffi::CStr;
use std::fs;

/// Processor time that the process has used, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CpuSeconds {
    pub user: f64,
    pub system: f64,
}

#[cfg(target_os = "linux")]
const THREAD: libc::c_int = libc::RUSAGE_THREAD;
#[cfg(not(target_os = "linux"))]
const THREAD: libc::c_int = libc::RUSAGE_SELF;

fn usage(whose: libc::c_int) -> Option<libc::rusage> {
    // SAFETY: all-zero bytes are a valid `rusage`, which holds only integers.
    let mut usage = unsafe { std::mem::zeroed::<libc::rusage>() };
    // SAFETY: `usage` is a valid `rusage` that the call only writes to.
    (unsafe { libc::getrusage(whose, &mut usage) } == 0).then_some(usage)
}

/// Processor time used by all threads so far.
pub fn cpu_seconds() -> CpuSeconds {
    cpu_seconds_of(libc::RUSAGE_SELF)
}

/// Processor time used by the calling thread so far, where the system tells threads apart.
pub fn thread_seconds() -> CpuSeconds {
    cpu_seconds_of(THREAD)
}

fn cpu_seconds_of(whose: libc::c_int) -> CpuSeconds {
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    usage(whose).map_or_else(CpuSeconds::default, |usage| CpuSeconds {
        user: seconds(usage.ru_utime),
        system: seconds(usage.ru_stime),
    })
}

/// Bytes of physical memory that the process takes; where the system does not say, the most it ever took.
pub fn resident_bytes() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split_ascii_whitespace().nth(1).and_then(|word| word.parse::<u64>().ok());
    match pages {
        Some(pages) => pages * configured(libc::_SC_PAGESIZE),
        None => usage(libc::RUSAGE_SELF).map_or(0, |usage| usage.ru_maxrss as u64),
    }
}

/// Bytes of physical memory that the machine has.
pub fn machine_bytes() -> u64 {
    configured(libc::_SC_PHYS_PAGES) * configured(libc::_SC_PAGESIZE)
}

fn configured(name: libc::c_int) -> u64 {
    // SAFETY: the call takes any name and has no other argument.
    u64::try_from(unsafe { libc::sysconf(name) }).unwrap_or_default()
}

/// Name, release and architecture of the operating system.
pub fn system_name() -> String {
    // SAFETY: all-zero bytes are a valid `utsname`: empty strings.
    let mut names = unsafe { std::mem::zeroed::<libc::utsname>() };
    // SAFETY: `names` is a valid `utsname` that the call only writes to.
    if unsafe { libc::uname(&mut names) } != 0 {
        return std::env::consts::OS.to_owned();
    }
    let text = |field: &[libc::c_char]| {
        let bytes: Vec<u8> = field.iter().map(|&byte| byte as u8).collect();
        CStr::from_bytes_until_nul(&bytes)
            .map_or_else(|_| String::new(), |text| text.to_string_lossy().into())
    };
    format!("{} {} {}", text(&names.sysname), text(&names.release), text(&names.machine))
}

/// Asks the C library's allocator to give unused pages back. Does nothing where it cannot be asked.
pub fn trim_heap() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: the call takes the number of bytes to keep and only touches the allocator's own free memory.
    unsafe {
        libc::malloc_trim(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_tells_what_the_process_uses() {
        assert!(resident_bytes() > 100_000 && resident_bytes() <= machine_bytes());
        let CpuSeconds { user, system } = cpu_seconds();
        assert!(user + system >= 0.0 && user + system < 1e9);
        assert!(system_name().split(' ').count() >= 3);
    }
}
