//! Replicas: a thread takes frames, JavaScript takes batches.

use std::sync::Arc;

use kevy_core::api::{ErrorKind, Replica, ReplicaInterrupter, ReplicaOptions, ReplicaSource, ReplicaStats};
use napi::Env;
use napi::bindgen_prelude::{Buffer, Uint8Array, Uint32Array};
use napi_derive::napi;

use crate::error::{failed, failure, text};
use crate::pump::{self, Channel, Packed};
use crate::runtime;
use crate::wake::{self, Waker};

/// A replica.
#[napi(js_name = "NativeReplica")]
#[expect(missing_debug_implementations, reason = "a threadsafe function has none")]
pub struct Handle {
    channel: Arc<Channel>,
    interrupter: ReplicaInterrupter,
    wake: Waker,
    /// Until the first wait starts the thread.
    idle: Option<Replica>,
    frames_max: usize,
    batches_max: usize,
}

/// One item: one of its fields is there.
#[napi(object)]
#[expect(missing_debug_implementations, reason = "a Buffer of napi-rs has none")]
pub struct Taken {
    pub frames: Option<Frames>,
    pub failure: Option<String>,
}

/// A batch.
#[napi(object)]
#[expect(missing_debug_implementations, reason = "a Buffer of napi-rs has none")]
pub struct Frames {
    pub bytes: Buffer,
    pub table: Uint32Array,
    pub length: u32,
    pub cursor: Buffer,
}

/// Counters of a replica.
#[napi(object)]
#[derive(Clone, Copy, Debug)]
pub struct Stats {
    pub up: bool,
    pub connections: f64,
    pub silent_ms: Option<f64>,
    pub frames: f64,
    pub entries: f64,
    pub bytes: f64,
    pub transactions: f64,
    pub snapshots: f64,
    pub resyncs: f64,
    pub weaker: bool,
}

impl From<Packed> for Frames {
    fn from(packed: Packed) -> Self {
        Self {
            bytes: packed.bytes.into(),
            table: packed.table.into(),
            length: packed.frames,
            cursor: packed.cursor.into(),
        }
    }
}

impl From<ReplicaStats> for Stats {
    fn from(stats: ReplicaStats) -> Self {
        Self {
            up: stats.up,
            connections: stats.connections as f64,
            silent_ms: stats.silent_ms.map(|ms| ms as f64),
            frames: stats.link.frames as f64,
            entries: stats.link.entries as f64,
            bytes: stats.link.bytes as f64,
            transactions: stats.link.transactions as f64,
            snapshots: stats.link.snapshots as f64,
            resyncs: stats.link.resyncs as f64,
            weaker: stats.weaker,
        }
    }
}

#[napi]
impl Handle {
    /// The next item, or null.
    #[napi]
    pub fn take(&self) -> Option<Taken> {
        Some(match self.channel.take()? {
            Ok(packed) => Taken { frames: Some(packed.into()), failure: None },
            Err(error) => Taken { frames: None, failure: Some(text(&error)) },
        })
    }

    /// The next answer to `askStats`, or null.
    #[napi]
    pub fn take_stats(&self) -> Option<Stats> {
        self.channel.take_stats().map(Stats::from)
    }

    /// Asks for `wake` to be called when what is wanted comes; false where it is there already.
    #[napi]
    pub fn listen(&mut self, wants_items: bool, wants_stats: bool) -> napi::Result<bool> {
        if let Some(replica) = self.idle.take() {
            let (channel, wake) = (self.channel.clone(), self.wake.clone());
            let (frames_max, batches_max) = (self.frames_max, self.batches_max);
            std::thread::Builder::new()
                .name("kevy-replica".into())
                .spawn(move || pump::run(replica, &channel, frames_max, batches_max, &|| wake.wake()))
                .map_err(|error| failed(ErrorKind::Io, &format!("cannot start a thread: {error}")))?;
        }
        Ok(self.channel.listen(wants_items, wants_stats))
    }

    /// Whether the process stays alive for this replica.
    #[napi]
    pub fn hold(&self, env: Env, is_held: bool) -> napi::Result<()> {
        self.wake.hold(env, is_held)
    }

    #[napi]
    pub fn ack(&self, cursor: Uint8Array) {
        self.channel.ack(cursor.to_vec());
        self.interrupter.interrupt();
    }

    #[napi]
    pub fn ask_stats(&self) {
        self.channel.ask_stats();
        self.interrupter.interrupt();
    }

    /// Ends the thread.
    #[napi]
    pub fn close(&mut self) {
        self.idle = None;
        self.channel.close();
        self.interrupter.interrupt();
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.close();
    }
}

/// Opens a replica on a descriptor, of which it makes a copy, on a runtime of this process, or on the source that
/// the options name.
#[napi]
pub fn open_replica(
    pairs: Vec<(String, String)>,
    fd: Option<i32>,
    runtime_id: Option<u32>,
    cursor: Option<Uint8Array>,
    frames_max: u32,
    batches_max: u32,
    wake: wake::Function,
) -> napi::Result<Handle> {
    let open = || {
        let mut options = ReplicaOptions::default();
        for (name, value) in &pairs {
            options.set(name, value)?;
        }
        match (fd, runtime_id) {
            (Some(fd), _) => options.source = Some(ReplicaSource::duplicate(fd)?),
            (None, Some(id)) => {
                options.source = Some(ReplicaSource::Fd(runtime::find(id)?.runtime()?.connect()?));
            }
            (None, None) => {}
        }
        Replica::open(options, cursor.as_deref().unwrap_or_default())
    };
    let replica = open().map_err(|error| failure(&error))?;
    Ok(Handle {
        channel: Arc::default(),
        interrupter: replica.interrupter(),
        wake: Waker::new(wake),
        idle: Some(replica),
        frames_max: frames_max as usize,
        batches_max: batches_max as usize,
    })
}
