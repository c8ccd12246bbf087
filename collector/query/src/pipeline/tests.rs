//! Pipelines over a store, against plain maps over all of its records.

mod damage;
mod page;

use super::{Cell, PipelineAnswer, PipelineRequest, PipelineRows, pipeline_in_slices};
use crate::limits::{CONTEXT_HITS_MAX, SLICE_RECORDS};
use crate::tests::world::{
    NOW, World, exact, guard_of, patient_guard, record, record_with, sealed_snapshot_of, snapshot_of, text, world,
};
use crate::{CutShort, QueryError, QueryGuard, pipeline};
use log_store::LogSnapshot;
use model::{Field, Filter, LogRecord, Pipe, SortKey, StatColumn, StatFunction, StatGroup, TimeRange, Value};
use proptest::prelude::*;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use testkit::{generate, naive};

fn request(filter: Filter, pipes: Vec<Pipe>) -> PipelineRequest {
    PipelineRequest { filter, pipes, range: TimeRange::ALL, rows_max: 10_000, now: NOW }
}

fn run(snapshot: &LogSnapshot, request: &PipelineRequest, slice_records: usize) -> PipelineAnswer {
    let answer = pipeline_in_slices(snapshot, request, &patient_guard(), slice_records).unwrap();
    assert_eq!((answer.cut_short, answer.has_more), (None, false));
    answer
}

fn table(answer: &PipelineAnswer) -> (&[Box<str>], &[Vec<Cell>]) {
    match &answer.rows {
        PipelineRows::Table { columns, rows } => (columns, rows),
        PipelineRows::Records(_) => panic!("a table is expected"),
    }
}

fn records(answer: PipelineAnswer) -> Vec<LogRecord> {
    match answer.rows {
        PipelineRows::Records(rows) => rows.into_iter().map(|row| row.record).collect(),
        PipelineRows::Table { .. } => panic!("records are expected"),
    }
}

/// Newest first.
pub(crate) fn matching(world: &World, filter: &Filter) -> Vec<LogRecord> {
    let mut found: Vec<LogRecord> =
        world.records.iter().filter(|record| naive::matches(filter, record)).cloned().collect();
    found.sort_by_key(|record| Reverse(record.position));
    found
}

/// The value of a field, by building all of it.
pub(crate) fn value(record: &LogRecord, field: &Field) -> Option<Value> {
    let some = |text: &str| Some(Value::Str(text.into())).filter(|_| !text.is_empty());
    match field {
        Field::Time => Some(Value::Str(format!("@{}", record.position.time.0).into())),
        Field::Body => Some(record.body.clone()).filter(|body| *body != Value::Empty),
        Field::Service => record.stream.service().map(|name| Value::Str(name.into())),
        Field::Level => match record.severity.level() {
            Some(level) => some(level.name()),
            None => some(&record.severity_text),
        },
        Field::TraceId => record.trace_id.map(|id| Value::Str(id.to_string().into())),
        Field::SpanId => record.span_id.map(|id| Value::Str(id.to_string().into())),
        Field::EventName => some(&record.event_name),
        Field::ScopeName => some(&record.stream.scope_name),
        Field::Attribute(key) => record.attribute(key).cloned(),
        Field::BodyPath(path) => naive::body_field(&record.body, path.as_str()),
    }
}

/// A value's exact text; time is told as a text above.
fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Missing => "missing".to_owned(),
        Cell::Time(time) => format!("\"@{}\"", time.0),
        Cell::Value(value) => value.to_string(),
    }
}

fn shown_value(value: Option<Value>) -> String {
    value.map_or("missing".to_owned(), |value| value.to_string())
}

fn numbers(records: &[&LogRecord], field: &Field) -> Vec<f64> {
    let number = |record: &&LogRecord| match value(record, field)? {
        Value::Int(number) => number.to_string().parse().ok(),
        Value::Double(number) => Some(number).filter(|number| !number.is_nan()),
        Value::Str(text) if *field != Field::Time => match model::Literal::number(&text)? {
            model::Literal::Int(number) => number.to_string().parse().ok(),
            model::Literal::Number(number) => Some(number),
            _ => None,
        },
        _ => None,
    };
    let mut numbers: Vec<f64> = records.iter().filter_map(number).collect();
    numbers.sort_by(f64::total_cmp);
    numbers
}

/// A double of a cell; two that are equal are the same here.
fn as_double(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Value(Value::Int(number)) => number.to_string().parse().ok(),
        Cell::Value(Value::Double(number)) => Some(*number),
        _ => None,
    }
}

fn column(function: StatFunction, name: &str) -> StatColumn {
    StatColumn { function, name: Some(name.into()) }
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(256))]

    #[test]
    fn figures_over_groups_are_those_of_plain_maps(
        world in world(), filter in generate::filter(), group in generate::field(), of in generate::field(),
        width in proptest::option::of(1..7u64), slice_records in 1..12usize,
    ) {
        prop_assume!(width.is_none() || group != Field::Time);
        let columns = vec![
            column(StatFunction::Count(None), "n 1"),
            column(StatFunction::Count(Some(of.clone())), "n 2"),
            column(StatFunction::CountDistinct(of.clone()), "n 3"),
            column(StatFunction::Min(of.clone()), "n 4"),
            column(StatFunction::Max(of.clone()), "n 5"),
            column(StatFunction::Quantile { share: 0.5, field: of.clone() }, "n 6"),
            column(StatFunction::Sum(of.clone()), "n 7"),
        ];
        let mut groups = vec![StatGroup::Field(group.clone())];
        groups.extend(width.map(|width| StatGroup::TimeBucket(Duration::from_nanos(width))));
        let answer = run(&world.snapshot, &request(filter.clone(), vec![Pipe::Stats { columns, groups }]), slice_records);
        let found = matching(&world, &filter);
        prop_assert_eq!(answer.matched, found.len() as u64);
        let mut want: BTreeMap<Vec<String>, Vec<&LogRecord>> = BTreeMap::new();
        for record in &found {
            let mut key = vec![shown_value(value(record, &group))];
            if let Some(width) = width {
                let width = i64::try_from(width).unwrap();
                key.push(format!("\"@{}\"", record.position.time.0.div_euclid(width) * width));
            }
            want.entry(key).or_default().push(record);
        }
        let (_, rows) = table(&answer);
        prop_assert_eq!(rows.len(), want.len());
        let key_cells = 1 + usize::from(width.is_some());
        for pair in rows.windows(2) {
            let ordering = (0..key_cells).map(|place| pair[0][place].compare(&pair[1][place])).find(|found| found.is_ne());
            prop_assert_eq!(ordering, Some(std::cmp::Ordering::Less), "groups stand in order");
        }
        for row in rows {
            let key: Vec<String> = row[..key_cells].iter().map(shown).collect();
            let own = &want[&key];
            let figures = &row[key_cells..];
            let values: Vec<String> =
                own.iter().filter_map(|record| Some(value(record, &of)?.to_string())).collect();
            let distinct: BTreeSet<&String> = values.iter().collect();
            let counts: Vec<String> = figures[..3].iter().map(shown).collect();
            prop_assert_eq!(
                counts,
                [own.len().to_string(), values.len().to_string(), distinct.len().to_string()]
            );
            let numbers = numbers(own, &of);
            let middle = numbers.get(numbers.len().div_ceil(2).saturating_sub(1)).copied();
            let want = [numbers.first().copied(), numbers.last().copied(), middle];
            for (place, want) in want.into_iter().enumerate() {
                // Equal as doubles: 5 and 5.0, and integers beyond their precision.
                prop_assert!(as_double(&figures[3 + place]) == want, "{figures:?} {numbers:?}");
            }
            if numbers.iter().all(|number| (number * 4.0).fract() == 0.0 && number.abs() < 1e12) {
                let total: f64 = numbers.iter().sum();
                let want = Some(total).filter(|_| !numbers.is_empty());
                prop_assert!(as_double(&figures[6]) == want, "{figures:?} {numbers:?}");
            }
        }
    }

    #[test]
    fn the_most_frequent_values_are_those_of_a_plain_map(
        world in world(), field in generate::field(), count in 1..6u32, slice_records in 1..12usize,
    ) {
        let pipe = Pipe::Top { count, field: field.clone() };
        let answer = run(&world.snapshot, &request(Filter::All, vec![pipe]), slice_records);
        let mut counts: BTreeMap<String, i64> = BTreeMap::new();
        for value in world.records.iter().filter_map(|record| value(record, &field)) {
            *counts.entry(value.to_string()).or_default() += 1;
        }
        let (_, rows) = table(&answer);
        let mut most: Vec<i64> = counts.values().copied().collect();
        most.sort_by_key(|count| Reverse(*count));
        most.truncate(count as usize);
        let got: Vec<i64> =
            rows.iter().map(|row| if let Cell::Value(Value::Int(count)) = row[1] { count } else { -1 }).collect();
        prop_assert_eq!(&got, &most);
        for (row, count) in rows.iter().zip(got) {
            prop_assert_eq!(counts.get(&shown(&row[0])), Some(&count));
        }
    }

    #[test]
    fn a_filter_on_rows_finds_what_it_finds_on_records(
        world in world(), filter in generate::filter(), slice_records in 1..12usize, is_sorted in any::<bool>(),
    ) {
        let missing = model::ChosenField { field: Field::Attribute("no such".into()), is_left_out: true };
        let mut pipes = vec![Pipe::Fields(vec![missing]), Pipe::Where(filter.clone())];
        if is_sorted {
            // Rows that were taken out of their columns.
            pipes.insert(0, Pipe::Sort(vec![SortKey { field: Field::Time, is_descending: true }]));
        }
        let answer = run(&world.snapshot, &request(Filter::All, pipes), slice_records);
        prop_assert_eq!(exact(&records(answer)), exact(&matching(&world, &filter)));
    }

    #[test]
    fn sorted_records_are_those_of_a_plain_sort(
        world in world(), field in generate::field(), is_descending in any::<bool>(),
        limit in proptest::option::of(1..9u64), slice_records in 1..12usize,
    ) {
        let mut pipes = vec![Pipe::Sort(vec![SortKey { field: field.clone(), is_descending }])];
        pipes.extend(limit.map(Pipe::Limit));
        let answer = run(&world.snapshot, &request(Filter::All, pipes), slice_records);
        let rank = |record: &LogRecord| {
            let level = record.severity.level().or_else(|| model::Level::parse(&record.severity_text));
            match (&field, value(record, &field), level) {
                (Field::Time, _, _) => Cell::Time(record.position.time),
                (Field::Level, Some(_), Some(level)) => Cell::Value(Value::Int(i64::from(level.lowest().0))),
                (_, value, _) => value.map_or(Cell::Missing, Cell::Value),
            }
        };
        let mut want = matching(&world, &Filter::All);
        want.sort_by(|left, right| {
            let (left, right) = (rank(left), rank(right));
            let is_last = |cell: &Cell| matches!(cell, Cell::Missing | Cell::Value(Value::Empty));
            let ordering = if is_descending { right.compare(&left) } else { left.compare(&right) };
            match (is_last(&left), is_last(&right)) {
                (true, true) => std::cmp::Ordering::Equal,
                (false, false) => ordering,
                (is_last, _) => is_last.cmp(&!is_last),
            }
        });
        want.truncate(limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap()));
        prop_assert_eq!(exact(&records(answer)), exact(&want));
    }

    #[test]
    fn the_context_of_records_is_that_of_their_streams(
        world in world(), filter in generate::simple_filter(), before in 0..4usize, after in 0..4usize,
        slice_records in 1..12usize,
    ) {
        let pipe = Pipe::Context { before: u32::try_from(before).unwrap(), after: u32::try_from(after).unwrap() };
        let request = request(filter.clone(), vec![pipe]);
        let answer = pipeline_in_slices(&world.snapshot, &request, &patient_guard(), slice_records).unwrap();
        let all = matching(&world, &Filter::All);
        let hits = matching(&world, &filter);
        prop_assert_eq!((answer.cut_short, answer.has_more), (None, hits.len() > CONTEXT_HITS_MAX));
        let mut want = BTreeSet::new();
        for hit in hits.iter().take(CONTEXT_HITS_MAX) {
            let own: Vec<&LogRecord> =
                all.iter().filter(|record| exact(&record.stream) == exact(&hit.stream)).collect();
            let place = own.iter().position(|record| record.position == hit.position).unwrap();
            let newest = place.saturating_sub(after);
            want.extend(own[newest..(place + before + 1).min(own.len())].iter().map(|record| Reverse(record.position)));
        }
        let got: Vec<_> = records(answer).into_iter().map(|record| Reverse(record.position)).collect();
        prop_assert_eq!(got, want.into_iter().collect::<Vec<_>>());
    }
}

/// Runs a query over records in the head, and over the same records in a part.
#[track_caller]
fn check(query: &str, records: &[LogRecord], want: &[&str]) {
    let (filter, pipes) = search_lang::parse_pipeline(query, NOW).unwrap();
    let mut snapshots = vec![snapshot_of(records)];
    // Nothing cannot be sealed.
    snapshots.extend((!records.is_empty()).then(|| sealed_snapshot_of(records)));
    for snapshot in snapshots {
        let answer = run(&snapshot, &request(filter.clone(), pipes.clone()), 1_024);
        let got: Vec<String> = match &answer.rows {
            PipelineRows::Table { columns, rows } => {
                let line = |row: &Vec<Cell>| row.iter().map(shown).collect::<Vec<_>>().join(" ");
                std::iter::once(columns.join(" ")).chain(rows.iter().map(line)).collect()
            }
            PipelineRows::Records(rows) => rows
                .iter()
                .map(|row| {
                    let fields = row.fields.iter().map(|(name, cell)| format!(" {name}={}", shown(cell)));
                    format!("{}{}", row.record.body, fields.collect::<String>())
                })
                .collect(),
        };
        assert_eq!(got, want, "query: {query}");
    }
}

#[test]
fn patterns_are_counted_with_an_example() {
    let records = [record("disk 1 full"), record("disk 22 full"), record("started"), record_with(&[])];
    let want = ["pattern count example", r#""disk <_> full" 2 "disk 22 full""#, r#""started" 1 "started""#];
    check("| patterns", &records, &want);
    check("| patterns 1", &records, &want[..2]);
}

#[test]
fn fields_are_made_of_texts() {
    let records = [record("user=anna took=5ms x"), record("bob")];
    check(
        r"| parse regex /user=(?P<user>\w+) took=(?P<took>\d+)/ | where took>4",
        &records,
        &[r#""user=anna took=5ms x" user="anna" took="5""#],
    );
    let json = [record(r#"{"a":{"b":5,"c":[1]},"a.b":6,"e":{}}"#), record("{broken")];
    check(
        "| parse json | stats count(), sum(a.b), count(a.c), count(e)",
        &json,
        &["count() sum(a.b) count(a.c) count(e)", "2 6 1 1"],
    );
    let logfmt = [record("level=info code=503 ok"), record_with(&[("msg", text("code=5 user=\"a b\""))])];
    check("| parse logfmt | stats sum(code)", &logfmt, &["sum(code)", "503"]);
    check("| parse logfmt from msg | where user=\"a b\" | fields code, user", &logfmt, &["code user", "5 \"a b\""]);
}

#[test]
fn what_is_left_out_is_not_there() {
    let records = [record_with(&[("user", text("anna")), ("code", Value::Int(5))])];
    check("| fields -code | stats count(code), count(user)", &records, &["count(code) count(user)", "0 1"]);
    check("| fields user, -code, code | where user:anna code:5", &records, &["user"]);
    check("| stats count() as n by user | where n>0 user:anna | fields -n", &records, &["user", "\"anna\""]);
    check("| stats count() by user | sort by \"count()\" desc | limit 1", &records, &["user count()", "\"anna\" 1"]);
    check("| stats count()", &[], &["count()", "0"]);
    check("| stats count() by user", &[], &["user count()"]);
}

#[test]
fn a_level_is_sorted_and_compared_as_one_behind_groups() {
    let at = |severity| LogRecord { severity: model::Severity(severity), ..record("x") };
    let records = [at(17), at(9), at(9), at(5)];
    let want = ["level n", "\"error\" 1", "\"info\" 2"];
    check("| stats count() as n by level | where level>=info | sort by level desc", &records, &want);
}

#[test]
fn a_rate_is_counted_over_the_range_or_the_step() {
    let records: Vec<LogRecord> = (0..6).map(|_| record("x")).collect();
    let snapshot = snapshot_of(&records);
    let ask = |pipes: &str, range| {
        let (filter, pipes) = search_lang::parse_pipeline(pipes, NOW).unwrap();
        let answer = run(&snapshot, &PipelineRequest { range, ..request(filter, pipes) }, 1_024);
        let (_, rows) = table(&answer);
        shown(rows[0].last().unwrap())
    };
    let minute = TimeRange {
        start: NOW.saturating_sub(Duration::from_secs(59)),
        end: NOW.saturating_add(Duration::from_secs(1)),
    };
    assert_eq!(ask("| stats rate()", minute), "0.1");
    assert_eq!(ask("| stats rate() by 3s", TimeRange::ALL), "2.0");
    assert_eq!(ask("| stats rate()", TimeRange::ALL), "missing", "all time has no length");
}

#[test]
fn sums_do_not_depend_on_the_order_of_records() {
    let value = |number: f64| record_with(&[("x", Value::Double(number))]);
    for numbers in [
        [1e16, 1.0, -1e16, 1.0, 0.5, 0.25],
        [f64::MAX, f64::MAX, -f64::MAX, -f64::MAX, 3.0, 4.0],
        [0.1, 0.2, 0.3, -0.3, -0.2, -0.1],
    ] {
        let mut sums = BTreeSet::new();
        for shift in 0..6 {
            let mut shifted = numbers;
            shifted.rotate_left(shift);
            shifted[..3].reverse();
            let snapshot = snapshot_of(&shifted.map(value));
            let (filter, pipes) = search_lang::parse_pipeline("| stats sum(x)", NOW).unwrap();
            sums.insert(shown(&table(&run(&snapshot, &request(filter, pipes), 1_024)).1[0][0]));
        }
        assert_eq!(sums.len(), 1, "{sums:?}");
    }
    let many = [value(1e16), value(1.0), value(-1e16), record_with(&[("x", Value::Int(i64::MAX))])];
    check("| stats sum(x), avg(x)", &many[..3], &["sum(x) avg(x)", "1.0 0.3333333333333333"]);
    let whole = [record_with(&[("x", Value::Int(i64::MAX))]), record_with(&[("x", Value::Int(i64::MAX))])];
    check("| stats sum(x)", &whole, &["sum(x)", "1.8446744073709552e19"]);
}

#[test]
fn the_most_frequent_of_many_values_are_counted_by_several_hands() {
    let values: Vec<String> = (0..9_000).map(|number| format!("value {}", number * 7 % 3_001)).collect();
    let records: Vec<LogRecord> = values.iter().map(|value| record_with(&[("id", text(value))])).collect();
    let mut want: BTreeMap<String, i64> = BTreeMap::new();
    values.iter().for_each(|value| *want.entry(format!("{value:?}")).or_default() += 1);
    let (filter, pipes) = search_lang::parse_pipeline("| top 5000 by id", NOW).unwrap();
    let answer = run(&sealed_snapshot_of(&records), &request(filter, pipes), 1_024);
    let (_, rows) = table(&answer);
    let got: BTreeMap<String, i64> = rows.iter().map(|row| (shown(&row[0]), shown(&row[1]).parse().unwrap())).collect();
    assert_eq!(got, want);
}

#[test]
fn more_groups_than_memory_are_cut_short_and_the_memory_comes_back() {
    let records: Vec<LogRecord> =
        (0..20_000).map(|number| record_with(&[("id", text(&format!("value {number}")))])).collect();
    let snapshot = snapshot_of(&records);
    for query in [
        "| stats count() by id",
        "| stats count_distinct(id)",
        "| top 10000 by id",
        "| sort by id",
        "| limit 100000 | stats count() by id",
        "| fields id | sort by id | patterns",
    ] {
        let (filter, pipes) = search_lang::parse_pipeline(query, NOW).unwrap();
        let guard = guard_of(1 << 30, 500_000);
        let answer = pipeline(&snapshot, &request(filter, pipes), &guard).unwrap();
        assert_eq!(answer.cut_short, Some(CutShort::Memory), "{query}");
        let rows = match &answer.rows {
            PipelineRows::Table { rows, .. } => rows.len(),
            PipelineRows::Records(rows) => rows.len(),
        };
        assert!(rows < 10_000, "{query}: {rows} rows in half a megabyte");
        drop(answer);
        assert!(guard.reserve(500_000).is_ok(), "{query}: all of it is free again");
    }
    // Each row makes columns of its own.
    let wide: Vec<LogRecord> = (0..2_000).map(|number| record(&format!(r#"{{"a{number}":1}}"#))).collect();
    let (filter, pipes) = search_lang::parse_pipeline("| fields body | parse json", NOW).unwrap();
    let answer = pipeline(&snapshot_of(&wide), &request(filter, pipes), &guard_of(1 << 30, 20_000_000)).unwrap();
    assert_eq!((answer.cut_short, table(&answer).1.len()), (Some(CutShort::Memory), 0));
    let (filter, pipes) = search_lang::parse_pipeline("| stats count() by id", NOW).unwrap();
    let answer = pipeline(&snapshot, &request(filter, pipes), &guard_of(3, 1 << 30)).unwrap();
    assert_eq!(answer.cut_short, Some(CutShort::Deadline));
    let (_, rows) = table(&answer);
    assert!(!rows.is_empty() && rows.len() < 20_000, "{} groups were counted in time", rows.len());
}

/// Of the newest records each value comes again and again; all others have one of their own.
#[test]
fn an_answer_about_many_more_values_than_memory_is_exact_for_the_newest_records_and_never_called_whole() {
    const VALUES: usize = 200_000;
    const OFTEN: usize = 5_000;
    const MEMORY: u64 = 2 << 20;
    let id =
        |number: usize| if number < VALUES { format!("value {number}") } else { format!("often {}", number % 500) };
    let ids: Vec<String> = (0..VALUES + OFTEN).map(id).collect();
    let records: Vec<LogRecord> = ids.iter().map(|id| record_with(&[("id", text(id))])).collect();
    let snapshot = snapshot_of(&records);
    drop(records);
    let ask = |query: &str, guard: &QueryGuard| {
        let (filter, pipes) = search_lang::parse_pipeline(query, NOW).unwrap();
        let request = PipelineRequest { rows_max: 1_000_000, ..request(filter, pipes) };
        let answer = pipeline(&snapshot, &request, guard).unwrap();
        let read = usize::try_from(answer.matched).unwrap();
        assert!((OFTEN..VALUES).contains(&read), "{query}: {read} records were read");
        (answer, read)
    };
    let by_id = |answer: &PipelineAnswer| -> BTreeMap<String, usize> {
        table(answer).1.iter().map(|row| (shown(&row[0]), shown(&row[1]).parse().unwrap())).collect()
    };
    let of_newest = |count: usize| {
        let mut want: BTreeMap<String, usize> = BTreeMap::new();
        ids.iter().rev().take(count).for_each(|id| *want.entry(format!("{id:?}")).or_default() += 1);
        want
    };
    for query in ["| stats count() by id", "| stats count() as n, max(id) by id | sort by n"] {
        let (answer, read) = ask(query, &guard_of(1 << 30, MEMORY));
        assert_eq!(answer.cut_short, Some(CutShort::Memory), "{query}");
        let got = by_id(&answer);
        // Rows take memory as well; without any left there are none.
        assert!(got.is_empty() || got == of_newest(read), "{query}");
        let (answer, read) = ask(query, &guard_of(100, 1 << 30));
        assert_eq!(answer.cut_short, Some(CutShort::Deadline), "{query}");
        let got = by_id(&answer);
        assert!(got.is_empty() || got == of_newest(read), "{query}");
        assert!(
            !got.is_empty() || query.contains("sort"),
            "{query}: counting is done when the time is up, and sorting is not"
        );
    }
    // What waits to be counted may be lost where the memory ends, and the last slice is counted in part.
    let (answer, read) = ask("| top 10000 by id", &guard_of(1 << 30, MEMORY));
    assert_eq!(answer.cut_short, Some(CutShort::Memory));
    let (got, most) = (by_id(&answer), of_newest(read + SLICE_RECORDS));
    assert!(got.iter().all(|(id, count)| most.get(id).is_some_and(|most| count <= most)), "none is counted too often");
    let (answer, _) = ask("| stats count_distinct(id)", &guard_of(1 << 30, MEMORY));
    assert_eq!(answer.cut_short, Some(CutShort::Memory));
}

#[test]
fn more_rows_than_are_wanted_are_said_to_be_there() {
    let records: Vec<LogRecord> = (0..9).map(|number| record_with(&[("id", Value::Int(number))])).collect();
    let snapshot = snapshot_of(&records);
    for (query, has_more) in [
        ("", true),
        ("| stats count() by id", true),
        ("| limit 3", false),
        ("| limit 4", true),
        ("| sort by id", true),
        ("| where id<3 | fields id", false),
    ] {
        let (filter, pipes) = search_lang::parse_pipeline(query, NOW).unwrap();
        let asked = PipelineRequest { rows_max: 3, ..request(filter, pipes) };
        let answer = pipeline(&snapshot, &asked, &patient_guard()).unwrap();
        let rows = match &answer.rows {
            PipelineRows::Table { rows, .. } => rows.len(),
            PipelineRows::Records(rows) => rows.len(),
        };
        assert_eq!((rows, answer.has_more), (3, has_more), "{query}");
    }
}

#[test]
fn what_has_no_meaning_is_refused() {
    for (query, want) in [
        ("| stats count() | context 5", QueryError::ContextWithoutRecords),
        ("| fields -service | context 5", QueryError::ContextWithoutRecords),
        ("| stats count(), count()", QueryError::ColumnTwice),
        ("| top 5 by count", QueryError::ColumnTwice),
        ("| fields level, \"level\"", QueryError::ColumnTwice),
        ("| fields -time", QueryError::FieldStays),
        ("| fields a, -a", QueryError::NoColumns),
    ] {
        let (filter, pipes) = search_lang::parse_pipeline(query, NOW).unwrap();
        let refused = pipeline(&snapshot_of(&[]), &request(filter, pipes), &patient_guard()).unwrap_err();
        assert_eq!(refused, want, "{query}");
    }
}
