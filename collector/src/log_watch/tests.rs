use super::*;

fn figures(condition: &'static str, log_used_bytes: u64, memory_used_bytes: u64) -> Figures {
    let log = LogView {
        condition,
        used_bytes: log_used_bytes,
        limit_bytes: 1_000,
        syncs: 0,
        entries: 0,
        failures: 0,
        lost_entries: 0,
        quarantined_bytes: 0,
    };
    Figures { log, memory_used_bytes, memory_limit_bytes: 1_000 }
}

#[test]
fn a_log_that_refuses_is_told_once_and_so_is_its_recovery() {
    let mut watched = Watched::default();
    assert_eq!(watched.look(&figures("ok", 0, 0)), []);
    assert_eq!(watched.look(&figures("disk_full", 0, 0)), [Notice::LogRefuses { condition: "disk_full" }]);
    assert_eq!(watched.look(&figures("disk_full", 0, 0)), []);
    assert_eq!(watched.look(&figures("read_only", 0, 0)), [Notice::LogRefuses { condition: "read_only" }]);
    assert_eq!(watched.look(&figures("ok", 0, 0)), [Notice::LogTakes]);
    assert_eq!(watched.look(&figures("ok", 0, 0)), []);
}

#[test]
fn a_limit_that_comes_near_is_told_before_it_is_reached_and_not_again_while_it_hovers() {
    let near = |what| Notice::NearlyFull { what, used_bytes: 801, limit_bytes: 1_000 };
    let mut watched = Watched::default();
    assert_eq!(watched.look(&figures("ok", 800, 0)), []);
    assert_eq!(watched.look(&figures("ok", 801, 801)), [near("write-ahead log"), near("memory budget")]);
    assert_eq!(watched.look(&figures("ok", 750, 900)), []);
    assert_eq!(watched.look(&figures("ok", 850, 801)), []);
    assert_eq!(watched.look(&figures("ok", 600, 801)), []);
    assert_eq!(watched.look(&figures("ok", 801, 801)), [near("write-ahead log")]);
}

#[test]
fn lost_entries_are_told_whenever_more_are_found() {
    let mut watched = Watched::default();
    let mut damaged = figures("ok", 0, 0);
    for lost_entries in [3, 5] {
        damaged.log.lost_entries = lost_entries;
        assert_eq!(watched.look(&damaged), [Notice::EntriesLost { lost_entries }]);
        assert_eq!(watched.look(&damaged), []);
    }
}
