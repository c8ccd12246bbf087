//! Lines of real programs, read from a folder: one file per source, one record per line.
//!
//! Always true: a line is kept as it was logged, but for terminal colours, control characters at its end and what is beyond 16 KiB.
//! No time is parsed. `Order::Mixed` spreads every source evenly over the same span, which is the worst case for locality (each row
//! group holds every source); `Order::OneByOne` lays source behind source, which is the best. Reality lies between.

use std::fs;
use std::path::Path;

use xxhash_rust::xxh3::xxh3_64;

use crate::dictionary::HashedSet;
use crate::splitter;

const LINE_BYTES_MAX: usize = 16 * 1024;

pub struct Corpus {
    pub sources: Vec<Source>,
    pub records: Vec<Record>,
}

pub struct Source {
    pub name: String,
    pub lines_found: usize,
    pub lines_kept: usize,
    pub lines_distinct: usize,
    pub json: usize,
    pub logfmt: usize,
    pub bytes_kept: usize,
}

pub struct Record {
    pub source: u16,
    pub text: Box<str>,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Order {
    Mixed,
    OneByOne,
}

/// Reads every `*.log` of the folder; a source with more lines than `lines_max` gives an evenly spaced run of its first, middle and last thirds.
pub fn load(folder: &Path, lines_max: usize, order: Order) -> Corpus {
    let mut names: Vec<_> = fs::read_dir(folder)
        .expect("the folder of lines must be readable")
        .map(|entry| entry.expect("a readable entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
        .collect();
    names.sort();
    let mut sources = Vec::new();
    let mut keyed: Vec<(f64, Record)> = Vec::new();
    for path in names {
        let bytes = fs::read(&path).expect("a readable file");
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        let kept = thirds(&lines, lines_max);
        let number = u16::try_from(sources.len()).expect("few sources");
        let count = kept.len();
        let mut bytes_kept = 0;
        let mut distinct = HashedSet::default();
        let (mut json, mut logfmt) = (0, 0);
        for (i, line) in kept.into_iter().enumerate() {
            let text = clean(line);
            bytes_kept += text.len();
            distinct.insert(xxh3_64(text.as_bytes()));
            json += usize::from(splitter::is_json(&text));
            logfmt += usize::from(splitter::is_logfmt(&text));
            keyed.push(((i as f64 + 0.5) / count as f64, Record { source: number, text: text.into() }));
        }
        sources.push(Source {
            name: path.file_stem().expect("a name").to_string_lossy().into_owned(),
            lines_found: lines.len(),
            lines_kept: count,
            lines_distinct: distinct.len(),
            json,
            logfmt,
            bytes_kept,
        });
    }
    if order == Order::Mixed {
        keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    Corpus { sources, records: keyed.into_iter().map(|(_, record)| record).collect() }
}

fn thirds<'a>(lines: &[&'a str], lines_max: usize) -> Vec<&'a str> {
    if lines.len() <= lines_max {
        return lines.to_vec();
    }
    let third = lines_max / 3;
    let middle = lines.len() / 2;
    let mut kept = lines[..third].to_vec();
    kept.extend_from_slice(&lines[middle..middle + third]);
    kept.extend_from_slice(&lines[lines.len() - third..]);
    kept
}

fn clean(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut characters = line.chars().peekable();
    while let Some(c) = characters.next() {
        if c == '\u{1b}' && characters.peek() == Some(&'[') {
            for d in characters.by_ref().skip(1) {
                if d.is_ascii_alphabetic() {
                    break;
                }
            }
            continue;
        }
        if c == '\0' {
            continue;
        }
        if text.len() + 4 > LINE_BYTES_MAX {
            break;
        }
        text.push(c);
    }
    text.truncate(text.trim_end().len());
    text
}

/// Drops a leading date and time, as a logging library's own exporter would (it sends the time as a field).
pub fn without_leading_time(text: &str) -> &str {
    let bytes = text.as_bytes();
    let mut end = 0;
    let mut digits = 0;
    while end < bytes.len() && end < 40 {
        let c = bytes[end];
        let letter_of_time = matches!(c, b'T' | b'Z') && end > 0 && bytes[end - 1].is_ascii_digit();
        if c.is_ascii_digit() {
            digits += 1;
        } else if !(letter_of_time || matches!(c, b'-' | b':' | b'.' | b',' | b'/' | b' ' | b'+' | b'[' | b']')) {
            break;
        }
        end += 1;
    }
    if digits < 10 {
        return text;
    }
    text[end..].trim_start()
}
