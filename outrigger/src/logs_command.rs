//! `outrigger logs`: search and follow logs in a terminal.
//!
//! It is a client of the collector's HTTP API like any other; it reads no data directory.

pub(crate) mod client;
mod events;
pub(crate) mod explain;
mod export;
pub(crate) mod follow;
pub(crate) mod nothing;
pub(crate) mod view;

use crate::connection::ConnectionArgs;
use crate::failure::Failure;
use client::{ApiClient, Page, SearchCall};
use std::io::{self, IsTerminal, Write};
use std::time::Duration;
use view::{Palette, View};

/// How often `--follow` asks whether the collector has read back its log.
const REPLAY_INTERVAL: Duration = Duration::from_millis(500);
/// Records asked for in one call; more come page by page.
const PAGE_RECORDS_MAX: usize = 5_000;
/// Records that are printed when nobody says how many.
const LIMIT_DEFAULT: usize = 100;
/// Widths below this are not worth fitting to.
const COLUMNS_MIN: usize = 40;
/// Columns when the terminal does not say.
const COLUMNS_DEFAULT: usize = 100;

/// Search logs, oldest of the newest first; `-f` goes on with what arrives.
#[derive(Debug, clap::Args)]
pub(crate) struct LogsArgs {
    /// The question, for example: 'timeout service:checkout level>=warn'. Empty = every record. One that begins with a minus
    /// stands behind '--', so that a mistyped option is never taken for it
    #[arg(default_value = "")]
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
    /// Most records to print before following, where 0 prints only what arrives; 100 without it, and with --format all
    #[arg(short = 'n', long)]
    limit: Option<usize>,
    /// Print the records as JSON, one a line, as the API gives them
    #[arg(long)]
    json: bool,
    /// Write everything that matches, newest first, for programs: nothing is cut and nothing made harmless for a terminal
    #[arg(long, value_enum, conflicts_with_all = ["follow", "json"])]
    format: Option<export::Format>,
    /// The columns of --format csv, with commas between them: time,level,user
    #[arg(long, requires = "format")]
    columns: Option<String>,
    /// Tell what was passed over and what was read for the answer
    #[arg(long, conflicts_with = "format")]
    explain: bool,
    #[command(flatten)]
    connection: ConnectionArgs,
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
    if let Some(format) = args.format {
        return export::run(&args, format).await;
    }
    refuse_no_records(&args)?;
    let limit = args.limit.unwrap_or(LIMIT_DEFAULT);
    let connection = args.connection.resolve();
    let client = ApiClient::new(&connection)?;
    let mut out = Printer { view: view_for(&args), as_json: args.json };
    let mut page = fetch(&client, &args, limit).await?;
    if args.follow && follow::is_replaying(&page) {
        note("following begins when the collector has read back its log after a restart");
        while follow::is_replaying(&page) {
            tokio::time::sleep(REPLAY_INTERVAL).await;
            page = fetch(&client, &args, limit).await?;
        }
    }
    if out.print(page.records.iter().rev())?.is_gone() {
        return Ok(());
    }
    if let Some(reason) = &page.cut_short {
        note(&follow::cut_short_text(reason));
    } else if page.records.is_empty() && limit > 0 {
        eprint!("{}", nothing::told(page.nothing.as_ref()));
    }
    if let Some(explained) = &page.explain {
        eprint!("{}", explain::told(explained, page.scanned, page.took_ms));
    }
    if !args.follow {
        return Ok(());
    }
    follow::run(&args, &connection, page.newest_sequence, &mut out).await
}

/// None before following is all that is new; none at all is nothing to ask for.
fn refuse_no_records(args: &LogsArgs) -> Result<(), Failure> {
    if args.limit != Some(0) || args.follow {
        return Ok(());
    }
    Err(Failure::usage(
        "--limit 0 prints nothing: give 1 or more, or add --follow for what arrives from here on; how many records match \
         is told by `outrigger query '... | stats count()'`"
            .to_owned(),
    ))
}

/// Asks page by page until `limit` records are there or no more are. What is said of the store is what the first page
/// said: whatever came in between is found by who asks for what came after.
async fn fetch(client: &ApiClient, args: &LogsArgs, limit: usize) -> Result<Page, Failure> {
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
            is_explained: args.explain,
            // Only a question that was asked from its beginning can have found nothing.
            is_asked_why: cursor.is_none() && limit > 0,
        };
        let mut page = client.search(&call).await?;
        page.records.truncate(left);
        if cursor.is_none() {
            whole.newest_sequence = page.newest_sequence;
            whole.nothing = page.nothing.take();
        }
        let stands_still = page.next.is_some() && page.next == cursor;
        whole.records.extend(page.records);
        whole.cut_short = whole.cut_short.take().or(page.cut_short);
        whole.next = page.next.clone();
        whole.scanned += page.scanned;
        whole.took_ms += page.took_ms;
        whole.explain = explain::sum(whole.explain.take(), page.explain.take());
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
