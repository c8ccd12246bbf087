//! `outrigger delete logs`: records that match go for good.
//!
//! It is a client of the collector's HTTP API like any other. Nothing goes without `--yes`.

use crate::connection::ConnectionArgs;
use crate::failure::Failure;
use crate::logs_command::client::ApiClient;
use crate::logs_command::follow;
use serde_json::{Value, json};

/// Delete the log records that match a query.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["dry_run", "yes"]))]
pub(crate) struct DeleteLogsArgs {
    /// Which records, as in a search: 'user_id:4711'. '*' stands for all of them. One that begins with a minus stands behind
    /// '--', so that a mistyped option is never taken for it
    query: String,
    /// Only records of the last 15m, 6h, 7d; without it and --start and --end, records of all times
    #[arg(long, conflicts_with_all = ["start", "end"])]
    since: Option<String>,
    /// First moment inside: RFC 3339 or -2h
    #[arg(long, allow_hyphen_values = true)]
    start: Option<String>,
    /// First moment outside
    #[arg(long, allow_hyphen_values = true)]
    end: Option<String>,
    /// Only count what would be deleted
    #[arg(long)]
    dry_run: bool,
    /// Delete; there is no way back
    #[arg(long)]
    yes: bool,
    /// When there are too many for one delete, go on step by step until all are deleted
    #[arg(long, requires = "yes")]
    in_steps: bool,
    #[command(flatten)]
    connection: ConnectionArgs,
}

/// Deletes, or counts, and prints how many.
pub(crate) async fn logs(args: DeleteLogsArgs) -> Result<(), Failure> {
    let client = ApiClient::of(&args.connection.resolve(), "/api/v1/logs/delete")?;
    let body = body_of(&args);
    let mut total = 0;
    loop {
        let answer = client.ask(&body, &args.query).await?;
        if args.dry_run {
            return crate::print(&counted(&answer)?);
        }
        let deleted = answer["deleted"].as_u64().unwrap_or(0);
        total += deleted;
        match is_whole(&answer) {
            true => return crate::print(&format!("{total} records deleted\n")),
            // Nothing more comes of asking again.
            false if deleted == 0 => {
                let reason = answer["cut_short"].as_str().map_or_else(String::new, follow::cut_short_text);
                return Err(Failure::unavailable(format!("{total} records deleted, and not all: {reason}")));
            }
            false => eprintln!("note: {total} records deleted so far"),
        }
    }
}

fn is_whole(answer: &Value) -> bool {
    answer["has_more"] != true && answer["cut_short"].is_null()
}

fn body_of(args: &DeleteLogsArgs) -> Value {
    let mut body = json!({ "q": args.query, "dry_run": args.dry_run, "partial": args.in_steps });
    for (key, value) in [("since", &args.since), ("start", &args.start), ("end", &args.end)] {
        if let Some(value) = value {
            body[key] = json!(value);
        }
    }
    body
}

/// What a delete would do. An answer that is not whole is a failure: its number is too low.
fn counted(answer: &Value) -> Result<String, Failure> {
    let matched = answer["matched"].as_u64().unwrap_or(0);
    if let Some(reason) = answer["cut_short"].as_str() {
        let text = format!("at least {matched} records match: {}", follow::cut_short_text(reason));
        return Err(Failure::unavailable(text));
    }
    let span = match (answer["oldest"].as_str(), answer["newest"].as_str()) {
        (Some(oldest), Some(newest)) => format!(", from {oldest} to {newest}"),
        _ => String::new(),
    };
    Ok(format!("{matched} records match{span}; nothing was deleted\n"))
}

#[cfg(test)]
mod tests;
