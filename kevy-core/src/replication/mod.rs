pub mod client;
pub mod cursor;
pub mod wire;
pub use client::{Batch, Frame, FrameKind, Interrupter, Replica, ReplicaOption, ReplicaOptions, ReplicaStats, Source};
use std::sync::Arc;
#[derive(Debug)]
pub struct Primary;
impl Primary{ pub fn new(_s:Arc<crate::shard::Shards>,_g:u64)->Self{Self} pub fn info(&self)->String{String::new()} pub fn replicas(&self)->Vec<(String,u16,u64)>{vec![]}
pub fn attach(&self,_a:&[&[u8]],_b:&str,_w:Arc<dyn Fn()+Send+Sync>)->Result<Box<dyn crate::io::Upgrade>,String>{Err("ERR not yet".into())}}
