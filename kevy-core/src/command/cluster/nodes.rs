//! What a cluster's nodes are, in the forms that clients ask for.

use std::fmt::Write as _;

use sha1::{Digest as _, Sha1};

use crate::base::slot::{SLOTS, shard_of_slot};
use crate::command::{Context, Fail, Outcome, Session};

use super::nodes_of;

/// The nodes of a cluster, one for each shard.
#[derive(Debug)]
pub struct Nodes {
    ports: Vec<u16>,
    ids: Vec<String>,
    /// The address that clients are told, where it is not the one they used.
    announced: Option<String>,
}

fn hex_id(run_id: &str, kind: &str, index: usize) -> String {
    let digest = Sha1::digest(format!("{run_id} {kind} {index}"));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Nodes {
    /// One node for each of `ports`.
    pub fn new(run_id: &str, ports: Vec<u16>, announced: &str) -> Self {
        let ids = (0..ports.len()).map(|index| hex_id(run_id, "node", index)).collect();
        let announced = (!announced.is_empty()).then(|| announced.to_owned());
        Self { ports, ids, announced }
    }

    pub fn len(&self) -> usize {
        self.ports.len()
    }

    /// The port of a node.
    pub fn port(&self, node: usize) -> u16 {
        self.ports.get(node).copied().unwrap_or_default()
    }

    /// The first and the last slot of a node.
    pub fn range(&self, node: usize) -> (u16, u16) {
        let first = |node: usize| (node * SLOTS as usize).div_ceil(self.len());
        (first(node) as u16, (first(node + 1) - 1) as u16)
    }

    /// The owner of a slot.
    pub fn owner(&self, slot: u16) -> usize {
        shard_of_slot(slot, self.len())
    }

    fn find(&self, id: &[u8]) -> Result<usize, Fail> {
        let found = self.ids.iter().position(|known| known.as_bytes().eq_ignore_ascii_case(id));
        found.ok_or_else(|| Fail::quoting("ERR Unknown node {}", id))
    }

    /// The address at which this client reaches the nodes.
    pub fn host<'a>(&'a self, session: &'a Session) -> &'a str {
        self.announced.as_deref().unwrap_or_else(|| host_of(&session.client.local_address))
    }
}

/// The address of `address:port`, without the brackets of IPv6; that of this machine where there is none.
pub fn host_of(address: &str) -> &str {
    let host = address.rsplit_once(':').map_or("", |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host.is_empty() || host.starts_with('/') { "127.0.0.1" } else { host }
}

fn me(session: &Session) -> usize {
    session.node.unwrap_or_default()
}

pub fn slots(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    let nodes = nodes_of(ctx.server)?;
    let host = nodes.host(ctx.session).to_owned();
    ctx.out.array(nodes.len());
    for node in 0..nodes.len() {
        let (first, last) = nodes.range(node);
        ctx.out.array(3);
        ctx.out.integer(first.into());
        ctx.out.integer(last.into());
        ctx.out.array(4);
        ctx.out.bulk(host.as_bytes());
        ctx.out.integer(nodes.port(node).into());
        ctx.out.bulk(nodes.ids[node].as_bytes());
        // Metadata such as a host name.
        ctx.out.map(0);
    }
    Ok(())
}

pub fn shards(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    let nodes = nodes_of(ctx.server)?;
    let host = nodes.host(ctx.session).to_owned();
    let offset = ctx.server.hooks.get().map(|hooks| hooks.replication_offset()).unwrap_or_default();
    let out = &mut *ctx.out;
    out.array(nodes.len());
    for node in 0..nodes.len() {
        let (first, last) = nodes.range(node);
        out.map(2);
        out.bulk(b"slots");
        out.array(2);
        out.integer(first.into());
        out.integer(last.into());
        out.bulk(b"nodes");
        out.array(1);
        out.map(7);
        for (name, value) in [("id", &nodes.ids[node]), ("ip", &host), ("endpoint", &host)] {
            out.bulk(name.as_bytes());
            out.bulk(value.as_bytes());
        }
        out.bulk(b"port");
        out.integer(nodes.port(node).into());
        out.bulk(b"role");
        out.bulk(b"master");
        out.bulk(b"replication-offset");
        out.unsigned(offset);
        out.bulk(b"health");
        out.bulk(b"online");
    }
    Ok(())
}

/// There is no bus between nodes, so its port is 0.
pub fn nodes(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    let nodes = nodes_of(ctx.server)?;
    let host = nodes.host(ctx.session);
    let me = me(ctx.session);
    let mut text = String::new();
    for (node, id) in nodes.ids.iter().enumerate() {
        let (first, last) = nodes.range(node);
        let flags = if node == me { "myself,master" } else { "master" };
        let _ = writeln!(
            text,
            "{id} {host}:{}@0 {flags} - 0 0 {} connected {first}-{last}",
            nodes.port(node),
            node + 1
        );
    }
    ctx.out.verbatim("txt", text.as_bytes());
    Ok(())
}

pub fn my_id(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    let nodes = nodes_of(ctx.server)?;
    ctx.out.bulk(nodes.ids[me(ctx.session)].as_bytes());
    Ok(())
}

pub fn my_shard_id(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    nodes_of(ctx.server)?;
    ctx.out.bulk(hex_id(&ctx.server.run_id, "shard", me(ctx.session)).as_bytes());
    Ok(())
}

pub fn replicas(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    nodes_of(ctx.server)?.find(args[2])?;
    // Replicas of kevy are no nodes of its cluster.
    ctx.out.array(0);
    Ok(())
}

pub fn count_failure_reports(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    nodes_of(ctx.server)?.find(args[2])?;
    ctx.out.integer(0);
    Ok(())
}

pub fn links(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    nodes_of(ctx.server)?;
    ctx.out.array(0);
    Ok(())
}

pub fn info(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    let nodes = nodes_of(ctx.server)?;
    let count = nodes.len();
    let mut text = String::from("cluster_state:ok\r\n");
    for (name, value) in [
        ("cluster_slots_assigned", SLOTS as usize),
        ("cluster_slots_ok", SLOTS as usize),
        ("cluster_slots_pfail", 0),
        ("cluster_slots_fail", 0),
        ("cluster_known_nodes", count),
        ("cluster_size", count),
        ("cluster_current_epoch", count),
        ("cluster_my_epoch", me(ctx.session) + 1),
        ("cluster_stats_messages_sent", 0),
        ("cluster_stats_messages_received", 0),
        ("total_cluster_links_buffer_limit_exceeded", 0),
    ] {
        let _ = write!(text, "{name}:{value}\r\n");
    }
    ctx.out.verbatim("txt", text.as_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ranges_of_nodes_are_the_slots_of_shards() {
        for count in [1, 2, 3, 5, 7, 100, 16_384] {
            let nodes = Nodes::new("run", vec![0; count], "");
            let mut next = 0;
            for node in 0..count {
                let (first, last) = nodes.range(node);
                assert_eq!(u32::from(first), next, "{count}");
                assert_eq!((nodes.owner(first), nodes.owner(last)), (node, node), "{count}");
                next = u32::from(last) + 1;
            }
            assert_eq!(next, 16_384);
        }
    }

    #[test]
    fn hosts_are_taken_from_addresses() {
        assert_eq!(host_of("10.0.0.1:6379"), "10.0.0.1");
        assert_eq!(host_of("[::1]:6379"), "::1");
        assert_eq!(host_of("/tmp/socket:0"), "127.0.0.1");
        assert_eq!(host_of(""), "127.0.0.1");
    }
}
