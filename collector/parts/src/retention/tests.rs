use super::{LeavingPart, RetainedPart, RetentionReason, RetentionSettings, days_left, leaving};
use crate::manifest::PartId;
use basics::{GIB, TenantId, Timestamp};
use proptest::prelude::*;
use std::time::Duration;

const DAY_NANOS: i64 = 86_400_000_000_000;
const NOW: Timestamp = Timestamp(20_000 * DAY_NANOS + DAY_NANOS / 2);

/// A part whose records are of these days before now, so that 0.5 is last midnight.
fn part(id: u64, from_days: f64, to_days: f64, bytes: u64) -> RetainedPart {
    let at = |days: f64| NOW.saturating_sub(Duration::from_secs_f64(days * 86_400.0));
    let (time_min, time_max) = (at(from_days), at(to_days));
    let day = i32::try_from(time_min.0.div_euclid(DAY_NANOS)).unwrap();
    RetainedPart { id: PartId(id), tenant: TenantId::DEFAULT, day, time_min, time_max, bytes }
}

fn settings(keep_days: u64, bytes_max: Option<u64>) -> RetentionSettings {
    RetentionSettings { keep: Duration::from_secs(keep_days * 86_400), bytes_max }
}

#[track_caller]
fn check(parts: &[RetainedPart], settings: RetentionSettings, want: &str) {
    let told = |part: &LeavingPart| format!("{} {:?}", part.id, part.reason);
    assert_eq!(leaving(parts, settings, NOW).iter().map(told).collect::<Vec<_>>().join(", "), want);
}

#[test]
fn a_part_goes_when_its_newest_record_is_too_old() {
    let parts = [part(1, 8.5, 7.01, 10), part(2, 7.5, 6.9, 10), part(3, 9.0, 8.0, 10), part(4, 0.1, 0.0, 10)];
    check(&parts, settings(7, None), "3 Age, 1 Age");
    check(&parts, settings(30, None), "");
    check(&parts, settings(0, None), "3 Age, 1 Age, 2 Age");
}

#[test]
fn too_many_bytes_drop_the_oldest_parts_even_of_today() {
    let parts = [part(1, 0.3, 0.2, 100), part(2, 0.2, 0.1, 100), part(3, 1.4, 0.6, 100)];
    check(&parts, settings(7, Some(300)), "");
    check(&parts, settings(7, Some(299)), "3 Bytes");
    check(&parts, settings(7, Some(150)), "3 Bytes, 1 Bytes");
    check(&parts, settings(7, Some(0)), "3 Bytes, 1 Bytes, 2 Bytes");
}

#[test]
fn what_goes_by_age_makes_room_first() {
    let parts = [part(1, 9.0, 8.5, 100), part(2, 3.0, 2.5, 100), part(3, 0.2, 0.1, 100)];
    check(&parts, settings(7, Some(200)), "1 Age");
    check(&parts, settings(7, Some(199)), "1 Age, 2 Bytes");
}

#[test]
fn a_clock_at_either_end_of_time_removes_nothing_by_overflow() {
    let parts = [part(1, 1.0, 0.5, u64::MAX), part(2, 1.0, 0.5, u64::MAX)];
    let forever = RetentionSettings { keep: Duration::MAX, bytes_max: None };
    assert_eq!(leaving(&parts, forever, Timestamp::MAX).len(), 1, "more bytes than can be named are too many");
    assert_eq!(leaving(&parts[..1], forever, Timestamp::MIN), []);
    assert_eq!(leaving(&parts[..1], settings(1, None), Timestamp::MIN), []);
}

/// Bytes a day, over how many days measured, days left.
#[track_caller]
fn check_left(parts: &[RetainedPart], settings: RetentionSettings, free_bytes: u64, want: (f64, f64, Option<f64>)) {
    let left = days_left(parts, settings, free_bytes, NOW);
    let got = (left.bytes_per_day, left.measured_over.as_secs_f64() / 86_400.0, left.days);
    let is_near = |got: f64, want: f64| (got - want).abs() <= want.abs() * 0.001;
    let days_fit = match (got.2, want.2) {
        (Some(got), Some(want)) => is_near(got, want),
        (got, want) => got.is_none() && want.is_none(),
    };
    assert!(is_near(got.0, want.0) && is_near(got.1, want.1) && days_fit, "{got:?} in place of {want:?}");
}

#[test]
fn room_is_what_the_setting_leaves_and_no_more_than_the_disk_has() {
    let parts = [part(1, 1.0, 0.0, 100)];
    check_left(&parts, settings(30, Some(600)), 10_000, (100.0, 1.0, Some(5.0)));
    check_left(&parts, settings(30, Some(600)), 250, (100.0, 1.0, Some(2.5)));
    check_left(&parts, settings(30, None), 250, (100.0, 1.0, Some(2.5)));
    check_left(&parts, settings(30, Some(50)), 250, (100.0, 1.0, Some(0.0)));
}

#[test]
fn the_rate_is_that_of_the_last_day_or_of_the_week_whichever_is_more() {
    let week: Vec<_> = (1..=7u32).map(|day| part(u64::from(day), f64::from(day), f64::from(day - 1), 100)).collect();
    check_left(&week, settings(60, None), 1_000, (100.0, 1.0, Some(10.0)));
    let mut quiet = week.clone();
    quiet[0].bytes = 30;
    check_left(&quiet, settings(60, None), 900, (90.0, 7.0, Some(10.0)));
    let mut busy = week;
    busy[0].bytes = 500;
    check_left(&busy, settings(60, None), 1_000, (500.0, 1.0, Some(2.0)));
}

/// At noon a part of yesterday lies within the last 24 hours by half.
#[test]
fn a_part_that_reaches_out_of_the_window_counts_by_its_share() {
    let parts = [part(1, 1.5, 0.5, 200), part(2, 0.5, 0.0, 100), part(3, 9.0, 8.0, 1)];
    check_left(&parts, settings(60, None), 1_000, (200.0, 1.0, Some(5.0)));
}

#[test]
fn a_store_that_has_just_begun_is_measured_over_an_hour_at_least() {
    check_left(&[part(1, 0.25, 0.0, 100)], settings(30, None), 800, (400.0, 0.25, Some(2.0)));
    check_left(&[part(1, 0.001, 0.0, 100)], settings(30, None), 4_800, (2_400.0, 1.0 / 24.0, Some(2.0)));
    check_left(&[], settings(30, None), 5, (0.0, 1.0 / 24.0, None));
}

#[test]
fn room_that_parts_leave_by_age_counts_as_it_comes() {
    let month: Vec<_> = (1..=30u32).map(|day| part(u64::from(day), f64::from(day), f64::from(day - 1), 100)).collect();
    // As much goes as comes.
    check_left(&month, settings(30, Some(3_200)), GIB, (100.0, 1.0, None));
    // Twice as much comes as went before: 200 free, and a hundred more each day, last for some days.
    let mut doubled = month.clone();
    doubled[0].bytes = 200;
    check_left(&doubled, settings(30, Some(3_300)), GIB, (200.0, 1.0, Some(1.5)));
    // Kept too long for the room.
    check_left(&month, settings(60, Some(4_000)), GIB, (100.0, 1.0, Some(10.0)));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..testkit::random_cases::cases(300) })]

    /// A part stays only when all of the newer ones and itself fit, and are young enough.
    #[test]
    fn what_stays_is_young_fits_and_is_the_newest(
        sizes in proptest::collection::vec((0u32..1_000, 0u64..50), 0..40),
        keep_days in 0u64..12,
        bytes_max in 0u64..1_500,
    ) {
        let parts: Vec<_> = (0..).zip(&sizes).map(|(id, (age, bytes))| {
            let days = f64::from(*age) / 80.0;
            part(id, days + 0.01, days, *bytes)
        }).collect();
        let settings = settings(keep_days, Some(bytes_max));
        let gone = leaving(&parts, settings, NOW);
        for part in &parts {
            let found: Vec<_> = gone.iter().filter(|leaving| leaving.id == part.id).collect();
            let is_old = part.time_max < NOW.saturating_sub(settings.keep);
            let newer = parts.iter().filter(|other| (other.time_max, other.id) >= (part.time_max, part.id));
            let fits = newer.map(|other| other.bytes).sum::<u64>() <= bytes_max;
            let want = match (is_old, fits) {
                (true, _) => Some(RetentionReason::Age),
                // Of no bytes it is only moved by what comes before it.
                (false, false) => Some(RetentionReason::Bytes),
                (false, true) => None,
            };
            prop_assert!(found.len() <= 1);
            prop_assert_eq!(found.first().map(|leaving| leaving.reason), want);
        }
    }
}

#[test]
fn a_store_without_parts_grows_by_nothing() {
    let settings = RetentionSettings { keep: Duration::from_secs(86_400), bytes_max: None };
    let left = days_left(&[], settings, 1 << 30, Timestamp(0));
    assert_eq!((left.days, left.bytes_per_day.to_string()), (None, "0".to_owned()));
}
