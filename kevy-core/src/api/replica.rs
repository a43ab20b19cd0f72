//! Following a primary: its snapshot and every change after it, resumable from a cursor.

pub use crate::replication::{
    Batch, Frame, FrameKind, Interrupter as ReplicaInterrupter, Replica, ReplicaOption, ReplicaOptions,
    ReplicaStats, Source as ReplicaSource, Speech as ReplicaSpeech,
};
