//~ each KEYS STORE: Development Production, Development Staging, Staging Production, Staging Development, Production Staging, Production Development
//! Keys of one environment do not fit the stores of another.
use stewardship::engine::{Builder, Keys, KEYS, STORE, Store};
use stewardship::ports::{local_keys::LocalKeys, memory::Memory};
use stewardship::{Policy, Steward};

fn build(policy: Policy, memory: Memory, keys: LocalKeys) -> Builder<Memory> {
    let store = Store::<STORE, _>::new(memory);
    Steward::segregated(policy, store, Keys::<KEYS, _>::new(keys)) //~ forbidden: keys of `KEYS` do not fit a store of `STORE`
    //~ allowed: Steward::segregated(policy, store, Keys::<STORE, _>::new(keys))
}

fn main() {}
