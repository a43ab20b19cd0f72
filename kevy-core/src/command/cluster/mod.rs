//! The face of a Redis Cluster: every shard is a node with a port of its own, which its core thread serves, so that
//! clients of a cluster talk to the owner of a key at once.
//!
//! The nodes live and die together and their slots stay where they are, so verbs that would change that are refused.

mod nodes;
mod slots;

use super::help::help;
use super::table::cluster as rows;
use super::{Command, Context, Fail, Outcome, Server};

pub use nodes::Nodes;

/// The verbs of this group.
pub static COMMANDS: &[Command] = &[
    Command::new(rows::ASKING, accept),
    CLUSTER,
    Command::new(rows::READONLY, accept),
    Command::new(rows::READWRITE, accept),
];

const CLUSTER: Command = Command::container(rows::CLUSTER, super::help::container, SUBCOMMANDS);

static SUBCOMMANDS: &[Command] = &[
    Command::new(rows::CLUSTER_ADDSLOTS, refuse),
    Command::new(rows::CLUSTER_ADDSLOTSRANGE, refuse),
    Command::new(rows::CLUSTER_BUMPEPOCH, bump_epoch),
    Command::new(rows::CLUSTER_COUNT_FAILURE_REPORTS, nodes::count_failure_reports),
    Command::new(rows::CLUSTER_COUNTKEYSINSLOT, slots::count_keys),
    Command::new(rows::CLUSTER_DELSLOTS, refuse),
    Command::new(rows::CLUSTER_DELSLOTSRANGE, refuse),
    Command::new(rows::CLUSTER_FAILOVER, refuse),
    Command::new(rows::CLUSTER_FLUSHSLOTS, refuse),
    Command::new(rows::CLUSTER_FORGET, refuse),
    Command::new(rows::CLUSTER_GETKEYSINSLOT, slots::get_keys),
    Command::new(rows::CLUSTER_HELP, cluster_help),
    Command::new(rows::CLUSTER_INFO, nodes::info),
    Command::new(rows::CLUSTER_KEYSLOT, slots::key_slot),
    Command::new(rows::CLUSTER_LINKS, nodes::links),
    Command::new(rows::CLUSTER_MEET, refuse),
    Command::new(rows::CLUSTER_MYID, nodes::my_id),
    Command::new(rows::CLUSTER_MYSHARDID, nodes::my_shard_id),
    Command::new(rows::CLUSTER_NODES, nodes::nodes),
    Command::new(rows::CLUSTER_REPLICAS, nodes::replicas),
    Command::new(rows::CLUSTER_REPLICATE, refuse),
    Command::new(rows::CLUSTER_RESET, refuse),
    Command::new(rows::CLUSTER_SAVECONFIG, save_config),
    Command::new(rows::CLUSTER_SET_CONFIG_EPOCH, refuse),
    Command::new(rows::CLUSTER_SETSLOT, refuse),
    Command::new(rows::CLUSTER_SHARDS, nodes::shards),
    Command::new(rows::CLUSTER_SLAVES, nodes::replicas),
    Command::new(rows::CLUSTER_SLOTS, nodes::slots),
];

const DISABLED: Fail = Fail::new("ERR This instance has cluster support disabled");
const FIXED: Fail = Fail::new(
    "ERR The nodes of this cluster are the shards of one process: they and their slots stay as they are",
);

/// Fails where there is no cluster.
fn nodes_of(server: &Server) -> Result<&Nodes, Fail> {
    server.cluster.get().ok_or(DISABLED)
}

/// READONLY, READWRITE and ASKING change nothing: no node is a replica of another, and no slot is on its way.
fn accept(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    nodes_of(ctx.server)?;
    ctx.out.ok();
    Ok(())
}

fn refuse(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    nodes_of(ctx.server)?;
    Err(FIXED)
}

/// There is no file of nodes that could be out of date.
fn save_config(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    nodes_of(ctx.server)?;
    ctx.out.ok();
    Ok(())
}

fn bump_epoch(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    let nodes = nodes_of(ctx.server)?;
    ctx.out.simple(&format!("STILL {}", nodes.len()));
    Ok(())
}

fn cluster_help(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    nodes_of(ctx.server)?;
    help(ctx, args)
}
