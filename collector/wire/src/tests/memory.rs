//! What decoding takes, measured by a counting allocator, against what the survey priced.

use super::build::{self, RECEIVED};
use super::hostile::{around, nest};
use crate::limits::RECORD_CHARGE_BYTES;
use crate::otlp::logs::{decode, survey};
use testkit::allocation::{Counting, measure};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What a walk may take besides what it notes: the keys that it remembers lie on the stack.
const WALK_BYTES_MAX: u64 = 1024;

/// Surveys and decodes any bytes, and holds each step to its memory. Tells whether they are a request.
pub(super) fn is_priced(body: &[u8]) -> bool {
    let (surveyed, taken) = measure(|| survey(body, &build::wide_limits(), RECEIVED));
    // Eight bytes for each rejection, and a list that doubles when it is full. A record takes two bytes at least.
    let rejections = surveyed.as_ref().map_or(body.len() as u64 / 2, |survey| u64::from(survey.received)) * 24;
    assert!(taken.peak_bytes <= WALK_BYTES_MAX + rejections, "the survey took {} bytes", taken.peak_bytes);
    let Ok(survey) = surveyed else { return false };
    assert!(u64::from(survey.received) * 2 <= body.len() as u64, "a record takes two bytes at least");
    let rejected: Vec<u32> = survey.rejected.iter().map(|rejection| rejection.ordinal).collect();
    let accepted = u64::from(survey.received) - rejected.len() as u64;
    assert!(survey.head_bytes >= accepted * RECORD_CHARGE_BYTES);
    let (batch, taken) = measure(|| decode(body, &rejected).unwrap());
    assert_eq!(batch.len() as u64, accepted);
    // A buffer begins with a third of the body, doubles, and lives twice for the moment in which it does.
    let priced = survey.head_bytes + body.len() as u64 / 3 + WALK_BYTES_MAX;
    assert!(taken.held_bytes <= 2 * priced, "holds {} of {} priced", taken.held_bytes, survey.head_bytes);
    assert!(taken.peak_bytes <= 3 * priced, "took {} of {} priced", taken.peak_bytes, survey.head_bytes);
    true
}

#[track_caller]
fn check_memory(body: &[u8]) {
    assert!(is_priced(body), "the request is refused");
}

fn attribute(key: &[u8], value: &[u8]) -> Vec<u8> {
    nest(0x32, &[nest(0x0a, key), nest(0x12, value)].concat())
}

#[test]
fn empty_records_take_what_they_are_priced_at() {
    check_memory(&around(&[0x12, 0x00].repeat(200_000)));
}

#[test]
fn empty_attributes_take_what_they_are_priced_at() {
    let record = nest(0x12, &[0x32, 0x00].repeat(1_000));
    check_memory(&around(&record.repeat(500)));
}

#[test]
fn keys_that_never_come_again_take_what_they_are_priced_at() {
    let record = |number: u32| {
        let attributes: Vec<u8> =
            (0..50).flat_map(|key| attribute(format!("{number}.{key}").as_bytes(), &[])).collect();
        nest(0x12, &attributes)
    };
    check_memory(&around(&(0..1_000).flat_map(record).collect::<Vec<u8>>()));
}

#[test]
fn streams_of_one_record_take_what_they_are_priced_at() {
    check_memory(&nest(0x0a, &nest(0x12, &[0x12, 0x00]).repeat(20_000)));
    let different = |number: u32| {
        let scope = nest(0x0a, &nest(0x0a, number.to_string().as_bytes()));
        nest(0x12, &[scope, vec![0x12, 0x00]].concat())
    };
    check_memory(&nest(0x0a, &(0..20_000).flat_map(different).collect::<Vec<u8>>()));
}

#[test]
fn one_resource_under_many_scopes_takes_what_it_is_priced_at() {
    let value = |depth: usize| (0..depth).fold(vec![], |inner, _| nest(0x2a, &nest(0x0a, &inner)));
    let attributes: Vec<u8> = (0..40)
        .flat_map(|key: usize| nest(0x0a, &[nest(0x0a, key.to_string().as_bytes()), nest(0x12, &value(key))].concat()))
        .collect();
    let different = |number: u32| {
        let scope = nest(0x0a, &nest(0x0a, number.to_string().as_bytes()));
        nest(0x12, &[scope, vec![0x12, 0x00]].concat())
    };
    let scopes: Vec<u8> = (0..200).flat_map(different).collect();
    check_memory(&nest(0x0a, &[nest(0x0a, &attributes), scopes].concat()));
}

#[test]
fn texts_that_grow_when_they_are_read_take_what_they_are_priced_at() {
    let record = nest(0x12, &nest(0x2a, &nest(0x0a, &[0xff; 50_000])));
    check_memory(&around(&record.repeat(40)));
    // In a list, the replaced text is quoted, and control characters are escaped.
    let control = nest(0x12, &nest(0x2a, &nest(0x2a, &nest(0x0a, &nest(0x0a, &[0x01; 50_000])))));
    check_memory(&around(&control.repeat(40)));
    let bytes = nest(0x12, &nest(0x2a, &nest(0x3a, &[0xff; 50_000])));
    check_memory(&around(&bytes.repeat(40)));
}

#[test]
fn values_in_values_take_what_they_are_priced_at() {
    let list = |inner: &[u8]| nest(0x2a, &nest(0x0a, inner).repeat(4));
    let value = (0..5).fold(vec![], |inner: Vec<u8>, _| list(&inner));
    check_memory(&around(&nest(0x12, &nest(0x2a, &value)).repeat(100)));
    check_memory(&around(&nest(0x12, &attribute(b"k", &value)).repeat(100)));
}

#[test]
fn rejections_are_all_that_rejected_records_take() {
    let record = nest(0x12, &nest(0x4a, &[1; 15]));
    check_memory(&around(&record.repeat(200_000)));
}
