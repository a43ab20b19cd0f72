//! Where the engine's own messages go: nowhere, until the host names a sink.
//!
//! A library owns neither the terminal nor a log file, so it hands its messages over. One sink serves the whole
//! process, whatever number of runtimes it holds.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use parking_lot::RwLock;

/// How much a message matters. The numbers are those of the C interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i32)]
pub enum Level {
    /// Something failed and somebody has to act.
    Error = 1,
    /// Something is wrong and the engine goes on.
    Warning = 2,
    /// A change of state: started, stopped, a replica attached.
    Info = 3,
    /// What only helps to find a defect.
    Debug = 4,
}

/// Takes a message, on whichever thread has it and whatever tokens that holds: it must return soon, must not panic,
/// and must not call back into the engine.
pub type Sink = dyn Fn(Level, &str) + Send + Sync;

static LEVEL_MAX: AtomicI32 = AtomicI32::new(0);
static SINK: RwLock<Option<Arc<Sink>>> = RwLock::new(None);

/// Replaces the sink; it gets messages up to `level_max`. The sink before it is dropped once no thread is in it.
pub fn set(sink: Option<Arc<Sink>>, level_max: Level) {
    let level_max = if sink.is_some() { level_max as i32 } else { 0 };
    let before = {
        let mut slot = SINK.write();
        LEVEL_MAX.store(level_max, Ordering::Relaxed);
        std::mem::replace(&mut *slot, sink)
    };
    // Outside the lock: dropping it runs the host's code.
    drop(before);
}

/// True where a message of `level` would reach a sink.
#[inline]
pub fn wants(level: Level) -> bool {
    level as i32 <= LEVEL_MAX.load(Ordering::Relaxed)
}

/// Hands a message over.
#[inline]
pub fn write(level: Level, message: fmt::Arguments<'_>) {
    if wants(level) {
        hand_over(level, message);
    }
}

/// Hands over what somebody has to act on.
pub fn error(message: fmt::Arguments<'_>) {
    write(Level::Error, message);
}

/// Hands over what is wrong without stopping the engine.
pub fn warning(message: fmt::Arguments<'_>) {
    write(Level::Warning, message);
}

/// Hands over a change of state.
pub fn info(message: fmt::Arguments<'_>) {
    write(Level::Info, message);
}

#[cold]
fn hand_over(level: Level, message: fmt::Arguments<'_>) {
    // In a forked child the lock may be held by a thread that is not there, so this never waits for it.
    let sink = SINK.try_read().and_then(|sink| sink.clone());
    if let Some(sink) = sink {
        match message.as_str() {
            Some(text) => sink(level, text),
            None => sink(level, &message.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;

    use super::*;

    #[test]
    fn a_sink_gets_messages_up_to_its_level_until_it_is_replaced() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let into = seen.clone();
        set(Some(Arc::new(move |level, text: &str| into.lock().push((level, text.to_owned())))), Level::Info);
        write(Level::Info, format_args!("shard {} is up", 3));
        write(Level::Debug, format_args!("too much"));
        set(None, Level::Debug);
        write(Level::Error, format_args!("nobody listens"));
        let mine: Vec<_> =
            seen.lock().iter().filter(|(_, text)| text.starts_with("shard 3")).cloned().collect();
        assert_eq!(mine, [(Level::Info, "shard 3 is up".to_owned())]);
        assert!(!seen.lock().iter().any(|(level, _)| *level == Level::Debug));
        assert_eq!(Arc::strong_count(&seen), 1);
    }
}
