//! The proofs proven: with any one protection taken away a proof fails.

use super::run::Verdict;
use super::{flips, full_disk, stops, troubles};
use crate::manifest::protection::{Protection, without};
use testkit::faulty_disk::Fault;

/// Takes a protection away and wants the proof to fail.
fn check<T>(protection: Protection, proof: fn() -> Verdict<T>) {
    match without(protection, proof) {
        Ok(_) => panic!("the proof does not notice that {protection:?} is missing"),
        Err(violation) => println!("{protection:?}: {:.150}", violation.0),
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

fn flipped_writes() -> Verdict<usize> {
    troubles::troubles(&[Fault::FlippedWrite])
}

mutants! {
    RecordSync, without_the_sync_of_a_record_a_commit_is_lost, stops::power_cuts;
    NewFileSync, without_the_sync_of_a_new_generation_the_manifest_is_lost, stops::power_cuts;
    RenameLast, when_a_new_generation_gets_its_name_first_the_manifest_is_lost, stops::power_cuts;
    DirSync, without_the_sync_of_the_directory_a_commit_to_a_new_generation_is_lost, stops::power_cuts;
    ParentDirSync, without_the_sync_of_the_parents_the_manifest_is_lost, stops::power_cuts;
    Checksum, without_the_checksum_a_flip_makes_another_state, flips::flips;
    Chain, without_the_chain_another_history_is_believed, flips::splices;
    TailSearch, without_a_look_behind_it_damage_passes_for_the_end, flips::flips;
    Mark, without_the_mark_damage_to_the_end_is_silent, flips::flips;
    ReadBack, without_reading_back_a_flipped_bit_is_acknowledged, flipped_writes;
    SecondRead, without_a_second_read_a_misread_bit_is_damage, flips::misreads;
    NewGenerationAfterFailure, when_a_failed_sync_is_tried_again_what_was_refused_is_true, lost_syncs;
    Doubt, without_doubt_what_was_refused_is_true_after_a_restart, troubles::outages;
    NewGenerationAtOpen, without_a_new_generation_at_the_start_what_was_found_is_lost, stops::kills;
    Reserve, without_a_reserve_a_full_disk_stays_full, full_disk::retention_on_a_full_disk;
}

#[test]
fn the_page_on_the_format_lists_every_mutant() {
    let page = include_str!("../../../../../docs/formats/manifest.md");
    for (protection, name, test) in MUTANTS {
        assert!(is_known(*protection));
        let row = page.lines().find(|line| line.contains(&format!("`{name}`")));
        let row = row.unwrap_or_else(|| panic!("the page has no row for {name}"));
        assert!(row.contains(&format!("`{test}`")), "the page names another test for {name}: {row}");
    }
}
