//! The proofs proven: with any one protection taken away a proof fails.
//!
//! docs/operations/durability.md has these tests in a table; a test here holds the page and the list against each
//! other.

use super::witness::Verdict;
use super::{flips, quarantine, replay_guard, splices, stops, trims, troubles};
use crate::protection::{Protection, without};
use testkit::faulty_disk::Fault;

/// Takes a protection away and wants the proof to fail.
fn check<T>(protection: Protection, proof: fn() -> Verdict<T>) {
    match without(protection, proof) {
        Ok(_) => panic!("the proof does not notice that {protection:?} is missing"),
        Err(violation) => println!("{protection:?}: {}", violation.0),
    }
}

/// Names the protections and the tests in one list, and makes the tests.
macro_rules! mutants {
    ($($protection:ident, $name:ident, $proof:expr;)*) => {
        $(
            #[test]
            fn $name() {
                check(Protection::$protection, $proof);
            }
        )*

        const MUTANTS: &[(Protection, &str, &str)] =
            &[$((Protection::$protection, stringify!($protection), stringify!($name))),*];

        /// Does not compile when a protection has no mutant.
        fn is_known(protection: Protection) -> bool {
            match protection {
                $(Protection::$protection => true,)*
            }
        }
    };
}

fn lost_syncs() -> Verdict<usize> {
    troubles::troubles(&[Fault::LostSync])
}

fn lying_syncs() -> Verdict<usize> {
    troubles::troubles(&[Fault::LyingSync])
}

fn failed_writes_and_syncs() -> Verdict<usize> {
    troubles::troubles(&[Fault::Eio, Fault::TornWrite])
}

fn flipped_reads() -> Verdict<usize> {
    troubles::troubles(&[Fault::FlippedRead])
}

mutants! {
    DataSync, without_the_sync_of_a_batch_entries_are_lost, stops::power_cuts;
    HeaderSync, without_the_sync_of_a_header_a_power_cut_looks_like_damage, stops::power_cuts;
    DirSync, without_the_sync_of_the_directory_a_segment_is_lost, stops::power_cuts;
    SpareDirSync, without_the_sync_of_the_directory_a_prepared_segment_is_lost, stops::power_cuts;
    ParentDirSync, without_the_sync_of_the_parents_the_log_is_lost, stops::power_cuts;
    PositionSync, without_the_sync_of_the_position_what_was_forgotten_comes_back, stops::power_cuts;
    PositionFirst, when_the_position_is_written_last_a_trim_that_failed_has_forgotten, failed_writes_and_syncs;
    PositionFileSync, without_the_sync_of_a_new_position_file_the_position_is_lost, stops::power_cuts;
    PositionDirSync, without_the_sync_of_the_directory_a_new_position_file_is_lost, trims::hindered_trims;
    SyncAtOpen, without_a_sync_at_the_start_entries_that_were_replayed_are_lost, stops::kills;
    DirSyncAtOpen, without_a_sync_of_names_at_the_start_a_spare_is_lost_with_its_entries, stops::kills;
    PositionSyncAtOpen, without_a_sync_of_the_position_at_the_start_it_goes_back, stops::kills;
    SegmentChecksum, without_the_checksum_of_a_segment_a_flip_in_its_header_is_believed, flips::flips;
    BatchChecksum, without_the_checksum_of_a_batch_a_flip_goes_unnoticed, flips::flips_in_a_batch;
    EntryChecksum, without_the_checksum_of_an_entry_its_kind_is_served_wrong, flips::flips;
    BodyChecksum, without_the_checksum_of_a_body_it_is_served_wrong, flips::flips;
    PositionChecksum, without_the_checksum_of_the_position_a_flip_in_it_is_believed, flips::flips;
    IdentityCheck, without_the_check_of_identity_a_recycled_file_brings_its_past_back, stops::power_cuts;
    ChainCheck, without_the_chain_another_history_is_served, splices::splice;
    SyncFailure, when_a_failed_sync_is_tried_again_entries_are_lost, lost_syncs;
    EndMark, without_the_end_of_an_abandoned_segment_entries_come_twice, failed_writes_and_syncs;
    TailSearch, without_a_look_behind_it_damage_passes_for_the_end, flips::flips;
    ClosingMark, without_the_mark_of_an_orderly_close_damage_to_the_end_is_silent, flips::flips;
    SecondRead, without_a_second_read_a_misread_bit_is_damage, flipped_reads;
    Quarantine, without_the_quarantine_evidence_is_overwritten, quarantine::damaged_files_are_kept;
    QuarantineDirSync, without_the_sync_of_the_quarantine_evidence_is_lost_by_a_power_cut, quarantine::damaged_files_are_kept;
    SuspectFile, when_a_suspect_file_is_used_again_entries_are_lost, lying_syncs;
    ReplayGuard, without_the_guard_one_entry_keeps_the_process_down, replay_guard::poison_is_passed_over;
}

#[test]
fn the_page_on_durability_lists_every_mutant() {
    let page = include_str!("../../../../docs/operations/durability.md");
    for (protection, name, test) in MUTANTS {
        assert!(is_known(*protection));
        let row = page.lines().find(|line| line.contains(&format!("`{name}`")));
        let row = row.unwrap_or_else(|| panic!("the page has no row for {name}"));
        assert!(row.contains(&format!("`{test}`")), "the page names another test for {name}: {row}");
    }
}
