//! Keyspace events: what happened to a key, published to whoever follows the key or the kind of event.
//!
//! A handler names the event where it makes the change. What the keyspace does of its own accord (keys that expire, are
//! evicted or come into being) it notes, and that is published before the next event of the shard, or behind the
//! command. The names and classes are those of Redis.

use crate::base::options::EventClasses;
use crate::store::{Dropped, Reason};

use super::Partition;

/// An event with its class.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    class: EventClasses,
    name: &'static str,
}

macro_rules! events {
    ($($constant:ident: $class:ident = $name:literal;)*) => {
        /// Every event there is.
        pub mod event {
            use super::{Event, EventClasses};
            $(pub const $constant: Event = Event { class: EventClasses::$class, name: $name };)*
        }
    };
}

events! {
    DEL: GENERIC = "del";
    EXPIRE: GENERIC = "expire";
    PERSIST: GENERIC = "persist";
    RENAME_FROM: GENERIC = "rename_from";
    RENAME_TO: GENERIC = "rename_to";
    MOVE_FROM: GENERIC = "move_from";
    MOVE_TO: GENERIC = "move_to";
    COPY_TO: GENERIC = "copy_to";
    RESTORE: GENERIC = "restore";
    NEW: NEW = "new";
    EXPIRED: EXPIRED = "expired";
    EVICTED: EVICTED = "evicted";
    SET: STRING = "set";
    SETRANGE: STRING = "setrange";
    INCRBY: STRING = "incrby";
    INCRBYFLOAT: STRING = "incrbyfloat";
    APPEND: STRING = "append";
    SETBIT: STRING = "setbit";
    PFADD: STRING = "pfadd";
    LPUSH: LIST = "lpush";
    RPUSH: LIST = "rpush";
    LPOP: LIST = "lpop";
    RPOP: LIST = "rpop";
    LSET: LIST = "lset";
    LINSERT: LIST = "linsert";
    LREM: LIST = "lrem";
    LTRIM: LIST = "ltrim";
    SORTSTORE: LIST = "sortstore";
    SADD: SET = "sadd";
    SREM: SET = "srem";
    SPOP: SET = "spop";
    SINTERSTORE: SET = "sinterstore";
    SUNIONSTORE: SET = "sunionstore";
    SDIFFSTORE: SET = "sdiffstore";
    HSET: HASH = "hset";
    HINCRBY: HASH = "hincrby";
    HINCRBYFLOAT: HASH = "hincrbyfloat";
    HDEL: HASH = "hdel";
    HEXPIRE: HASH = "hexpire";
    HPERSIST: HASH = "hpersist";
    HEXPIRED: HASH = "hexpired";
    ZADD: SORTED_SET = "zadd";
    ZINCR: SORTED_SET = "zincr";
    ZREM: SORTED_SET = "zrem";
    ZREMRANGEBYRANK: SORTED_SET = "zremrangebyrank";
    ZREMRANGEBYSCORE: SORTED_SET = "zremrangebyscore";
    ZREMRANGEBYLEX: SORTED_SET = "zremrangebylex";
    ZPOPMIN: SORTED_SET = "zpopmin";
    ZPOPMAX: SORTED_SET = "zpopmax";
    ZUNIONSTORE: SORTED_SET = "zunionstore";
    ZINTERSTORE: SORTED_SET = "zinterstore";
    ZDIFFSTORE: SORTED_SET = "zdiffstore";
    ZRANGESTORE: SORTED_SET = "zrangestore";
    GEOSEARCHSTORE: SORTED_SET = "geosearchstore";
    GEORADIUSSTORE: SORTED_SET = "georadiusstore";
    XADD: STREAM = "xadd";
    XTRIM: STREAM = "xtrim";
    XDEL: STREAM = "xdel";
    XSETID: STREAM = "xsetid";
    XGROUP_CREATE: STREAM = "xgroup-create";
    XGROUP_SETID: STREAM = "xgroup-setid";
    XGROUP_DESTROY: STREAM = "xgroup-destroy";
    XGROUP_CREATECONSUMER: STREAM = "xgroup-createconsumer";
    XGROUP_DELCONSUMER: STREAM = "xgroup-delconsumer";
    KEYMISS: KEY_MISS = "keymiss";
}

impl Partition {
    /// Publishes that something happened to a key.
    #[inline]
    pub fn notify(&mut self, db: usize, event: Event, key: &[u8]) {
        if self.events.has(event.class) {
            self.notify_named(db, event.name.as_bytes(), key);
        }
    }

    /// As [`Partition::notify`], and that the key is gone if that was the end of it.
    #[inline]
    pub fn notify_removal(&mut self, db: usize, event: Event, key: &[u8]) {
        self.notify(db, event, key);
        if self.events.has(EventClasses::GENERIC) && self.keyspace.view(db, key, 0).is_none() {
            self.notify_named(db, event::DEL.name.as_bytes(), key);
        }
    }

    /// As [`Partition::notify`], for the verbs that Redis has in modules: the event bears their name.
    #[inline]
    pub fn notify_verb(&mut self, db: usize, verb: &[u8], key: &[u8]) {
        if self.events.has(EventClasses::MODULE) {
            self.notify_named(db, &verb.to_ascii_lowercase(), key);
        }
    }

    #[cold]
    fn notify_named(&mut self, db: usize, event: &[u8], key: &[u8]) {
        self.announce();
        self.publish_event(db, event, key);
    }

    /// Publishes what the keyspace did of its own accord since the last time.
    #[cold]
    pub fn announce(&mut self) {
        let events = self.events;
        let from = std::mem::replace(&mut self.announced, self.keyspace.drops.len());
        for dropped in self.keyspace.drops.get(from..).unwrap_or_default() {
            let (db, key, event) = match dropped {
                Dropped::Key { db, key, reason: Reason::Expired } => (*db, key, event::EXPIRED),
                Dropped::Key { db, key, reason: Reason::Evicted } => (*db, key, event::EVICTED),
                Dropped::HashFields { db, key, .. } => (*db, key, event::HEXPIRED),
            };
            if events.has(event.class) {
                self.publish_event(db, event.name.as_bytes(), key);
            }
            if matches!(dropped, Dropped::HashFields { .. })
                && events.has(EventClasses::GENERIC)
                && self.keyspace.view(db, key, 0).is_none()
            {
                self.publish_event(db, event::DEL.name.as_bytes(), key);
            }
        }
        for (db, key) in std::mem::take(&mut self.missed) {
            self.publish_event(db, event::KEYMISS.name.as_bytes(), &key);
        }
        if self.keyspace.has_notes() {
            for (db, key) in self.keyspace.take_new() {
                // One that was made for a change that came to nothing is gone again.
                if self.keyspace.view(db, &key, 0).is_some() {
                    self.publish_event(db, event::NEW.name.as_bytes(), &key);
                }
            }
        }
    }

    /// The keyspace's drops are about to be taken.
    pub fn forget_announced(&mut self) {
        self.announced = 0;
    }

    fn publish_event(&self, db: usize, event: &[u8], key: &[u8]) {
        let events = self.events;
        let channel = |kind: &str, name: &[u8]| [format!("__{kind}@{db}__:").as_bytes(), name].concat();
        if events.has(EventClasses::KEYSPACE) {
            self.pubsub.publish(&channel("keyspace", key), event);
        }
        if events.has(EventClasses::KEYEVENT) {
            self.pubsub.publish(&channel("keyevent", event), key);
        }
    }
}
