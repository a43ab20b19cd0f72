//! Reading an RDB file into shards.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, SyncSender};
use std::thread;

use crate::base::slot::{shard_of_slot, slot_of};
use crate::base::{Error, ErrorKind, Result};
use crate::shard::{Shard, Shards};
use crate::snapshot::load::{Loaded, Loader, Usage};
use crate::snapshot::{Owned, SavedHistory};

/// Keys that go to a shard at a time, and how many such batches may wait for it.
const BATCH_KEYS: usize = 128;
const BATCHES_MAX: usize = 8;

/// What a file held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadReport {
    pub keys_loaded: u64,
    /// Keys that were left out because their time had passed.
    pub keys_expired: u64,
    /// Values that modules keep beside keys, which this build does not have.
    pub skipped: u64,
    pub bytes: u64,
    /// Where in the history of its keys the file was written, if it says so.
    pub history: SavedHistory,
}

/// Reads the file at `path`; `None` where there is none. Keys go to the shards that own them, whatever wrote the file, and
/// replace those of the same name. `progress` is told the bytes read and those of the whole file. The caller holds no token.
///
/// # Errors
/// [`ErrorKind::Corrupt`] names file and place, [`ErrorKind::Unsupported`] what is not known here, [`ErrorKind::Io`] what
/// reading came to. Keys before the place may have been loaded.
pub fn load(
    shards: &Shards,
    path: &Path,
    check_sum: bool,
    now: u64,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<Option<LoadReport>> {
    let shown = |error: Error| Error::new(error.kind(), format!("{}: {error}", path.display()));
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(shown(Error::io("cannot open the RDB file", &error))),
    };
    let size =
        file.metadata().map_err(|error| shown(Error::io("cannot look at the RDB file", &error)))?.len();
    let (limits, seed, databases) = {
        let shard = shards.take(0);
        let keyspace = &shard.partition.keyspace;
        (keyspace.limits().clone(), keyspace.seed().clone(), keyspace.databases())
    };
    let mut loader = Loader::new(file, limits, seed, check_sum);
    let expired = AtomicU64::new(0);
    let loaded = AtomicU64::new(0);
    // Whoever goes on in a history has to tell of what is due, and keeps it until then.
    let keeps_due = AtomicBool::new(false);
    thread::scope(|scope| {
        let workers: Vec<SyncSender<Vec<Loaded>>> = (0..shards.len())
            .map(|shard| {
                let (sender, batches) = mpsc::sync_channel::<Vec<Loaded>>(BATCHES_MAX);
                let (loaded, expired, keeps_due) = (&loaded, &expired, &keeps_due);
                scope.spawn(move || {
                    for batch in batches {
                        let mut shard = shards.take(shard);
                        let now = (now, keeps_due.load(Ordering::Relaxed));
                        let (live, due) = put(&mut shard, batch, now);
                        loaded.fetch_add(live, Ordering::Relaxed);
                        expired.fetch_add(due, Ordering::Relaxed);
                    }
                });
                sender
            })
            .collect();
        deal(&mut loader, &workers, databases, &|loader, keys| {
            shards.pace.wait_loaded(keys);
            keeps_due.store(!loader.history.is_empty(), Ordering::Relaxed);
            progress(loader.position(), size);
        })
    })
    .map_err(shown)?;
    if !loader.functions.is_empty() {
        let mut home = shards.take(0);
        loader.functions.iter().for_each(|code| home.partition.functions.load(code));
    }
    Ok(Some(LoadReport {
        keys_loaded: loaded.into_inner(),
        keys_expired: expired.into_inner(),
        skipped: loader.skipped,
        bytes: loader.position(),
        history: loader.history,
    }))
}

/// Gives every key to the shard that owns it. `progress` is told how many keys came since it was told last.
fn deal(
    loader: &mut Loader<File>,
    workers: &[SyncSender<Vec<Loaded>>],
    databases: usize,
    progress: &dyn Fn(&Loader<File>, u64),
) -> Result<()> {
    let mut batches: Vec<Vec<Loaded>> = workers.iter().map(|_| Vec::new()).collect();
    let send = |shard: usize, batch: Vec<Loaded>| {
        workers[shard].send(batch).map_err(|_| Error::new(ErrorKind::Panic, "loading panicked"))
    };
    let mut keys = 0;
    while let Some(entry) = loader.next()? {
        if entry.db >= databases {
            let text = format!("a key is in database {}, and 'databases' is {databases}", entry.db);
            return Err(Error::new(ErrorKind::Unsupported, text));
        }
        let shard = shard_of_slot(slot_of(&entry.key), workers.len());
        batches[shard].push(entry);
        keys += 1;
        if batches[shard].len() >= BATCH_KEYS {
            progress(loader, std::mem::take(&mut keys));
            send(shard, std::mem::take(&mut batches[shard]))?;
        }
    }
    progress(loader, keys);
    for (shard, batch) in batches.into_iter().enumerate() {
        send(shard, batch)?;
    }
    Ok(())
}

/// Puts keys where they belong. How many were put, and how many left out.
fn put(shard: &mut Shard, batch: Vec<Loaded>, (now, keeps_due): (u64, bool)) -> (u64, u64) {
    let keyspace = &mut shard.partition.keyspace;
    let (mut live, mut due) = (0, 0);
    for Loaded { db, key, value, expire_at, usage } in batch {
        if !keeps_due && expire_at.is_some_and(|at| at <= now) {
            due += 1;
            continue;
        }
        let is_lfu = keyspace.limits().policy.is_lfu();
        let access = match usage {
            Usage::IdleSeconds(seconds) if !is_lfu => Some(keyspace.access_of_idle_seconds(seconds, now)),
            Usage::Frequency(frequency) if is_lfu => Some(keyspace.access_of_frequency(frequency, now)),
            _ => None,
        };
        keyspace.put(db, &key, Owned { value, expire_at, access }, now);
        live += 1;
    }
    (live, due)
}
