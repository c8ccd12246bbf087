mod simulation;

use super::{
    CLOSED_DAY_PARTS_MAX, MERGE_PARTS_MAX, MERGE_PARTS_MIN, Merge, MergeCandidate, MergeSettings, OPEN_DAY_PARTS_MAX,
    UNFULL_PARTS_MIN, candidates, is_closed, plan,
};
use crate::manifest::{Edit, Manifest, PartEntry, PartFile, PartId};
use basics::{GIB, MIB, TenantId, Timestamp};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use testkit::faulty_disk::FaultyDisk;

const DAY: i32 = 20_000;
const NANOS_PER_HOUR: i64 = 3_600_000_000_000;

/// So many hours after the beginning of [`DAY`].
fn at(hours: i64) -> Timestamp {
    Timestamp((i64::from(DAY) * 24 + hours) * NANOS_PER_HOUR)
}

fn part(id: u64, day: i32, raw_bytes: u64) -> MergeCandidate {
    let time_min = Timestamp(i64::from(day) * 24 * NANOS_PER_HOUR + i64::try_from(id).unwrap());
    MergeCandidate { id: PartId(id), tenant: TenantId::DEFAULT, day, time_min, raw_bytes }
}

/// Parts of one day with these sizes, numbered from 1.
fn parts(day: i32, sizes: &[u64]) -> Vec<MergeCandidate> {
    (1..).zip(sizes).map(|(id, bytes)| part(id, day, *bytes)).collect()
}

fn told(merges: &[Merge]) -> String {
    let told = |merge: &Merge| {
        let ids: Vec<String> = merge.parts.iter().map(PartId::to_string).collect();
        format!("{:?} tenant {} day {}: {}", merge.reason, merge.tenant, merge.day - DAY, ids.join(" "))
    };
    merges.iter().map(told).collect::<Vec<_>>().join("; ")
}

#[track_caller]
fn check(parts: &[MergeCandidate], hours: i64, want: &str) {
    assert_eq!(told(&plan(parts, MergeSettings::default(), at(hours))), want);
}

#[test]
fn seven_parts_wait_and_eight_to_ten_alike_are_merged() {
    check(&parts(DAY, &[MIB; 7]), 10, "");
    check(&parts(DAY, &[MIB; 8]), 10, "Alike tenant 0 day 0: 1 2 3 4 5 6 7 8");
    check(&parts(DAY, &[MIB; 15]), 10, "Alike tenant 0 day 0: 1 2 3 4 5 6 7 8 9 10");
}

/// The large one would be written again for little.
#[test]
fn a_large_part_is_not_merged_with_small_ones() {
    check(&parts(DAY, &[500 * MIB, MIB, MIB, MIB, MIB, MIB, MIB, MIB]), 10, "");
    let nine = [500 * MIB, MIB, MIB, MIB, MIB, MIB, MIB, MIB, MIB];
    check(&parts(DAY, &nine), 10, "Alike tenant 0 day 0: 2 3 4 5 6 7 8 9");
}

#[test]
fn days_and_tenants_are_never_mixed() {
    let mut both = parts(DAY, &[MIB; 5]);
    both.extend(parts(DAY - 1, &[MIB; 5]).iter().map(|part| MergeCandidate { id: PartId(part.id.0 + 10), ..*part }));
    let other = |part: &MergeCandidate| MergeCandidate { id: PartId(part.id.0 + 20), tenant: TenantId::SELF, ..*part };
    both.extend(parts(DAY, &[MIB; 5]).iter().map(other));
    check(&both, 10, "");
    both.extend(parts(DAY, &[MIB; 8]).iter().map(|part| MergeCandidate { id: PartId(part.id.0 + 30), ..other(part) }));
    check(&both, 10, "Alike tenant 1 day 0: 21 31 22 32 23 33 24 34 25 35");
}

#[test]
fn a_day_is_closed_an_hour_after_its_end() {
    assert!(!is_closed(DAY, at(24)) && !is_closed(DAY, Timestamp(at(25).0 - 1)) && is_closed(DAY, at(25)));
    assert!(!is_closed(i32::MAX, at(0)) && is_closed(i32::MIN, at(0)), "and nothing overflows");
}

/// Each is three times the one before, so no eight of them are alike.
#[test]
fn a_closed_day_with_more_than_twelve_parts_is_merged_at_any_price() {
    let sizes: Vec<u64> = (0..13).map(|power| 3u64.pow(power)).collect();
    check(&parts(DAY, &sizes), 24, "");
    check(&parts(DAY, &sizes[..12]), 25, "");
    let merges = plan(&parts(DAY, &sizes), MergeSettings::default(), at(25));
    assert_eq!(merges.len(), 1);
    assert!(told(&merges).starts_with("TooMany tenant 0 day 0: "), "{}", told(&merges));
}

/// Each is half as large again as the one before.
#[test]
fn an_open_day_is_bounded_too() {
    let sizes: Vec<u64> = (0..37).map(|power| 10 * 3u64.pow(power) / 2u64.pow(power)).collect();
    check(&parts(DAY, &sizes[..36]), 10, "");
    assert!(told(&plan(&parts(DAY, &sizes), MergeSettings::default(), at(10))).starts_with("TooMany"));
}

#[test]
fn the_most_pressing_merge_comes_first() {
    let mut all = parts(DAY, &[MIB; 9]);
    all.extend(parts(DAY - 2, &[1, 30, 900, 27_000]).iter().map(|p| MergeCandidate { id: PartId(p.id.0 + 50), ..*p }));
    let alike = parts(DAY - 1, &[MIB; 10]);
    all.extend(alike.iter().map(|part| MergeCandidate { id: PartId(part.id.0 + 100), ..*part }));
    let late: Vec<u64> = (0..13).map(|power| 5u64.pow(power)).collect();
    all.extend(parts(DAY - 3, &late).iter().map(|part| MergeCandidate { id: PartId(part.id.0 + 200), ..*part }));
    let days: Vec<i32> = plan(&all, MergeSettings::default(), at(10)).iter().map(|merge| merge.day - DAY).collect();
    assert_eq!(days, [-3, -1, 0]);
}

/// Seven fit into 2 GiB; the part that they make is never merged again.
#[test]
fn parts_too_large_for_eight_are_merged_as_far_as_the_bytes_allow() {
    let merges = plan(&parts(DAY, &[300 * MIB; 12]), MergeSettings::default(), at(10));
    assert!(merges[0].raw_bytes > GIB && merges[0].raw_bytes <= 2 * GIB, "{merges:?}");
    check(&parts(DAY, &[GIB + 1; 40]), 30, "");
    check(&parts(DAY, &[GIB, MIB]), 10, "");
}

#[test]
fn a_closed_day_with_full_parts_keeps_at_most_twelve_while_it_can() {
    let sizes = |full: usize, small: usize| [vec![GIB + 1; full], (0..small).map(|n| 9 << (3 * n)).collect()].concat();
    check(&parts(DAY, &sizes(4, 8)), 30, "");
    assert_eq!(plan(&parts(DAY, &sizes(5, 8)), MergeSettings::default(), at(30)).len(), 1);
    check(&parts(DAY, &sizes(30, UNFULL_PARTS_MIN)), 30, "");
    assert_eq!(plan(&parts(DAY, &sizes(30, UNFULL_PARTS_MIN + 1)), MergeSettings::default(), at(30)).len(), 1);
}

#[test]
fn parts_in_quarantine_and_parts_that_are_being_merged_are_left_out() {
    let disk = Arc::new(FaultyDisk::new(0));
    let (mut manifest, _) = Manifest::open(disk, Path::new("store")).unwrap();
    let entry = |id| PartEntry {
        id: PartId(id),
        tenant: TenantId::DEFAULT,
        day: DAY,
        time_min: at(1),
        time_max: at(2),
        sequence_min: 1,
        sequence_max: 2,
        records: 5,
        raw_bytes: MIB,
        row_groups: 1,
        format_version: 1,
        min_reader: 1,
        files: vec![PartFile { kind: 1, bytes: 5, crc: 0 }],
    };
    let edits: Vec<Edit> = (1..=10).map(|id| Edit::AddPart(entry(id))).collect();
    manifest.commit(&edits).unwrap();
    manifest.commit(&[Edit::quarantine(PartId(3), "checksum")]).unwrap();
    let free = candidates(manifest.state(), &BTreeSet::from([PartId(5)]));
    check(&free, 10, "Alike tenant 0 day 0: 1 2 4 6 7 8 9 10");
    let busy = candidates(manifest.state(), &BTreeSet::from([PartId(5), PartId(6)]));
    check(&busy, 10, "");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..testkit::random_cases::cases(300) })]

    /// Whatever the parts: a merge keeps the rules, and merging ends, with every day within its bounds.
    #[test]
    fn merging_ends_and_leaves_few_parts(
        sizes in proptest::collection::vec((0u32..3, 0i32..3, 0u32..32, 1u64..1000), 0..150),
        hours in 0i64..80,
    ) {
        let mut parts: Vec<MergeCandidate> = (1..).zip(&sizes).map(|(id, (tenant, day, power, size))| {
            MergeCandidate { tenant: TenantId(*tenant), ..part(id, DAY + day, (size << power) / 1000) }
        }).collect();
        let (settings, now) = (MergeSettings::default(), at(hours));
        let mut next = 1_000;
        loop {
            let merges = plan(&parts, settings, now);
            if merges.is_empty() {
                break;
            }
            for merge in merges {
                let lot: Vec<_> = parts.iter().filter(|part| merge.parts.contains(&part.id)).copied().collect();
                prop_assert_eq!(lot.len(), merge.parts.len());
                prop_assert!(lot.len() >= 2 && lot.len() <= MERGE_PARTS_MAX);
                prop_assert!(lot.iter().all(|part| (part.tenant, part.day) == (merge.tenant, merge.day)));
                let bytes: u64 = lot.iter().map(|part| part.raw_bytes).sum();
                prop_assert!(bytes == merge.raw_bytes && bytes <= settings.raw_bytes_max);
                parts.retain(|part| !merge.parts.contains(&part.id));
                parts.push(MergeCandidate { tenant: merge.tenant, ..part(next, merge.day, bytes) });
                next += 1;
            }
        }
        let mut days: BTreeMap<_, (usize, usize)> = BTreeMap::new();
        for part in &parts {
            let (full, unfull) = days.entry((part.tenant, part.day)).or_default();
            *(if part.raw_bytes > settings.raw_bytes_max / 2 { full } else { unfull }) += 1;
        }
        for ((_, day), (full, unfull)) in days {
            let most = if is_closed(day, now) { CLOSED_DAY_PARTS_MAX } else { OPEN_DAY_PARTS_MAX };
            prop_assert!(unfull <= UNFULL_PARTS_MIN || full + unfull <= most, "{full} full and {unfull} others");
        }
        prop_assert!(MERGE_PARTS_MIN <= CLOSED_DAY_PARTS_MAX);
    }
}
