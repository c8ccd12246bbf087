//! `-f`: what arrives, from the collector's live tail.
//!
//! Always true: a record is printed once, whatever its time, and what was in the store when following began never is. A
//! stream that breaks off is opened again behind the last record that came; what the collector left out is told.

use super::client::{ApiClient, Page, encoded};
use super::events::{Event, Events};
use super::{LogsArgs, Printer, note, view};
use crate::connection::Connection;
use crate::failure::Failure;
use http_body_util::BodyExt;
use serde_json::Value;
use std::time::Duration;

/// Between two tries to open the stream again.
const PAUSE: Duration = Duration::from_millis(500);
/// Tries before it is given up: half a minute, in which a collector has restarted.
const TRIES_MAX: u32 = 60;

/// How far was followed.
#[derive(Debug, Default)]
struct Follower {
    /// The `id` of the last event; `None` before anything was stored.
    after: Option<String>,
}

/// What an event asks for.
#[derive(Debug, Default, PartialEq)]
struct Told {
    record: Option<Value>,
    note: Option<String>,
}

/// Prints what arrives behind a sequence until nobody reads it any more.
pub(super) async fn run(
    args: &LogsArgs,
    connection: &Connection,
    after: Option<u64>,
    out: &mut Printer,
) -> Result<(), Failure> {
    let mut follower = Follower { after: after.map(|after| after.to_string()) };
    let mut tries = 0;
    loop {
        let path = follower.path(&args.query);
        let opened = match ApiClient::of(connection, &path) {
            Ok(client) => client.open(&args.query).await,
            Err(failure) => Err(failure),
        };
        let mut body = match opened {
            Ok(body) => body,
            // The first time it is an answer; later the collector may be restarting, or the files be changed.
            Err(failure) if tries == 0 || tries >= TRIES_MAX || failure.is_of_credential => return Err(failure),
            Err(_) => {
                tries += 1;
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        tries = 1;
        let mut events = Events::default();
        while let Some(Ok(frame)) = body.frame().await {
            let Some(bytes) = frame.data_ref() else { continue };
            let Some(arrived) = events.take(bytes) else {
                return Err(Failure::unavailable("the collector sent an event without end".to_owned()));
            };
            for event in arrived {
                let told = follower.take(event);
                if let Some(text) = &told.note {
                    note(text);
                }
                if out.print(told.record.iter())?.is_gone() {
                    return Ok(());
                }
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

impl Follower {
    /// Where the stream is that goes on from here.
    fn path(&self, query: &str) -> String {
        let after = self.after.as_deref().unwrap_or("start");
        format!("/api/v1/logs/tail?q={}&after={after}", encoded(query))
    }

    fn take(&mut self, event: Event) -> Told {
        if let Some(id) = event.id.filter(|id| id.bytes().all(|byte| byte.is_ascii_digit())) {
            self.after = Some(id);
        }
        let data = || serde_json::from_str::<Value>(&event.data).unwrap_or_default();
        match event.name.as_str() {
            "message" if !event.data.is_empty() => Told { record: Some(data()), note: None },
            "missed" => {
                let note = match data()["records"].as_u64() {
                    Some(records) => format!(
                        "{records} records are not shown: more arrives than can be read; narrow the terms, or search for them"
                    ),
                    None => {
                        "records are not shown: more arrives than can be looked through; narrow the terms".to_owned()
                    }
                };
                Told { record: None, note: Some(note) }
            }
            "end" => {
                let text = match data()["reason"].as_str() {
                    Some("revoked") => "the collector no longer permits this with this token",
                    Some(_) | None => "the collector is stopping; waiting for it to come back",
                };
                Told { record: None, note: Some(text.to_owned()) }
            }
            _ => Told::default(),
        }
    }
}

pub(super) fn is_replaying(page: &Page) -> bool {
    page.cut_short.as_deref() == Some("replaying")
}

/// What an incomplete answer lacks, and what helps.
pub(crate) fn cut_short_text(reason: &str) -> String {
    let advice = match reason {
        "replaying" => "the collector is still reading its log after a restart; ask again in a moment",
        "deadline" | "memory" => "the question is too wide; narrow the time or the terms",
        "revoked" => "the collector no longer permits it with this token",
        "damaged" => {
            "the disk does not give all of it back, and the log of the collector names the files; `outrigger data rebuild-index` \
             mends an index, a backup has the records"
        }
        _ => "ask again",
    };
    format!("the answer is not whole ({}): {advice}", view::escaped(reason))
}

#[cfg(test)]
mod tests;
