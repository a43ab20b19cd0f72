//! What a handler works with.

use smallvec::SmallVec;

use crate::base::slot::{shard_of_slot, slot_of};
use crate::resp::Writer;
use crate::store::{Keyspace, Ref};

use super::{Partition, Server, Session};

/// Where a command came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// A client: limits and read-only rules hold, effects are recorded.
    Client,
    /// A primary's stream: applied as it stands, expiry is the primary's business.
    Replica,
}

/// The shards a command may touch, their tokens held by the caller.
#[derive(Debug)]
pub enum Partitions<'a> {
    None,
    One(&'a mut Partition),
    /// Indexed by shard number; `None` where the shard is not part of the command.
    Many(Vec<Option<&'a mut Partition>>),
}

impl Partitions<'_> {
    /// The shard that owns `key`.
    ///
    /// # Panics
    /// Where routing did not include the shard: a key that the command's specification does not name.
    #[inline]
    pub fn at(&mut self, key: &[u8]) -> &mut Partition {
        match self {
            Self::One(partition) => partition,
            Self::Many(all) => {
                let shard = shard_of_slot(slot_of(key), all.len());
                all[shard].as_deref_mut().expect("the key's shard is not part of this command")
            }
            Self::None => panic!("the command declares no keys"),
        }
    }

    /// As [`Partitions::at`], to be read.
    pub fn of(&self, key: &[u8]) -> &Partition {
        match self {
            Self::One(partition) => partition,
            Self::Many(all) => {
                let shard = shard_of_slot(slot_of(key), all.len());
                all[shard].as_deref().expect("the key's shard is not part of this command")
            }
            Self::None => panic!("the command declares no keys"),
        }
    }

    /// The same shards for a command inside this one.
    pub fn reborrow(&mut self) -> Partitions<'_> {
        match self {
            Self::None => Partitions::None,
            Self::One(partition) => Partitions::One(partition),
            Self::Many(all) => Partitions::Many(all.iter_mut().map(Option::as_deref_mut).collect()),
        }
    }

    /// Every shard of the command, in ascending order.
    pub fn every(&mut self) -> SmallVec<[&mut Partition; 8]> {
        match self {
            Self::None => SmallVec::new(),
            Self::One(partition) => SmallVec::from_iter([&mut **partition]),
            Self::Many(all) => all.iter_mut().filter_map(|one| one.as_deref_mut()).collect(),
        }
    }

    /// The first of the shards that are there.
    pub fn first(&mut self) -> Option<&mut Partition> {
        match self {
            Self::None => None,
            Self::One(partition) => Some(partition),
            Self::Many(all) => all.iter_mut().find_map(|one| one.as_deref_mut()),
        }
    }
}

/// Everything a handler may use while it runs.
#[derive(Debug)]
pub struct Context<'a> {
    pub out: &'a mut Writer,
    pub session: &'a mut Session,
    pub server: &'a Server,
    /// Unix time in milliseconds, the same for the whole command or transaction.
    pub now: u64,
    pub origin: Origin,
    pub partitions: Partitions<'a>,
}

impl Context<'_> {
    /// The shard that owns `key`; as [`Partitions::at`].
    #[inline]
    pub fn at(&mut self, key: &[u8]) -> &mut Partition {
        self.partitions.at(key)
    }

    /// The keyspace that owns `key` and the session's database, the two things most handlers want.
    #[inline]
    pub fn keys(&mut self, key: &[u8]) -> (&mut Keyspace, usize, u64) {
        let (db, now) = (self.session.db, self.now);
        (&mut self.at(key).keyspace, db, now)
    }

    /// The key for a verb that reads it, and the reply buffer beside it. Counted as a hit or a miss, and as a
    /// use of the key unless the client asked for `CLIENT NO-TOUCH`.
    #[inline]
    pub fn read(&mut self, key: &[u8]) -> (&mut Writer, Option<Ref<'_>>) {
        let Session { db, no_touch, .. } = *self.session;
        (self.out, self.partitions.at(key).read(db, key, self.now, !no_touch))
    }

    /// As [`super::Effects::wants`], of the shard that owns `key`.
    #[inline]
    pub fn wants_effect(&mut self, key: &[u8]) -> bool {
        self.at(key).effects.wants()
    }

    /// Brings what lookups of several keys will touch into the cache. Nothing is done for fewer than make it worth it.
    pub fn look_ahead<'k>(&mut self, keys: impl ExactSizeIterator<Item = &'k [u8]> + Clone) {
        const KEYS_MIN: usize = 4;
        if keys.len() < KEYS_MIN {
            return;
        }
        let db = self.session.db;
        match &self.partitions {
            Partitions::None => {}
            Partitions::One(partition) => partition.keyspace.look_ahead(db, keys),
            Partitions::Many(all) => {
                for (shard, partition) in all.iter().enumerate() {
                    let Some(partition) = partition else { continue };
                    let here = |key: &&[u8]| shard_of_slot(slot_of(key), all.len()) == shard;
                    partition.keyspace.look_ahead(db, keys.clone().filter(here));
                }
            }
        }
    }

    /// Every shard of the command, in ascending order.
    pub fn every(&mut self) -> SmallVec<[&mut Partition; 8]> {
        self.partitions.every()
    }

    /// True where one effect may tell of two keys: they lie on one shard, and whoever has the one has the other.
    pub fn told_together(&self, a: &[u8], b: &[u8]) -> bool {
        let is_by_value = |partition: &Partition| partition.effects.is_by_value;
        match &self.partitions {
            Partitions::None => true,
            Partitions::One(partition) => a == b || !is_by_value(partition),
            Partitions::Many(all) => {
                let (of_a, of_b) =
                    (shard_of_slot(slot_of(a), all.len()), shard_of_slot(slot_of(b), all.len()));
                let partition = all.get(of_a).and_then(Option::as_deref);
                of_a == of_b && (a == b || !partition.is_some_and(is_by_value))
            }
        }
    }

    /// Records `argv` as what this command did to `key`, in the session's database.
    ///
    /// A command that changed several shards records one effect for each; dispatch makes one transaction of
    /// all effects of a command or a MULTI.
    #[inline]
    pub fn effect(&mut self, key: &[u8], argv: &[&[u8]]) {
        let db = self.session.db;
        self.at(key).effects.push(db, argv);
    }

    /// Records `argv`, which changes no key, for replicas. Any shard's stream may carry it.
    pub fn pass_on(&mut self, argv: &[&[u8]]) {
        let db = self.session.db;
        match &mut self.partitions {
            Partitions::None => {}
            Partitions::One(partition) => partition.effects.pass_on(db, argv),
            Partitions::Many(all) => {
                if let Some(first) = all.iter_mut().flatten().next() {
                    first.effects.pass_on(db, argv);
                }
            }
        }
    }

    /// Two shards at once, for commands that move a value; `None` where both keys lie on one shard.
    pub fn two(&mut self, a: &[u8], b: &[u8]) -> Option<(&mut Partition, &mut Partition)> {
        let Partitions::Many(all) = &mut self.partitions else { return None };
        let (a, b) = (shard_of_slot(slot_of(a), all.len()), shard_of_slot(slot_of(b), all.len()));
        let [a, b] = all.get_disjoint_mut([a, b]).ok()?;
        Some((a.as_deref_mut()?, b.as_deref_mut()?))
    }
}
