use super::*;
use std::collections::HashSet;

fn fleet(rare_keys: u32) -> Fleet {
    Fleet::new(FleetSettings {
        seed: 1,
        records: 20_000,
        records_per_request: 1_000,
        start: Timestamp(1_700_000_000_000_000_000),
        span: Duration::from_secs(86_400),
        rare_keys,
    })
}

fn records(fleet: &Fleet) -> Vec<FleetRecord> {
    (0..fleet.requests()).flat_map(|number| fleet.request(number).records).collect()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    regex::bytes::Regex::new(&regex::escape(text)).unwrap().is_match(bytes)
}

#[test]
fn a_request_is_the_same_whenever_it_is_made() {
    let (one, other) = (fleet(300).request(7), fleet(300).request(7));
    assert_eq!(one.body, other.body);
    assert_ne!(one.body, fleet(300).request(8).body);
}

/// Figures can be compared only while this stays; whoever changes the generator measures anew and says so.
#[test]
fn the_fleet_that_is_measured_is_the_one_that_was_measured_before() {
    assert_eq!(Fleet::hash(4), 8_958_885_791_111_286_932);
}

#[test]
fn the_fleet_has_thousands_of_templates_and_records_of_the_size_of_real_ones() {
    let fleet = fleet(0);
    let distinct: HashSet<String> = fleet.templates().into_iter().collect();
    assert!(distinct.len() >= 3_000, "{} distinct templates", distinct.len());
    let bytes: usize = (0..fleet.requests()).map(|number| fleet.request(number).body.len()).sum();
    let mean = bytes as u64 / fleet.records();
    assert!((330..450).contains(&mean), "{mean} bytes a record");
}

#[test]
fn half_of_the_records_have_a_trace_and_all_lie_in_the_span() {
    let fleet = fleet(0);
    let records = records(&fleet);
    let traced = records.iter().filter(|record| record.trace_id.is_some()).count();
    assert!((9_000..11_000).contains(&traced), "{traced} of {}", records.len());
    let end = fleet.start.saturating_add(fleet.span);
    assert!(records.iter().all(|record| record.time >= fleet.start && record.time <= end));
}

#[test]
fn what_is_said_to_be_searched_is_what_is_sent() {
    let request = fleet(300).request(3);
    assert_eq!(request.records.len(), 1_000);
    for record in request.records.iter().step_by(10) {
        let texts: Vec<&str> = record.searched.split('\n').collect();
        assert!(texts.len() >= 6, "{texts:?}");
        assert!(texts.iter().all(|text| contains(&request.body, text)), "{texts:?}");
    }
}

#[test]
fn three_hundred_rare_keys_come_with_some_records_each() {
    let fleet = fleet(300);
    let bodies: Vec<Vec<u8>> = (0..fleet.requests()).map(|number| fleet.request(number).body).collect();
    let all = bodies.concat();
    let seen = fleet.rare_keys.iter().filter(|key| contains(&all, key)).count();
    assert!(seen >= 200, "{seen} of 300 in 20,000 records");
}
