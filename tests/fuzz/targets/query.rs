//! Any text, asked of a store: what is found is what the naive reference finds.
#![no_main]

use std::cell::OnceCell;
use std::sync::Arc;
use testkit::faulty_disk::FaultyDisk;
use testkit::log_batch::log_batch_of;
use testkit::naive;

thread_local! {
    static WORLD: OnceCell<query::fuzz::World> = const { OnceCell::new() };
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    WORLD.with(|world| {
        let make = || query::fuzz::World::new(Arc::new(FaultyDisk::new(0)), &log_batch_of);
        world.get_or_init(make).ask(&naive::matches, input);
    });
});
