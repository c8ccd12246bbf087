//! How many random cases a property test tries: few in the test command, many in a soak.
//!
//! The test command draws the same cases in each run (`PROPTEST_RNG_SEED`), so that what passed once does not fail for
//! another change; the soak draws others each time, and more of them ([`ROUNDS`]). `PROPTEST_CASES` would give every
//! property the same number, however much one case costs.

use proptest::test_runner::Config;
use std::env;

/// How many times as many cases as in the test command.
const ROUNDS: &str = "OUTRIGGER_PROPERTY_ROUNDS";

/// The configuration of a property for which the test command tries `in_tests` cases.
pub fn cases(in_tests: u32) -> Config {
    let rounds =
        env::var(ROUNDS).ok().map_or(1, |text| text.parse().unwrap_or_else(|_| panic!("{ROUNDS} is {text:?}")));
    let config = Config::default();
    Config {
        cases: in_tests.saturating_mul(rounds),
        // These count for the whole run, not for one case.
        max_global_rejects: config.max_global_rejects.saturating_mul(rounds),
        max_local_rejects: config.max_local_rejects.saturating_mul(rounds),
        ..config
    }
}
