//! outrigger.
fn main() {}
