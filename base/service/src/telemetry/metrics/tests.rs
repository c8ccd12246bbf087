//! The list and the page are the same.

use super::*;

#[test]
fn everything_listed_is_shown_and_everything_shown_is_listed() {
    let registry = Registry::new();
    Counts::default().register(&registry, Arc::default(), UNIX_EPOCH + std::time::Duration::from_secs(7));
    let page = registry.exposition();
    let mut shown: Vec<&str> =
        page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    let mut listed = Metric::ALL.map(|metric| metric.def().name).to_vec();
    // A machine without a limit for descriptors shows none.
    listed.retain(|name| *name != "process_max_fds");
    shown.retain(|name| *name != "process_max_fds");
    listed.sort_unstable();
    shown.sort_unstable();
    assert_eq!(shown, listed);
    assert!(page.contains("process_start_time_seconds 7\n"), "{page}");
}
