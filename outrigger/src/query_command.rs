//! `outrigger query`: a search with pipes, answered as a table or as records.
//!
//! It is a client of the collector's HTTP API like any other. Everything a sender wrote is made harmless before it is
//! printed, as in `outrigger logs`.

use crate::connection::ConnectionArgs;
use crate::failure::Failure;
use crate::logs_command::client::ApiClient;
use crate::logs_command::view::{Palette, View, columns_of, escaped, fitted, json_line};
use crate::logs_command::{explain, follow, note, nothing, terminal_columns};
use serde_json::{Map, Value, json};
use std::io::{self, IsTerminal, Write};

/// Narrowest that a column of a table becomes to fit the terminal.
const CELL_COLUMNS_MIN: usize = 8;
/// Where the table is not for a terminal, the cells of a column are filled up to the widest of them, and to this at most: one
/// cell may have a million characters.
const ALIGNED_COLUMNS_MAX: usize = 256;
/// Between two columns.
const GAP_COLUMNS: usize = 2;

/// Ask with pipes: 'level>=warn | stats count() as n by service | sort by n desc'.
#[derive(Debug, clap::Args)]
pub(crate) struct QueryArgs {
    /// The question and its pipes; docs/search.md lists them. One that begins with a minus stands behind '--', so that a
    /// mistyped option is never taken for it
    query: String,
    /// How far back to look, for example 15m, 6h, 7d
    #[arg(long, default_value = "1h", conflicts_with_all = ["start", "end"])]
    since: String,
    /// First moment to look at: RFC 3339 or -2h
    #[arg(long, allow_hyphen_values = true)]
    start: Option<String>,
    /// First moment not to look at
    #[arg(long, allow_hyphen_values = true)]
    end: Option<String>,
    /// Most rows to print
    #[arg(short = 'n', long)]
    limit: Option<usize>,
    /// Print each row as a JSON object, one a line
    #[arg(long)]
    json: bool,
    /// Tell what was passed over and what was read for the answer
    #[arg(long)]
    explain: bool,
    #[command(flatten)]
    connection: ConnectionArgs,
}

/// Asks once and prints the answer.
pub(crate) async fn run(args: QueryArgs) -> Result<(), Failure> {
    let client = ApiClient::of(&args.connection.resolve(), "/api/v1/logs/query")?;
    let mut body = json!({ "q": args.query, "why": true });
    let since = Some(&args.since).filter(|_| args.start.is_none() && args.end.is_none());
    for (key, value) in [("since", since), ("start", args.start.as_ref()), ("end", args.end.as_ref())] {
        if let Some(value) = value {
            body[key] = json!(value);
        }
    }
    if let Some(limit) = args.limit {
        body["limit"] = json!(limit.to_string());
    }
    if args.explain {
        body["explain"] = json!(true);
    }
    let answer = client.ask(&body, &args.query).await?;
    let columns = io::stdout().is_terminal().then(terminal_columns);
    let text = if args.json { json_lines(&answer, columns.is_some()) } else { shown(&answer, columns) };
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            return Err(Failure::unavailable(format!("cannot write to the output: {error}")));
        }
        Ok(()) | Err(_) => {}
    }
    if let Some(reason) = answer["cut_short"].as_str() {
        note(&follow::cut_short_text(reason));
    }
    if answer["nothing"].is_object() {
        eprint!("{}", why_nothing(&answer["nothing"]));
    } else if answer["cut_short"].is_null()
        && [list(&answer, "rows"), list(&answer, "records")].iter().all(|rows| rows.is_empty())
    {
        note("there are no rows");
    }
    if answer["explain"].is_object() {
        let (scanned, took_ms) = (answer["scanned"].as_u64(), answer["took_ms"].as_f64());
        eprint!("{}", explain::told(&answer["explain"], scanned.unwrap_or(0), took_ms.unwrap_or(0.0)));
    }
    if answer["has_more"] == true || answer["next"].is_string() {
        note("there are more rows; ask for them with --limit");
    }
    Ok(())
}

/// Why nothing stands where something was asked for: the query found nothing, or no record has a field of the pipes.
fn why_nothing(why: &Value) -> String {
    let is_of_query = !list(why, "conditions").is_empty();
    match nothing::unknown_fields(why) {
        Some(text) if !is_of_query => format!("note: {text}\n"),
        Some(_) | None => nothing::told(Some(why)),
    }
}

/// Rows of a table as objects, records as the API gives them.
fn json_lines(answer: &Value, is_for_terminal: bool) -> String {
    let names: Vec<&str> = list(answer, "columns").iter().filter_map(Value::as_str).collect();
    let rows = list(answer, "rows").iter().filter_map(Value::as_array).map(|row| {
        let entries = names.iter().zip(row).map(|(name, value)| ((*name).to_owned(), value.clone()));
        Value::Object(entries.collect::<Map<String, Value>>())
    });
    let records = list(answer, "records").iter().cloned();
    rows.chain(records).map(|row| json_line(&row, is_for_terminal)).collect()
}

fn list<'a>(answer: &'a Value, key: &str) -> &'a [Value] {
    answer[key].as_array().map_or(&[], Vec::as_slice)
}

/// For people: a table, or a record a line.
fn shown(answer: &Value, columns: Option<usize>) -> String {
    if answer["columns"].is_array() {
        return table(answer, columns);
    }
    let view = View { palette: Palette::Plain, columns };
    let mut out = String::new();
    for record in list(answer, "records") {
        let mut record = record.clone();
        // What pipes made stands where the attributes do, and before one of the same name.
        if let Some(Value::Object(fields)) = record.get_mut("fields").map(Value::take) {
            match record.get_mut("attributes") {
                Some(Value::Object(attributes)) => attributes.extend(fields),
                _ => record["attributes"] = Value::Object(fields),
            }
        }
        view.render(&record, &mut out);
    }
    out
}

fn table(answer: &Value, columns: Option<usize>) -> String {
    let header: Vec<String> = list(answer, "columns").iter().map(cell_text).collect();
    let rows: Vec<&Vec<Value>> = list(answer, "rows").iter().filter_map(Value::as_array).collect();
    let texts: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(cell_text).collect()).collect();
    let mut widths: Vec<usize> = header.iter().map(|text| columns_of(text)).collect();
    for row in &texts {
        for (width, text) in widths.iter_mut().zip(row) {
            *width = (*width).max(columns_of(text));
        }
    }
    match columns {
        Some(columns) => fit(&mut widths, columns),
        // Cells that are wider stand out, and nothing is cut.
        None => widths.iter_mut().for_each(|width| *width = (*width).min(ALIGNED_COLUMNS_MAX)),
    }
    let are_numbers: Vec<bool> = (0..header.len())
        .map(|place| {
            let cells = || rows.iter().filter_map(|row| row.get(place)).filter(|cell| !cell.is_null());
            cells().next().is_some() && cells().all(Value::is_number)
        })
        .collect();
    let mut out = String::new();
    for row in std::iter::once(&header).chain(&texts) {
        let mut line = String::new();
        for (place, (text, width)) in row.iter().zip(&widths).enumerate() {
            if place > 0 {
                line.push_str(&" ".repeat(GAP_COLUMNS));
            }
            if are_numbers[place] && columns_of(text) <= *width {
                line.push_str(&" ".repeat(width - columns_of(text)));
                line.push_str(text);
            } else if columns.is_none() && columns_of(text) > *width {
                line.push_str(text);
            } else {
                line.push_str(&fitted(text, *width));
            }
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// Takes from the widest columns until the table fits, or all are as narrow as may be.
fn fit(widths: &mut [usize], columns: usize) {
    let gaps = GAP_COLUMNS * widths.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > columns {
        match widths.iter_mut().max() {
            Some(widest) if *widest > CELL_COLUMNS_MIN => *widest -= 1,
            _ => return,
        }
    }
}

/// A cell without anything that could command the terminal.
fn cell_text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => escaped(text),
        other => escaped(&other.to_string()),
    }
}

#[cfg(test)]
mod tests;
