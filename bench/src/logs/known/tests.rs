use super::*;
use crate::fleet::FleetSettings;
use std::time::Duration;

fn fleet() -> Fleet {
    Fleet::new(FleetSettings {
        seed: 9,
        records: 20_000,
        records_per_request: 1_000,
        start: Timestamp::from_seconds(1_767_225_600),
        span: Duration::from_secs(86_399),
        rare_keys: 300,
    })
}

#[test]
fn what_is_known_of_a_fleet_is_what_looking_at_each_record_finds() {
    let fleet = fleet();
    let questions = Questions::choose(50, 9);
    let known = Known::of(&fleet, &questions, Vec::new());
    let records: Vec<FleetRecord> = (0..fleet.requests()).flat_map(|number| fleet.request(number).records).collect();
    for (question, counted) in questions.substrings.iter().zip(&known.substrings) {
        let part = question.query.trim_matches('*');
        let with = records.iter().filter(|record| record.searched.to_lowercase().contains(part)).count();
        assert_eq!(with as u64, *counted, "{part}");
    }
    for (question, word) in questions.words.iter().zip(&known.words) {
        let with = records.iter().filter(|record| {
            record.searched.to_lowercase().split(|c: char| !c.is_alphanumeric()).any(|word| word == question.query)
        });
        let mut times: Vec<i64> = with.map(|record| record.time.0).collect();
        times.sort_unstable_by(|one, other| other.cmp(one));
        assert_eq!(word.minutes.iter().sum::<u64>(), times.len() as u64, "{}", question.query);
        times.truncate(NEWEST);
        assert_eq!(word.newest(), times, "{}", question.query);
    }
    let start = fleet.start().saturating_add(Duration::from_secs(20 * 60));
    for user in [0, 1, 77] {
        let about = records.iter().filter(|record| record.user == user && record.time >= start).count();
        assert_eq!(known.users.since_minute(20)[user] as usize, about, "user {user}");
    }
    for (question, counted) in questions.regexes.iter().zip(&known.regexes) {
        let regex = Regex::new(&question.pattern).unwrap();
        let with = records.iter().filter(|record| regex.is_match(&record.searched)).count();
        assert_eq!(with as u64, *counted, "{}", question.query);
    }
}

#[test]
fn most_questions_find_something_even_in_few_records() {
    let questions = Questions::choose(50, 9);
    let known = Known::of(&fleet(), &questions, Vec::new());
    assert!(known.words.iter().all(|word| word.minutes.iter().sum::<u64>() > 0));
    for counts in [&known.substrings, &known.regexes] {
        let found = counts.iter().filter(|count| **count > 0).count();
        assert!(found >= 35, "{found} of {counts:?}");
    }
}

#[test]
fn needles_are_ids_of_few_records_from_all_over_the_day() {
    let fleet = fleet();
    let needles = needles(&fleet, 10);
    assert!(needles.iter().all(|needle| (1..=6).contains(&needle.times.len())), "{needles:?}");
    assert_eq!(needles.iter().filter(|needle| needle.query.starts_with("trace_id:")).count(), 5);
    let newest = needles.iter().flat_map(|needle| &needle.times).max().unwrap();
    let oldest = needles.iter().flat_map(|needle| &needle.times).min().unwrap();
    assert!(newest - oldest > 12 * 3_600_000_000_000);
}
