//! docs/search.md: each of its examples means what the page says, to the product and to the reference.
//!
//! In its blocks named `search` a line is a query; behind it, `+` is a record that it finds and `-` one that it does not:
//! attributes where it begins with a brace, else a body; words `@name=value` before that are fields of the record. In blocks named `search mistakes` each line is refused.

use super::world::{NOW, patient_guard, record, record_with, request_of, snapshot_of};
use crate::search;
use model::{Level, LogRecord, Severity, Value};
use std::sync::Arc;

const PAGE: &str = include_str!("../../../../docs/search.md");

fn blocks(name: &str) -> impl Iterator<Item = &'static str> {
    let start = format!("```{name}\n");
    let mut rest = PAGE;
    std::iter::from_fn(move || {
        let (_, behind) = rest.split_once(&start)?;
        let (block, behind) = behind.split_once("```").expect("a block is closed");
        rest = behind;
        Some(block)
    })
}

fn example(text: &str) -> LogRecord {
    let Some((field, rest)) = text.strip_prefix('@').map(|text| text.split_once(' ').unwrap_or((text, ""))) else {
        return content(text);
    };
    let mut record = example(rest);
    let (name, value) = field.split_once('=').unwrap();
    let mut stream = (*record.stream).clone();
    match name {
        "service" => stream.resource.push(("service.name".into(), Value::Str(value.into()))),
        "scope_name" => stream.scope_name = value.into(),
        "level" => record.severity = Level::parse(value).map_or(Severity(0), Level::lowest),
        "severity_text" => record.severity_text = value.into(),
        "event_name" => record.event_name = value.into(),
        "time" => record.position.time = search_lang::parse_time(value, NOW).unwrap(),
        "trace_id" => record.trace_id = Some(value.parse().unwrap()),
        "span_id" => record.span_id = Some(value.parse().unwrap()),
        other => panic!("no field of a record: {other}"),
    }
    record.stream = Arc::new(stream);
    record
}

fn content(text: &str) -> LogRecord {
    if !text.starts_with('{') {
        return record(text);
    }
    match Value::parse_text_form(text) {
        Some(Value::Map(entries)) => {
            let attributes: Vec<(&str, Value)> = entries.iter().map(|(key, value)| (&**key, value.clone())).collect();
            record_with(&attributes)
        }
        _ => panic!("these are no attributes: {text}"),
    }
}

#[test]
fn every_example_of_the_page_holds() {
    let (mut queries, mut examples) = (0, 0);
    for block in blocks("search") {
        let mut filter = None;
        for line in block.lines() {
            let found = line.strip_prefix("  + ").map(|text| (text, true));
            let passed_over = line.strip_prefix("  - ").map(|text| (text, false));
            let Some((text, want)) = found.or(passed_over) else {
                filter = Some(search_lang::parse(line, NOW).unwrap_or_else(|mistake| panic!("{line}: {mistake}")));
                queries += 1;
                continue;
            };
            examples += 1;
            let filter = filter.clone().expect("a query stands before its records");
            let naive = testkit::naive::matches(&filter, &example(text));
            let answer = search(&snapshot_of(&[example(text)]), &request_of(filter.clone()), &patient_guard()).unwrap();
            assert_eq!((naive, answer.matched == 1), (want, want), "{text:?}, {filter:?}");
        }
    }
    assert!(queries > 90 && examples > 200, "{queries} queries and {examples} records were read");
}

#[test]
fn every_mistake_of_the_page_is_one() {
    let lines: Vec<&str> = blocks("search mistakes").flat_map(str::lines).collect();
    assert!(lines.len() > 5);
    for line in lines {
        assert!(search_lang::parse(line, NOW).is_err(), "{line}");
    }
}
