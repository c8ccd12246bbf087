use super::*;
use crate::pipeline::tests::value;
use crate::tests::world::{exact, guard_of, patient_guard, range, record, request_of, sealed_snapshot_of, world};
use crate::{QueryGuard, SearchRequest};
use model::Value;
use proptest::prelude::*;
use testkit::generate;

fn request(filter: &Filter, range: TimeRange) -> ExportRequest {
    ExportRequest { filter: filter.clone(), range, before: None, columns: None }
}

/// Exports again and again, each under a guard of its own and until so many records came, as long as it goes on.
fn exported(
    snapshot: &LogSnapshot,
    mut request: ExportRequest,
    slice_records: usize,
    at_once: usize,
    guard: impl Fn() -> QueryGuard,
) -> Vec<ExportRow> {
    let mut rows = Vec::new();
    for _ in 0..3_000 {
        let mut taken = 0;
        let answer = export_in_slices(
            snapshot,
            &request,
            &guard(),
            &mut |row| {
                rows.push(row);
                taken += 1;
                if taken == at_once { ControlFlow::Break(ExportEnd::Enough) } else { ControlFlow::Continue(()) }
            },
            slice_records,
        );
        let answer = answer.unwrap();
        assert_eq!(answer.records, taken as u64);
        assert!(answer.cut_short.is_none() || answer.next.is_some());
        match answer.next {
            Some(next) => request.before = Some(next),
            None => return rows,
        }
    }
    panic!("the export does not end");
}

fn records(rows: Vec<ExportRow>) -> Vec<LogRecord> {
    let record = |row| match row {
        ExportRow::Record(record) => record,
        ExportRow::Cells(_) => panic!("records are expected"),
    };
    rows.into_iter().map(record).collect()
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(256))]

    #[test]
    fn all_that_matches_comes_once_and_in_order(
        world in world(), filter in generate::filter(), range in range(), slice_records in 1..12usize, at_once in 1..30usize,
    ) {
        let want = world.answer(&SearchRequest { range, ..request_of(filter.clone()) });
        let got = records(exported(&world.snapshot, request(&filter, range), slice_records, at_once, patient_guard));
        prop_assert_eq!(exact(&got), exact(&want));
    }

    #[test]
    fn exports_that_time_cuts_short_go_on_without_loss(
        world in world(), filter in generate::filter(), slice_records in 1..4usize, looks in 2..6u64,
    ) {
        let want = world.answer(&request_of(filter.clone()));
        let guard = || guard_of(looks, 1 << 30);
        let got = records(exported(&world.snapshot, request(&filter, TimeRange::ALL), slice_records, 1_000, guard));
        prop_assert_eq!(exact(&got), exact(&want));
    }

    #[test]
    fn columns_hold_what_a_condition_would_find(world in world(), columns in proptest::collection::vec(generate::field(), 1..5)) {
        let want = world.answer(&request_of(Filter::All));
        let request = ExportRequest { columns: Some(columns.clone()), ..request(&Filter::All, TimeRange::ALL) };
        let rows = exported(&world.snapshot, request, 5, 1_000, patient_guard);
        prop_assert_eq!(rows.len(), want.len());
        for (row, record) in rows.iter().zip(&want) {
            let ExportRow::Cells(cells) = row else { panic!("cells are expected") };
            for (cell, column) in cells.iter().zip(&columns) {
                let shown = match cell {
                    Cell::Missing => None,
                    Cell::Time(time) => Some(Value::Str(format!("@{}", time.0).into())),
                    Cell::Value(value) => Some(value.clone()),
                };
                prop_assert_eq!(exact(&shown), exact(&value(record, column)), "{:?}", column);
            }
        }
    }
}

#[test]
fn a_row_that_is_refused_comes_again() {
    let records: Vec<LogRecord> = (0..9).map(|number| record(&format!("r{number}"))).collect();
    let snapshot = sealed_snapshot_of(&records);
    let mut request = request(&Filter::All, TimeRange::ALL);
    let mut bodies = Vec::new();
    loop {
        let mut offered = 0;
        let mut take = |row| {
            offered += 1;
            if offered > 2 {
                return ControlFlow::Break(ExportEnd::Refused);
            }
            if let ExportRow::Record(record) = row {
                bodies.push(record.body.to_string());
            }
            ControlFlow::Continue(())
        };
        let answer = export(&snapshot, &request, &patient_guard(), &mut take).unwrap();
        assert_eq!(answer.records, offered.min(2));
        match answer.next {
            Some(next) => request.before = Some(next),
            None => break,
        }
    }
    let want: Vec<String> = (0..9).rev().map(|number| format!("\"r{number}\"")).collect();
    assert_eq!(bodies, want);
}

#[test]
fn what_waits_is_bounded_by_what_overlaps() {
    // Row groups of nine records, one behind the other: 2,000 records would not fit.
    let records: Vec<LogRecord> = (0..2_000)
        .map(|number| {
            let mut record = record("x");
            record.position.time = basics::Timestamp(number + 1);
            record
        })
        .collect();
    let snapshot = sealed_snapshot_of(&records);
    let mut rows = 0;
    let mut count = |_| {
        rows += 1;
        ControlFlow::Continue(())
    };
    let answer =
        export(&snapshot, &request(&Filter::All, TimeRange::ALL), &guard_of(1 << 30, 60_000), &mut count).unwrap();
    assert_eq!((answer.cut_short, rows), (None, 2_000));
}
