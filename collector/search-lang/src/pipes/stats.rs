//! `| stats count(), p95(duration) as slow by service, 1m`: figures over groups.
//!
//! ```text
//! stats    = figure { "," figure } [ "by" group { "," group } ]
//! figure   = function "(" [ arguments ] ")" [ "as" name ]
//! group    = name | duration
//! ```

use super::words;
use crate::error::SearchLangError;
use crate::nearest::nearest;
use crate::scanner::Scanner;
use crate::time::duration;
use model::{Field, Literal, Pipe, StatColumn, StatFunction, StatGroup};
use std::time::Duration;

pub(super) fn stats(scanner: &mut Scanner<'_>) -> Result<Pipe, SearchLangError> {
    let columns = words::list(scanner, column)?;
    let mut has_step = false;
    let groups = match words::take_keyword(scanner, "by") {
        true => words::list(scanner, |scanner| group(scanner, &mut has_step))?,
        false => Vec::new(),
    };
    Ok(Pipe::Stats { columns, groups })
}

/// `median` and `p95` are other names of a quantile.
const FUNCTIONS: &[&str] =
    &["count", "count_distinct", "sum", "avg", "min", "max", "quantile", "p50", "p95", "p99", "median", "rate"];

fn column(scanner: &mut Scanner<'_>) -> Result<StatColumn, SearchLangError> {
    let start = scanner.at();
    let name = words::word(scanner);
    if !FUNCTIONS.contains(&name) {
        scanner.return_to(start);
        let message = format!("a figure reads count() or sum(bytes); there are {}", FUNCTIONS.join(", "));
        let mistake = words::missing(scanner, &message);
        return Err(match nearest(name, FUNCTIONS) {
            Some(known) => mistake.suggest(known),
            None => mistake,
        });
    }
    if !words::take(scanner, "(") {
        let message = format!("{name} is followed by parentheses: {}", usage(name));
        return Err(SearchLangError::new(start..scanner.at(), message).suggest(usage(name)));
    }
    let function = function(scanner, name)?;
    if !words::take(scanner, ")") {
        return Err(words::missing(scanner, &format!("a parenthesis is missing here: {}", usage(name))));
    }
    let name = match words::take_keyword(scanner, "as") {
        true => Some(column_name(scanner)?),
        false => None,
    };
    Ok(StatColumn { function, name })
}

fn function(scanner: &mut Scanner<'_>, name: &str) -> Result<StatFunction, SearchLangError> {
    scanner.skip_white_space();
    let is_empty = scanner.peek() == Some(')');
    Ok(match name {
        "count" if is_empty => StatFunction::Count(None),
        "rate" => StatFunction::Rate,
        "count" => StatFunction::Count(Some(argument(scanner, name)?)),
        "count_distinct" => StatFunction::CountDistinct(argument(scanner, name)?),
        "sum" => StatFunction::Sum(argument(scanner, name)?),
        "avg" => StatFunction::Average(argument(scanner, name)?),
        "min" => StatFunction::Min(argument(scanner, name)?),
        "max" => StatFunction::Max(argument(scanner, name)?),
        "p50" | "median" => StatFunction::Quantile { share: 0.5, field: argument(scanner, name)? },
        "p95" => StatFunction::Quantile { share: 0.95, field: argument(scanner, name)? },
        "p99" => StatFunction::Quantile { share: 0.99, field: argument(scanner, name)? },
        _ => {
            let share = share(scanner)?;
            if !words::take(scanner, ",") {
                return Err(words::missing(scanner, &format!("a comma is missing here: {}", usage(name))));
            }
            StatFunction::Quantile { share, field: argument(scanner, name)? }
        }
    })
}

fn usage(function: &str) -> String {
    match function {
        "count" | "rate" => format!("{function}()"),
        "quantile" => "quantile(0.95, bytes)".to_owned(),
        _ => format!("{function}(bytes)"),
    }
}

fn argument(scanner: &mut Scanner<'_>, function: &str) -> Result<Field, SearchLangError> {
    words::name(scanner, &format!("a field's name is missing here: {}", usage(function)))
}

/// A number from 0 to 1.
fn share(scanner: &mut Scanner<'_>) -> Result<f64, SearchLangError> {
    scanner.skip_white_space();
    let span = words::span_of_next(scanner);
    let number = match Literal::number(scanner.rest().get(..span.len()).unwrap_or_default()) {
        Some(Literal::Number(number)) => Some(number),
        Some(Literal::Int(0)) => Some(0.0),
        Some(Literal::Int(1)) => Some(1.0),
        _ => None,
    };
    match number.filter(|number| (0.0..=1.0).contains(number)) {
        Some(number) => {
            scanner.advance(span.len());
            // Minus zero is zero.
            Ok(number.abs())
        }
        None => Err(SearchLangError::new(span, "a quantile is a number from 0 to 1, as in quantile(0.95, bytes)")),
    }
}

/// The name of a column: what is a field's name is also one of these.
fn column_name(scanner: &mut Scanner<'_>) -> Result<Box<str>, SearchLangError> {
    let what = "as is followed by a name";
    scanner.skip_white_space();
    let start = scanner.at();
    match words::name(scanner, what)? {
        Field::Attribute(name) if !name.is_empty() => Ok(name),
        _ => {
            let message = "this name is a field of the record; in quotes it is the column's";
            Err(SearchLangError::new(start..scanner.at(), message).suggest(crate::scanner::quote(scanner.since(start))))
        }
    }
}

fn group(scanner: &mut Scanner<'_>, has_step: &mut bool) -> Result<StatGroup, SearchLangError> {
    if !scanner.peek().is_some_and(|next| next.is_ascii_digit()) {
        let what = "by is followed by names of fields and at most one step of time, as in by service, 1m";
        return words::name(scanner, what).map(StatGroup::Field);
    }
    let span = words::span_of_next(scanner);
    if std::mem::replace(has_step, true) {
        return Err(SearchLangError::new(span, "time is parted in steps of one width only"));
    }
    match duration(scanner.rest().get(..span.len()).unwrap_or_default()).filter(|step| *step > Duration::ZERO) {
        Some(step) => {
            scanner.advance(span.len());
            Ok(StatGroup::TimeBucket(step))
        }
        None => Err(SearchLangError::new(span, "a step of time reads 1m, 30s or 1h30m").suggest("1m")),
    }
}
