//! What a client of one node of a cluster may touch: the keys of that node's shard, of one slot at a time.

use crate::base::slot::slot_of;
use crate::command::generic::sort::SortArguments;
use crate::command::keys::keys_of;
use crate::command::spec::{Fail, Scope};
use crate::command::{Session, Spec};
use crate::route::Route;

use super::Engine;

const CROSS_SLOT: Fail = Fail::new("CROSSSLOT Keys in request don't hash to the same slot");

/// Verbs about all keys that mean those of the node.
const OF_NODE: &[&str] = &["dbsize", "flushall", "flushdb", "keys", "randomkey"];

impl Engine {
    /// Refuses what another node of the cluster has to be asked for.
    ///
    /// # Errors
    /// MOVED and CROSSSLOT, or what no cluster allows.
    #[cold]
    pub(super) fn check_node(
        &self,
        node: usize,
        session: &Session,
        spec: &Spec,
        args: &[&[u8]],
    ) -> Result<(), Fail> {
        if spec.scope == Scope::Sort
            && let Some(rest) = args.get(2..)
            && SortArguments::parse(rest, true).is_ok_and(|arguments| arguments.names_other_keys())
        {
            return Err(Fail::new("ERR BY option of SORT denied in cluster mode."));
        }
        let mut slot = None;
        self.check_slots(node, session, spec, args, &mut slot)?;
        if spec.name == "exec" {
            for queued in session.transaction.iter().flat_map(|transaction| &transaction.queue) {
                let args: Vec<&[u8]> = queued.args.iter().map(Vec::as_slice).collect();
                self.check_slots(node, session, &self.command(queued.command).spec, &args, &mut slot)?;
            }
        }
        Ok(())
    }

    fn check_slots(
        &self,
        node: usize,
        session: &Session,
        spec: &Spec,
        args: &[&[u8]],
        slot: &mut Option<u16>,
    ) -> Result<(), Fail> {
        if spec.keys.is_empty() {
            return Ok(());
        }
        // What the specification does not fit is the handler's error to report.
        let Ok(positions) = keys_of(spec, args) else { return Ok(()) };
        for position in positions {
            let of_key = slot_of(args[position]);
            if *slot.get_or_insert(of_key) != of_key {
                return Err(CROSS_SLOT);
            }
        }
        let (Some(slot), Some(nodes)) = (*slot, self.server.cluster.get()) else { return Ok(()) };
        let owner = nodes.owner(slot);
        if owner == node {
            return Ok(());
        }
        Err(Fail::with(format!("MOVED {slot} {}:{}", nodes.host(session), nodes.port(owner))))
    }

    /// The route of a command that a client of `node` sent.
    #[cold]
    pub(super) fn route_at_node(&self, node: usize, spec: &Spec, route: Route) -> Route {
        let is_of_node = spec.scope == Scope::Cursor || OF_NODE.contains(&spec.name);
        if is_of_node && route != Route::Nowhere { Route::One(node) } else { route }
    }
}
