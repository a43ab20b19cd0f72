//! The options that the keyspace follows, changeable while it runs.

use crate::base::options::Options;

use super::hash::HashLimits;
use super::list::ListLimits;
use super::set::SetLimits;
use super::sorted_set::SortedSetLimits;
use super::stream::StreamLimits;

/// `maxmemory-policy`: what goes when memory is short.
pub use crate::base::options::EvictionPolicy as Policy;

/// More samples than this make an eviction slower but no better.
const SAMPLES_MAX: usize = 64;

/// What the keyspace follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// When a hash stops being a listpack.
    pub hash: HashLimits,
    /// When a list stops being a listpack, and how large the nodes of one are that did.
    pub list: ListLimits,
    /// When a sorted set stops being a listpack.
    pub sorted_set: SortedSetLimits,
    /// When a set takes another form.
    pub set: SetLimits,
    /// When a macro node of a stream is full.
    pub stream: StreamLimits,
    /// `hll-sparse-max-bytes`: how long a HyperLogLog may be before it is made dense.
    pub hyperloglog_sparse_bytes_max: usize,
    /// `maxmemory-policy`
    pub policy: Policy,
    /// `maxmemory-samples`
    pub samples: usize,
    /// `lfu-log-factor`
    pub lfu_log_factor: u32,
    /// `lfu-decay-time`, in minutes; 0 means no decay.
    pub lfu_decay_minutes: u32,
}

impl Limits {
    /// Limits that let every collection keep its compact form, for values that are only looked through.
    pub fn compact() -> Self {
        let hash = HashLimits { listpack_entries_max: usize::MAX, listpack_value_bytes_max: usize::MAX };
        let sorted_set =
            SortedSetLimits { listpack_entries_max: usize::MAX, listpack_value_bytes_max: usize::MAX };
        let set = SetLimits {
            intset_entries_max: usize::MAX,
            listpack_entries_max: usize::MAX,
            listpack_value_bytes_max: usize::MAX,
        };
        Self { hash, set, sorted_set, ..Self::default() }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            hash: HashLimits::default(),
            list: ListLimits::default(),
            sorted_set: SortedSetLimits::default(),
            set: SetLimits::default(),
            stream: StreamLimits::default(),
            hyperloglog_sparse_bytes_max: 3000,
            policy: Policy::default(),
            samples: 5,
            lfu_log_factor: 10,
            lfu_decay_minutes: 1,
        }
    }
}

impl From<&Options> for Limits {
    fn from(options: &Options) -> Self {
        let count = |option: u64| usize::try_from(option).unwrap_or(usize::MAX);
        Self {
            hash: HashLimits {
                listpack_entries_max: count(options.hash_max_listpack_entries),
                listpack_value_bytes_max: count(options.hash_max_listpack_value),
            },
            set: SetLimits {
                intset_entries_max: count(options.set_max_intset_entries),
                listpack_entries_max: count(options.set_max_listpack_entries),
                listpack_value_bytes_max: count(options.set_max_listpack_value),
            },
            list: ListLimits::of_option(options.list_max_listpack_size),
            sorted_set: SortedSetLimits {
                listpack_entries_max: usize::try_from(options.zset_max_listpack_entries)
                    .unwrap_or(usize::MAX),
                listpack_value_bytes_max: usize::try_from(options.zset_max_listpack_value)
                    .unwrap_or(usize::MAX),
            },
            stream: StreamLimits {
                node_bytes_max: usize::try_from(options.stream_node_max_bytes).ok().filter(|max| *max > 0),
                node_entries_max: Some(options.stream_node_max_entries).filter(|max| *max > 0),
            },
            hyperloglog_sparse_bytes_max: count(options.hll_sparse_max_bytes),
            policy: options.maxmemory_policy,
            samples: (options.maxmemory_samples as usize).min(SAMPLES_MAX),
            lfu_log_factor: options.lfu_log_factor,
            lfu_decay_minutes: options.lfu_decay_time,
        }
    }
}
