use super::*;
use crate::tests::world::{
    NOW, World, guard_of, patient_guard, record, record_with, snapshot_of, standing_guard, text, world,
};
use proptest::prelude::*;
use testkit::{generate, naive};

fn ask(query: &str, records: &[LogRecord]) -> NothingAnswer {
    let filter = search_lang::parse(query, NOW).unwrap();
    nothing(&snapshot_of(records), &NothingRequest { filter, range: TimeRange::ALL }, &standing_guard()).unwrap()
}

fn shown(filter: &Filter) -> String {
    search_lang::render(filter).unwrap()
}

/// What is near, as `asked -> found: query`.
#[track_caller]
fn check_near(query: &str, records: &[LogRecord], want: &[&str]) {
    let answer = ask(query, records);
    let near: Vec<String> =
        answer.near.iter().map(|near| format!("{} -> {}: {}", near.asked, near.found, shown(&near.filter))).collect();
    assert_eq!(near, want, "{query}");
    // What is suggested is found.
    for near in &answer.near {
        let request = crate::tests::world::request_of(near.filter.clone());
        let alone = crate::search(&snapshot_of(records), &request, &patient_guard()).unwrap();
        let is_alone = ask(query, records).conditions.len() == 1;
        assert!(alone.matched > 0 || !is_alone, "{query}: {near:?}");
    }
}

#[test]
fn near_words_are_those_with_few_other_letters_or_the_same_beginning() {
    let records = [record("payment timeout of anna"), record("payment timeout"), record("payments are late")];
    check_near("timeuot", &records, &["timeuot -> timeout: timeout"]);
    check_near("Paymnt late", &records, &["paymnt -> payment: payment late", "paymnt -> payments: payments late"]);
    check_near("\"payment timeuot\"", &records, &["timeuot -> timeout: \"payment timeout\""]);
    check_near("pay", &records, &["pay -> payment: payment", "pay -> payments: payments"]);
    check_near("unheard", &records, &[]);
}

#[test]
fn near_values_and_names_are_those_of_the_field() {
    let records =
        [record_with(&[("user", text("Anna Lee")), ("other", text("hanna"))]), record_with(&[("user", text("bob"))])];
    check_near("user:anne", &records, &["anne -> anna: user:anna"]);
    check_near("user=\"anna lee\"", &records, &["anna lee -> Anna Lee: user=\"Anna Lee\""]);
    check_near("usr:bob", &records, &["usr -> user: user:bob"]);
    check_near("request.user=bob", &records, &["request.user -> user: user=bob"]);
    check_near("usr:*", &records, &["usr -> user: user:*"]);
    check_near("user>5", &records, &[]);
}

#[test]
fn conditions_that_exclude_each_other_are_told_by_leaving_each_out() {
    let records = [record("a b"), record("b c"), record("c")];
    let answer = ask("a b c", &records);
    let told = |counted: &[Counted]| -> Vec<(String, u64)> {
        counted.iter().map(|counted| (shown(&counted.filter), counted.records)).collect()
    };
    let pairs = |pairs: &[(&str, u64)]| -> Vec<(String, u64)> {
        pairs.iter().map(|(query, count)| ((*query).to_owned(), *count)).collect()
    };
    assert_eq!(told(&answer.conditions), pairs(&[("a", 1), ("b", 2), ("c", 2)]));
    assert_eq!(told(&answer.without), pairs(&[("b c", 1), ("a c", 0), ("a b", 1)]));
    assert!(answer.near.is_empty());
}

#[test]
fn counting_stops_at_a_number_and_says_so() {
    let records: Vec<LogRecord> = (0..3_000).map(|_| record("a")).collect();
    let answer = ask("a missing", &records);
    assert_eq!((answer.conditions[0].records, answer.conditions[0].is_more), (1_000, true));
    assert_eq!((answer.conditions[1].records, answer.conditions[1].is_more), (0, false));
}

#[test]
fn many_conditions_are_looked_at_together_from_a_number_on() {
    let query = (0..40).map(|number| format!("w{number}")).collect::<Vec<_>>().join(" ");
    let answer = ask(&query, &[record("x")]);
    assert_eq!(answer.conditions.len(), NOTHING_CONDITIONS_MAX);
}

#[test]
fn what_was_not_reached_is_said_to_be_missing() {
    let records: Vec<LogRecord> = (0..3_000).map(|_| record("a")).collect();
    let filter = search_lang::parse("a missing", NOW).unwrap();
    let request = NothingRequest { filter, range: TimeRange::ALL };
    // Each look at this clock takes a second; there are two.
    let answer = nothing(&snapshot_of(&records), &request, &guard_of(1 << 30, 1 << 30)).unwrap();
    assert_eq!(answer.cut_short, Some(CutShort::Deadline));
}

fn matching<'w>(world: &'w World, filter: &'w Filter) -> impl Iterator<Item = &'w LogRecord> {
    world.records.iter().filter(|record| naive::matches(filter, record))
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(256))]

    #[test]
    fn counts_and_times_are_those_of_the_reference(
        world in world(), filters in proptest::collection::vec(generate::simple_filter(), 1..4), start in 0..24i64, length in 1..8i64,
    ) {
        let filter = Filter::And(filters);
        let range = TimeRange { start: Timestamp(start), end: Timestamp(start + length) };
        let request = NothingRequest { filter: filter.clone(), range };
        let answer = nothing(&world.snapshot, &request, &standing_guard()).unwrap();
        prop_assert_eq!(answer.cut_short, None);
        for counted in answer.conditions.iter().chain(&answer.without) {
            let want = matching(&world, &counted.filter).filter(|record| range.contains(record.position.time)).count();
            prop_assert_eq!((counted.records, counted.is_more), (want as u64, false));
        }
        let times = || matching(&world, &filter).map(|record| record.position.time);
        prop_assert_eq!(answer.last_before, times().filter(|time| *time < range.start).max());
        prop_assert_eq!(answer.first_after, times().filter(|time| *time >= range.end).min());
        for near in &answer.near {
            prop_assert!(near.condition < answer.conditions.len());
            prop_assert_eq!(answer.conditions[near.condition].records, 0);
        }
    }
}
