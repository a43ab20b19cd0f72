//! Where the stand-alone server's messages go: a file, or standard output.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::base::log_sink::{self, Level};
use crate::base::{Error, Result};

use super::Options;

const DAY_SECONDS: u64 = 86_400;

/// Sends messages where `logfile` and `loglevel` say.
///
/// # Errors
/// Where the file cannot be opened.
pub fn open(options: &Options) -> Result<()> {
    let level_max = match options.get("loglevel").as_deref() {
        Some("debug" | "verbose") => Level::Debug,
        Some("warning") => Level::Warning,
        Some("nothing") => return Ok(()),
        _ => Level::Info,
    };
    let file = match options.get("logfile").filter(|path| !path.is_empty()) {
        Some(path) => {
            let opened = File::options().append(true).create(true).open(&path);
            Some(opened.map_err(|error| Error::io(format!("cannot open the log file {path}"), &error))?)
        }
        None => None,
    };
    let process = std::process::id();
    let sink = move |level: Level, message: &str| {
        let sign = match level {
            Level::Error => '!',
            Level::Warning => '#',
            Level::Info => '*',
            Level::Debug => '.',
        };
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let line = format!("{process} {} {sign} {message}\n", moment(since));
        // Nobody is left to be told that a message could not be written.
        let _ = match &file {
            Some(file) => (&*file).write_all(line.as_bytes()),
            None => std::io::stdout().lock().write_all(line.as_bytes()),
        };
    };
    log_sink::set(Some(Arc::new(sink)), level_max);
    Ok(())
}

/// A moment of UTC as `2024-02-29 23:59:59.123`, from the time since 1970.
///
/// Years are counted from March of the year 0 in eras of 400, whose days are always as many.
fn moment(since: Duration) -> String {
    const ERA_DAYS: u64 = 146_097;
    let seconds = since.as_secs();
    let days = seconds / DAY_SECONDS + 719_468;
    let (era, day) = (days / ERA_DAYS, days % ERA_DAYS);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let from_march = (5 * day + 2) / 153;
    let day = day - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    let second = seconds % DAY_SECONDS;
    format!(
        "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}.{:03}",
        second / 3600,
        second / 60 % 60,
        second % 60,
        since.subsec_millis()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_the_calendar() {
        let at = |seconds: u64| moment(Duration::from_millis(seconds * 1000 + 7));
        assert_eq!(at(0), "1970-01-01 00:00:00.007");
        assert_eq!(at(951_782_400), "2000-02-29 00:00:00.007");
        assert_eq!(at(1_709_251_199), "2024-02-29 23:59:59.007");
        assert_eq!(at(1_709_251_200), "2024-03-01 00:00:00.007");
        assert_eq!(at(4_102_444_799), "2099-12-31 23:59:59.007");
    }
}
