//! `outrigger logs`: search and follow logs in a terminal.
//!
//! It is a client of the collector's HTTP API like any other; it reads no data directory.

pub(crate) mod client;
pub(crate) mod follow;
pub(crate) mod view;

use crate::failure::Failure;
use client::{ApiClient, Page, SearchCall};
use follow::Follower;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;
use view::{Palette, View};

/// How often `--follow` asks for what is new. Records are searchable within a tenth of a second of their ack.
const FOLLOW_INTERVAL: Duration = Duration::from_millis(500);
/// Records asked for in one call; more come page by page.
const PAGE_RECORDS_MAX: usize = 5_000;
/// Most records that one round of following takes; more in half a second is more than anybody reads.
const FOLLOW_RECORDS_MAX: usize = 50_000;
/// Widths below this are not worth fitting to.
const COLUMNS_MIN: usize = 40;
/// Columns when the terminal does not say.
const COLUMNS_DEFAULT: usize = 100;

/// Search logs, oldest of the newest first; `-f` goes on with what arrives.
#[derive(Debug, clap::Args)]
pub(crate) struct LogsArgs {
    /// The question, for example: 'timeout service:checkout level>=warn'. Empty = every record
    #[arg(default_value = "", allow_hyphen_values = true)]
    query: String,
    /// Go on printing records as they arrive
    #[arg(short, long)]
    follow: bool,
    /// How far back to look, for example 15m, 6h, 7d
    #[arg(long, default_value = "1h", conflicts_with_all = ["start", "end"])]
    since: String,
    /// First moment to look at: RFC 3339 or -2h
    #[arg(long, allow_hyphen_values = true)]
    start: Option<String>,
    /// First moment not to look at
    #[arg(long, allow_hyphen_values = true)]
    end: Option<String>,
    /// Most records to print before following
    #[arg(short = 'n', long, default_value_t = 100)]
    limit: usize,
    /// Print the records as JSON, one a line, as the API gives them
    #[arg(long)]
    json: bool,
    /// Where the collector's HTTP API is
    #[arg(long, env = "OUTRIGGER_URL", default_value = "http://127.0.0.1:7070")]
    url: String,
    /// A file that holds the token to ask with
    #[arg(long, env = "OUTRIGGER_TOKEN_FILE")]
    token_file: Option<PathBuf>,
    /// When to colour
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    color: Color,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    Always,
    Never,
}

/// Runs the command to its end, or until the reader of its output has gone.
pub(crate) async fn run(args: LogsArgs) -> Result<(), Failure> {
    let client = ApiClient::new(&args.url, args.token_file.as_deref())?;
    let mut out = Printer { view: view_for(&args), as_json: args.json };
    let mut page = fetch(&client, &args, None, args.limit).await?;
    if args.follow && follow::is_replaying(&page) {
        note("following begins when the collector has read back its log after a restart");
        while follow::is_replaying(&page) {
            tokio::time::sleep(FOLLOW_INTERVAL).await;
            page = fetch(&client, &args, None, args.limit).await?;
        }
    }
    if out.print(page.records.iter().rev())?.is_gone() {
        return Ok(());
    }
    if let Some(reason) = &page.cut_short {
        note(&follow::cut_short_text(reason));
    } else if page.records.is_empty() && args.limit > 0 {
        eprintln!("no records found; widen --since, or see what came in at /api/v1/ingest");
    }
    if !args.follow {
        return Ok(());
    }
    let mut follower = Follower::behind(&page);
    loop {
        tokio::time::sleep(FOLLOW_INTERVAL).await;
        let round = fetch(&client, &args, follower.after(), FOLLOW_RECORDS_MAX).await?;
        let arrived = follower.take(round);
        if let Some(text) = &arrived.note {
            note(text);
        }
        if out.print(arrived.records.iter())?.is_gone() {
            return Ok(());
        }
    }
}

/// Asks page by page until `limit` records are there or no more are. What is said of the store is what the first page
/// said: whatever came in between is found by who asks for what came after.
async fn fetch(client: &ApiClient, args: &LogsArgs, after: Option<u64>, limit: usize) -> Result<Page, Failure> {
    let mut whole = Page::default();
    let mut cursor: Option<String> = None;
    loop {
        let left = limit - whole.records.len();
        let call = SearchCall {
            query: &args.query,
            since: (args.start.is_none() && args.end.is_none()).then_some(args.since.as_str()),
            start: args.start.as_deref(),
            end: args.end.as_deref(),
            // Whoever wants no record still wants to know how far the store goes.
            limit: left.clamp(1, PAGE_RECORDS_MAX),
            cursor: cursor.as_deref(),
            after,
        };
        let mut page = client.search(&call).await?;
        page.records.truncate(left);
        if cursor.is_none() {
            whole.newest_sequence = page.newest_sequence;
        }
        let stands_still = page.next.is_some() && page.next == cursor;
        whole.records.extend(page.records);
        whole.cut_short = whole.cut_short.take().or(page.cut_short);
        whole.next = page.next.clone();
        cursor = page.next;
        if cursor.is_none() || stands_still || whole.records.len() >= limit {
            return Ok(whole);
        }
    }
}

/// Says something on the error stream, so that pipes get records only.
pub(crate) fn note(text: &str) {
    eprintln!("note: {text}");
}

fn view_for(args: &LogsArgs) -> View {
    let is_terminal = io::stdout().is_terminal();
    let has_color = match args.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => is_terminal && std::env::var_os("NO_COLOR").is_none(),
    };
    let columns = is_terminal.then(terminal_columns);
    View { palette: if has_color { Palette::Ansi } else { Palette::Plain }, columns }
}

/// The width of the terminal that the output is.
pub(crate) fn terminal_columns() -> usize {
    let columns = rustix::termios::tcgetwinsize(io::stdout()).map_or(0, |size| usize::from(size.ws_col));
    if columns >= COLUMNS_MIN { columns } else { COLUMNS_DEFAULT }
}

struct Printer {
    view: View,
    as_json: bool,
}

/// Whether somebody still reads what is printed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    Present,
    Gone,
}

impl Reader {
    fn is_gone(self) -> bool {
        self == Reader::Gone
    }
}

impl Printer {
    fn print<'a>(&mut self, records: impl Iterator<Item = &'a serde_json::Value>) -> Result<Reader, Failure> {
        let mut text = String::new();
        for record in records {
            if self.as_json {
                // JSON escapes control characters below space itself; the others are made harmless on a terminal.
                text.push_str(&view::json_line(record, self.view.columns.is_some()));
            } else {
                self.view.render(record, &mut text);
            }
        }
        let mut stdout = io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Ok(()) => Ok(Reader::Present),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Reader::Gone),
            Err(error) => Err(Failure::unavailable(format!("cannot write to the output: {error}"))),
        }
    }
}

#[cfg(test)]
mod tests;
