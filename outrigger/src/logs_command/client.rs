//! The part of the collector's HTTP API that the command line uses.

mod tls_advice;

use crate::connection::{Connection, URL_DEFAULT};
use crate::failure::Failure;
use bytes::Bytes;
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Largest answer that is read: 5,000 records of 64 KiB are beyond any use in a terminal.
const ANSWER_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Longer than a query may run at the server, so that its own answer arrives first.
const ANSWER_DEADLINE: Duration = Duration::from_secs(60);

/// A connection to one collector.
pub(crate) struct ApiClient {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    url: Uri,
    token: Option<Token>,
}

/// What is asked with.
struct Token {
    text: String,
    /// Where it was read from.
    file: PathBuf,
}

/// One question.
pub(crate) struct SearchCall<'a> {
    pub(crate) query: &'a str,
    pub(crate) since: Option<&'a str>,
    pub(crate) start: Option<&'a str>,
    pub(crate) end: Option<&'a str>,
    pub(crate) limit: usize,
    pub(crate) cursor: Option<&'a str>,
    pub(crate) is_explained: bool,
    pub(crate) is_asked_why: bool,
}

/// Records, newest first.
#[derive(Default)]
pub(crate) struct Page {
    pub(crate) records: Vec<Value>,
    pub(crate) next: Option<String>,
    pub(crate) cut_short: Option<String>,
    /// How far the collector's store went when it was asked; `None` when it holds nothing, or reads it back yet.
    pub(crate) newest_sequence: Option<u64>,
    pub(crate) scanned: u64,
    pub(crate) took_ms: f64,
    /// What was passed over and read, when that was asked.
    pub(crate) explain: Option<Value>,
    /// Why nothing was found.
    pub(crate) nothing: Option<Value>,
}

/// A text as it stands in the query of a URL.
pub(crate) fn encoded(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    text.bytes()
        .map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
pub(crate) fn sequence_of(record: &Value) -> u64 {
    record["sequence"].as_str().and_then(|text| text.parse().ok()).unwrap_or(0)
}

impl ApiClient {
    /// A client of the search.
    pub(crate) fn new(connection: &Connection) -> Result<ApiClient, Failure> {
        ApiClient::of(connection, "/api/v1/logs/search")
    }

    /// A client of one path of the API.
    pub(crate) fn of(connection: &Connection, path: &str) -> Result<ApiClient, Failure> {
        let given = &connection.url;
        let no_url =
            || Failure::usage(format!("{given:?} is no URL; examples: {URL_DEFAULT}, https://collector.example:7070"));
        let url: Uri = format!("{}{path}", given.trim_end_matches('/')).parse().map_err(|_| no_url())?;
        // It would be sent to nobody, and shown in messages.
        if url.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(Failure::usage(
                "a URL takes no user and no password; a token goes into a file: --token-file".to_owned(),
            ));
        }
        let tls = match url.scheme_str() {
            Some("https") => connection.tls()?,
            // Never used: who speaks no TLS need have no authorities.
            Some("http") => {
                connection.refuse_tls_options()?;
                ClientConfig::builder().with_root_certificates(RootCertStore::empty()).with_no_client_auth()
            }
            Some(_) | None => return Err(no_url()),
        };
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
        let token = connection.token_file.as_deref().map(read_token).transpose()?;
        Ok(ApiClient { client: Client::builder(TokioExecutor::new()).build(connector), url, token })
    }

    pub(crate) async fn search(&self, call: &SearchCall<'_>) -> Result<Page, Failure> {
        let mut body = json!({ "q": call.query, "limit": call.limit });
        for (key, value) in [("since", call.since), ("start", call.start), ("end", call.end), ("cursor", call.cursor)] {
            if let Some(value) = value {
                body[key] = json!(value);
            }
        }
        for (key, flag) in [("explain", call.is_explained), ("why", call.is_asked_why)] {
            if flag {
                body[key] = json!(true);
            }
        }
        self.ask(&body, call.query).await.map(page_of)
    }

    /// Sends parameters, and gives the answer when it is one.
    pub(crate) async fn ask(&self, body: &Value, query: &str) -> Result<Value, Failure> {
        let mut request = Request::post(self.url.clone()).header(header::CONTENT_TYPE, "application/json");
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", token.text));
        }
        let request = request
            .body(Full::new(Bytes::from(body.to_string())))
            .map_err(|error| Failure::usage(format!("the request cannot be built: {error}")))?;
        let (status, answer) = tokio::time::timeout(ANSWER_DEADLINE, self.send(request))
            .await
            .map_err(|_| Failure::unavailable(format!("no answer from {} in {ANSWER_DEADLINE:?}", self.url)))??;
        if status != StatusCode::OK {
            return Err(self.refusal(status, &answer, query));
        }
        Ok(answer)
    }

    /// Opens an answer that comes piece by piece.
    pub(crate) async fn open(&self, query: &str) -> Result<Incoming, Failure> {
        let mut request = Request::get(self.url.clone());
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", token.text));
        }
        let request = request
            .body(Full::new(Bytes::new()))
            .map_err(|error| Failure::usage(format!("the request cannot be built: {error}")))?;
        let response = tokio::time::timeout(ANSWER_DEADLINE, self.client.request(request))
            .await
            .map_err(|_| Failure::unavailable(format!("no answer from {} in {ANSWER_DEADLINE:?}", self.url)))?
            .map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        if status == StatusCode::OK {
            return Ok(response.into_body());
        }
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|error| Failure::unavailable(format!("the answer broke off: {error}")))?;
        Err(self.refusal(status, &serde_json::from_slice(&body.to_bytes()).unwrap_or_default(), query))
    }

    /// What is told of an answer that is none: in the words of this command, not of the API, where they differ.
    fn refusal(&self, status: StatusCode, answer: &Value, query: &str) -> Failure {
        let host = self.url.authority().map_or("", |authority| authority.as_str());
        if is_of_otlp(answer) {
            return Failure::usage(format!(
                "{host} takes OTLP and answers no searches ({})\n  searches are answered where the collector has \
                 collector.http.listen, 127.0.0.1:7070 unless configured: --url {}://127.0.0.1:7070, or OUTRIGGER_URL",
                status.as_u16(),
                self.url.scheme_str().unwrap_or("http")
            ));
        }
        if status == StatusCode::UNAUTHORIZED {
            return Failure::credential(match &self.token {
                None => format!(
                    "{host} wants a token (401)\n  name a file that holds one with --token-file FILE, or in \
                     OUTRIGGER_TOKEN_FILE; `outrigger token new NAME --scope query` makes one"
                ),
                Some(Token { file, .. }) => format!(
                    "{host} does not know the token in {} (401)\n  its hash must stand in the file that \
                     security.token_file names at the collector",
                    file.display()
                ),
            });
        }
        refusal(status, answer, query)
    }

    fn unreachable(&self, error: &hyper_util::client::legacy::Error) -> Failure {
        let host = self.url.authority().map_or("", |authority| authority.as_str());
        let cause = first_cause(error);
        let is_http = self.url.scheme_str() == Some("http");
        let advice = match tls_advice::of(error) {
            Some(advice) => advice,
            None if error.is_connect() && !is_broken_off(cause) => {
                return Failure::unavailable(format!(
                    "no collector answers at {host}: {cause}\n  start one with `outrigger`, or name another with --url"
                ));
            }
            None if is_http && is_no_http(error) => "if it speaks TLS there, the URL begins with https://",
            None => "ask again, or name another collector with --url",
        };
        Failure::unavailable(format!("cannot talk to {host}: {cause}\n  {advice}"))
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<(StatusCode, Value), Failure> {
        let host = self.url.authority().map_or("", |authority| authority.as_str());
        let response = self.client.request(request).await.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|error| Failure::unavailable(format!("the answer of {host} broke off: {error}")))?;
        let answer = serde_json::from_slice(&body.to_bytes()).map_err(|_| {
            Failure::unavailable(format!(
                "{host} answered {status} with something that is not JSON; is it a collector?"
            ))
        })?;
        Ok((status, answer))
    }
}

/// What it all began with: `connection refused` says more than `connect error`.
fn first_cause<'e>(error: &'e (dyn std::error::Error + 'static)) -> &'e (dyn std::error::Error + 'static) {
    let mut first = error;
    while let Some(cause) = first.source() {
        first = cause;
    }
    first
}

/// Whether the other side was there, and hung up.
fn is_broken_off(cause: &(dyn std::error::Error + 'static)) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    let kind = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
    matches!(kind, Some(BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof))
}

/// Whether what came was no answer by HTTP at all.
fn is_no_http(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    std::iter::from_fn(|| {
        let this = next?;
        next = this.source();
        Some(this)
    })
    .any(|error| error.downcast_ref().is_some_and(hyper::Error::is_parse))
}

fn read_token(path: &Path) -> Result<Token, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("cannot read the token file {}: {error}", path.display())))?;
    let text = text.trim();
    // Most often it is the collector's own file, which holds hashes.
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Failure::usage(format!(
            "{} holds no token: a token is one word, as `outrigger token new NAME --scope query > FILE` writes it",
            path.display()
        )));
    }
    Ok(Token { text: text.to_owned(), file: path.to_owned() })
}

/// The OTLP ports answer in the form of a gRPC status.
fn is_of_otlp(answer: &Value) -> bool {
    answer["code"].is_u64() && answer["message"].is_string() && answer["error"].is_null()
}

fn page_of(mut answer: Value) -> Page {
    let records = match answer["records"].take() {
        Value::Array(records) => records,
        _ => Vec::new(),
    };
    let newest_sequence = answer["newest_sequence"].as_str().and_then(|text| text.parse().ok());
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let whole = |value: Value| Some(value).filter(|value| !value.is_null());
    Page {
        next: text(&answer["next"]),
        cut_short: text(&answer["cut_short"]),
        newest_sequence,
        scanned: answer["scanned"].as_u64().unwrap_or(0),
        took_ms: answer["took_ms"].as_f64().unwrap_or(0.0),
        explain: whole(answer["explain"].take()),
        nothing: whole(answer["nothing"].take()),
        records,
    }
}

/// Puts a mark under the place in the query that the collector names.
fn refusal(status: StatusCode, answer: &Value, query: &str) -> Failure {
    let error = &answer["error"];
    let message = error["message"].as_str().unwrap_or("no reason given");
    let mut text = format!("the collector says {}: {}", status.as_u16(), super::view::escaped(message));
    let place = |key: &str| error["span"][key].as_u64().and_then(|at| usize::try_from(at).ok());
    if let (Some(start), Some(end)) = (place("start"), place("end")) {
        text.push_str(&marked(query, start, end));
    }
    if let Some(suggestion) = error["suggestion"].as_str() {
        text.push_str(&format!("\n  did you mean: {}", super::view::escaped(suggestion)));
    }
    match status {
        StatusCode::FORBIDDEN => Failure::credential(text),
        _ if status.is_client_error() => Failure::usage(text),
        _ => Failure::unavailable(text),
    }
}

fn marked(query: &str, start: usize, end: usize) -> String {
    let (Some(before), Some(inside)) = (query.get(..start), query.get(start..end)) else { return String::new() };
    let columns = |text: &str| super::view::columns_of(&super::view::escaped(text));
    let mark = "^".repeat(columns(inside).max(1));
    format!("\n  {}\n  {:indent$}{mark}", super::view::escaped(query), "", indent = columns(before))
}

#[cfg(test)]
mod tests;
