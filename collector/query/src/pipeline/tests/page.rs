//! docs/search.md: each of its pipelines does what the page says.
//!
//! In its blocks named `pipes` a line is a query; behind it, `<` are records, newest first: a body, and attributes in
//! braces (`service.name` is the resource's); `>` are the lines that come out. In blocks named `pipes mistakes` each line is
//! refused.

use super::{PipelineRows, request, run, shown};
use crate::pipeline::Cell;
use crate::tests::world::{NOW, patient_guard, record, sealed_snapshot_of, snapshot_of};
use basics::Timestamp;
use model::{LogRecord, Stream, Value};
use std::sync::Arc;

const PAGE: &str = include_str!("../../../../../docs/search.md");

fn blocks(name: &str) -> impl Iterator<Item = &'static str> {
    let start = format!("```{name}\n");
    let behind: Vec<&str> = PAGE.split(start.as_str()).skip(1).collect();
    behind.into_iter().map(|behind| behind.split_once("```").expect("a block is closed").0)
}

/// Older ones have higher numbers.
fn example(text: &str, number: usize) -> LogRecord {
    let (body, attributes) = match text.find('{') {
        Some(at) => (text[..at].trim_end(), Value::parse_text_form(&text[at..]).expect("attributes")),
        None => (text, Value::Map(Vec::new())),
    };
    let Value::Map(attributes) = attributes else { panic!("these are no attributes: {text}") };
    let (resource, attributes) = attributes.into_iter().partition(|(key, _)| &**key == "service.name");
    let mut record = record(body);
    record.position.time = Timestamp(record.position.time.0 - i64::try_from(number).unwrap());
    record.stream = Arc::new(Stream { resource, ..Stream::default() });
    LogRecord { attributes, ..record }
}

fn line(cells: &[Cell]) -> String {
    let shown = |cell: &Cell| match cell {
        Cell::Missing => "null".to_owned(),
        Cell::Time(time) => time.to_string(),
        Cell::Value(_) => shown(cell),
    };
    cells.iter().map(shown).collect::<Vec<_>>().join(" ")
}

/// Lines with `<` and `>` behind a query.
fn check(query: &str, records: &[LogRecord], want: &[&str]) {
    let (filter, pipes) =
        search_lang::parse_pipeline(query, NOW).unwrap_or_else(|mistake| panic!("{query}: {mistake}"));
    for snapshot in [snapshot_of(records), sealed_snapshot_of(records)] {
        let answer = run(&snapshot, &request(filter.clone(), pipes.clone()), 1_024);
        let got: Vec<String> = match &answer.rows {
            PipelineRows::Table { columns, rows } => {
                std::iter::once(columns.join(" ")).chain(rows.iter().map(|row| line(row))).collect()
            }
            PipelineRows::Records(rows) => rows
                .iter()
                .map(|row| {
                    let fields =
                        row.fields.iter().map(|(name, cell)| format!(" {name}={}", line(std::slice::from_ref(cell))));
                    format!("{}{}", row.record.body, fields.collect::<String>())
                })
                .collect(),
        };
        assert_eq!(got, want, "query: {query}");
    }
}

#[test]
fn every_pipeline_of_the_page_does_what_it_says() {
    let mut queries = 0;
    for block in blocks("pipes") {
        let mut lines = block.lines().peekable();
        while let Some(query) = lines.next() {
            let (mut records, mut want) = (Vec::new(), Vec::new());
            while let Some(text) = lines.next_if(|line| line.starts_with("  ")) {
                match text.strip_prefix("  < ") {
                    Some(text) => records.push(example(text, records.len())),
                    None => want.push(text.strip_prefix("  > ").expect("a record, or what comes out")),
                }
            }
            check(query, &records, &want);
            queries += 1;
        }
    }
    assert!(queries >= 17, "{queries} queries were read");
}

#[test]
fn every_mistaken_pipeline_of_the_page_is_refused() {
    let lines: Vec<&str> = blocks("pipes mistakes").flat_map(str::lines).collect();
    assert!(lines.len() > 5);
    for line in lines {
        let Ok((filter, pipes)) = search_lang::parse_pipeline(line, NOW) else { continue };
        assert!(crate::pipeline(&snapshot_of(&[]), &request(filter, pipes), &patient_guard()).is_err(), "{line}");
    }
}
