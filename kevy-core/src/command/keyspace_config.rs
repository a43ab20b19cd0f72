//! Options as the keyspace follows them.

use crate::base::options::{EvictionPolicy, Options};
use crate::store::{HashLimits, Limits, Policy};

/// The options that a shard's keyspace follows and that may change while it runs.
pub fn keyspace_limits(options: &Options) -> Limits {
    let count = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
    Limits {
        hash: HashLimits {
            listpack_entries_max: count(options.hash_max_listpack_entries),
            listpack_value_bytes_max: count(options.hash_max_listpack_value),
        },
        policy: policy(options.maxmemory_policy),
        samples: options.maxmemory_samples as usize,
        lfu_log_factor: options.lfu_log_factor,
        lfu_decay_minutes: options.lfu_decay_time,
    }
}

fn policy(policy: EvictionPolicy) -> Policy {
    match policy {
        EvictionPolicy::NoEviction => Policy::NoEviction,
        EvictionPolicy::AllkeysLru => Policy::AllKeysLru,
        EvictionPolicy::AllkeysLfu => Policy::AllKeysLfu,
        EvictionPolicy::AllkeysRandom => Policy::AllKeysRandom,
        EvictionPolicy::VolatileLru => Policy::VolatileLru,
        EvictionPolicy::VolatileLfu => Policy::VolatileLfu,
        EvictionPolicy::VolatileRandom => Policy::VolatileRandom,
        EvictionPolicy::VolatileTtl => Policy::VolatileTtl,
    }
}
