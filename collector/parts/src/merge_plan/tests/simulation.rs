//! Days of 20 tenants, seals every 10 minutes and by size, 5 % of the records late.

use super::super::{CLOSED_DAY_PARTS_MAX, MergeCandidate, MergeSettings, OPEN_DAY_PARTS_MAX, is_closed, plan};
use super::{DAY, NANOS_PER_HOUR};
use crate::manifest::PartId;
use basics::{MIB, TenantId, Timestamp};
use std::collections::BTreeMap;
use testkit::faulty_disk::Chance;

const TENANTS: u32 = 20;
const HEAD_BYTES: u64 = 128 * MIB;
const RECORD_BYTES: u64 = 390;
/// How many days back late records reach.
const LATE_DAYS: u64 = 3;
/// Days with fewer seals than this say little about a logarithm.
const PARTS_JUDGED_MIN: u64 = 64;

#[derive(Clone)]
struct Part {
    candidate: MergeCandidate,
    records: u64,
    /// How often its records were written again: all of them together, and one at the most.
    rewrites: u64,
    rewrites_max: u32,
}

/// What came of it.
#[derive(Debug, Default)]
struct Outcome {
    seals: usize,
    parts_made: BTreeMap<(TenantId, i32), u64>,
    merges: usize,
    merge_parts_max: usize,
    parts_max: usize,
    open_day_parts_max: usize,
    closed_day_parts_max: usize,
    raw_bytes: u64,
    merged_bytes: u64,
    rewrites_mean: f64,
    rewrites_max: u32,
    /// How far a day's mean rewrites are above log8 of the number of parts that were sealed for it, at the most.
    above_log8_max: f64,
}

struct World {
    parts: Vec<Part>,
    next_id: u64,
    chance: Chance,
    outcome: Outcome,
}

impl World {
    fn add(&mut self, tenant: TenantId, day: i32, bytes: u64, now: Timestamp) {
        let records = (bytes / RECORD_BYTES).max(1);
        let raw_bytes = records * RECORD_BYTES;
        let candidate = MergeCandidate { id: PartId(self.next_id), tenant, day, time_min: now, raw_bytes };
        self.next_id += 1;
        self.parts.push(Part { candidate, records, rewrites: 0, rewrites_max: 0 });
        self.outcome.raw_bytes += raw_bytes;
        *self.outcome.parts_made.entry((tenant, day)).or_default() += 1;
    }

    /// One head becomes parts: each tenant's share by its weight and by chance, 5 % of it late by days.
    fn seal(&mut self, bytes: u64, day: i32, now: Timestamp) {
        self.outcome.seals += 1;
        for tenant in 0..TENANTS {
            // The first three tenants send most of all, the last ones a few hundred records.
            let weight = (bytes / 4) >> (2 * tenant / 3);
            let share = weight / 2 + self.chance.number() % (weight + 1);
            let tenant = TenantId(tenant);
            self.add(tenant, day, share / 20 * 19, now);
            let late_day = day - 1 - i32::try_from(self.chance.number() % LATE_DAYS).unwrap();
            self.add(tenant, late_day, share / 20, now);
        }
    }

    /// The merge that is most pressing; `false` when there is none.
    fn merge(&mut self, now: Timestamp) -> bool {
        let candidates: Vec<MergeCandidate> = self.parts.iter().map(|part| part.candidate).collect();
        let Some(merge) = plan(&candidates, MergeSettings::default(), now).into_iter().next() else { return false };
        let is_merged = |part: &Part| merge.parts.contains(&part.candidate.id);
        let (lot, rest): (Vec<Part>, Vec<Part>) = std::mem::take(&mut self.parts).into_iter().partition(is_merged);
        self.parts = rest;
        let first = lot.iter().map(|part| part.candidate).min_by_key(|part| part.time_min).unwrap();
        let records = lot.iter().map(|part| part.records).sum();
        self.parts.push(Part {
            candidate: MergeCandidate { id: PartId(self.next_id), raw_bytes: merge.raw_bytes, ..first },
            records,
            rewrites: lot.iter().map(|part| part.rewrites).sum::<u64>() + records,
            rewrites_max: lot.iter().map(|part| part.rewrites_max).max().unwrap() + 1,
        });
        self.next_id += 1;
        self.outcome.merges += 1;
        self.outcome.merged_bytes += merge.raw_bytes;
        self.outcome.merge_parts_max = self.outcome.merge_parts_max.max(lot.len());
        true
    }

    fn count(&mut self, now: Timestamp) {
        let mut days: BTreeMap<(TenantId, i32), usize> = BTreeMap::new();
        for part in &self.parts {
            *days.entry((part.candidate.tenant, part.candidate.day)).or_default() += 1;
        }
        let outcome = &mut self.outcome;
        outcome.parts_max = outcome.parts_max.max(self.parts.len());
        for ((_, day), count) in days {
            let is_closed = is_closed(day, now);
            let most = if is_closed { &mut outcome.closed_day_parts_max } else { &mut outcome.open_day_parts_max };
            *most = (*most).max(count);
        }
    }

    fn finish(mut self) -> Outcome {
        let mut days: BTreeMap<(TenantId, i32), (u64, u64)> = BTreeMap::new();
        let outcome = &mut self.outcome;
        for part in &self.parts {
            let (records, rewrites) = days.entry((part.candidate.tenant, part.candidate.day)).or_default();
            *records += part.records;
            *rewrites += part.rewrites;
            outcome.rewrites_max = outcome.rewrites_max.max(part.rewrites_max);
        }
        let (records, rewrites) = days.values().fold((0, 0), |sum, day| (sum.0 + day.0, sum.1 + day.1));
        outcome.rewrites_mean = rewrites as f64 / records as f64;
        for (day, (records, rewrites)) in &days {
            let made = outcome.parts_made[day];
            if made >= PARTS_JUDGED_MIN {
                let above = *rewrites as f64 / *records as f64 - (made as f64).log(8.0);
                outcome.above_log8_max = outcome.above_log8_max.max(above);
            }
        }
        self.outcome
    }
}

/// So many days, with at most so many merges after each seal. Parts are counted after those.
fn simulate(days: i64, merges_per_seal: usize) -> Outcome {
    let mut world = World { parts: Vec::new(), next_id: 1, chance: Chance::new(7), outcome: Outcome::default() };
    for ten_minutes in 0..days * 144 {
        let now = Timestamp((i64::from(DAY) * 144 + ten_minutes + 1) * (NANOS_PER_HOUR / 6));
        let day = DAY + i32::try_from(ten_minutes / 144).unwrap();
        // A quiet night and a busy noon: 40 to 440 MiB in ten minutes. Each full head is a seal, and what is left.
        let busy = u64::try_from(72 - (ten_minutes % 144 - 72).abs()).unwrap();
        let mut bytes = 40 * MIB + busy * busy * 400 * MIB / (72 * 72);
        while bytes > 0 {
            let head = bytes.min(HEAD_BYTES);
            bytes -= head;
            world.seal(head, day, now);
            let mut left = merges_per_seal;
            while left > 0 && world.merge(now) {
                left -= 1;
            }
            world.count(now);
        }
    }
    let end = Timestamp((i64::from(DAY) + days) * 24 * NANOS_PER_HOUR + NANOS_PER_HOUR);
    while world.merge(end) {}
    world.count(end);
    world.finish()
}

fn told(outcome: &Outcome) -> String {
    format!(
        "{} seals, {} parts made, {} merges of at most {} parts; at most {} parts at a time, {} in an open day, {} in a \
         closed one; {:.2} bytes merged a byte; rewritten {:.2} times on average, {} times at the most; log8 of a day's \
         parts is passed by {:.2} at the most",
        outcome.seals,
        outcome.parts_made.values().sum::<u64>(),
        outcome.merges,
        outcome.merge_parts_max,
        outcome.parts_max,
        outcome.open_day_parts_max,
        outcome.closed_day_parts_max,
        outcome.merged_bytes as f64 / outcome.raw_bytes as f64,
        outcome.rewrites_mean,
        outcome.rewrites_max,
        outcome.above_log8_max,
    )
}

#[test]
fn days_of_20_tenants_stay_in_few_parts_and_are_rewritten_a_logarithmic_number_of_times() {
    for days in [1, 4] {
        let outcome = simulate(days, usize::MAX);
        println!("{days} days: {}", told(&outcome));
        assert!(outcome.closed_day_parts_max <= CLOSED_DAY_PARTS_MAX, "{}", told(&outcome));
        assert!(outcome.open_day_parts_max <= OPEN_DAY_PARTS_MAX, "{}", told(&outcome));
        assert!(outcome.above_log8_max <= 1.0, "{}", told(&outcome));
        assert!(outcome.rewrites_max <= 8, "{}", told(&outcome));
    }
}

/// Merging that falls behind at noon catches up.
#[test]
fn with_few_merges_after_each_seal_the_parts_stay_bounded_too() {
    let outcome = simulate(4, 8);
    println!("few merges: {}", told(&outcome));
    assert!(outcome.parts_max <= 2 * 20 * (OPEN_DAY_PARTS_MAX + 6 * CLOSED_DAY_PARTS_MAX), "{}", told(&outcome));
    assert!(outcome.above_log8_max <= 1.0, "{}", told(&outcome));
}
