//! Asks a running collector what it holds: searches to the last page, and the loss ledger.
//!
//! Start at [`search_all`] and [`ledger_at_rest`].

use crate::http_client::{HttpConnection, percent_encoded};
use crate::outrigger_process::NETWORK_DEADLINE;
use serde_json::Value;
use std::io;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

/// Records asked for at a time: the most that the API gives.
const PAGE_RECORDS: usize = 5_000;
/// Pause between two looks at a ledger whose records are still on their way.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// What a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The records as the API shows them, newest first.
    pub records: Vec<Value>,
    /// Why the answer is not whole, when it is not.
    pub cut_short: Option<String>,
}

/// Searches all of the last 30 days and follows the cursor to the last page.
///
/// Fails when an answer is not 200, or when a page brings nothing new.
pub fn search_all(web: SocketAddr, query: &str) -> io::Result<Found> {
    let mut connection = HttpConnection::connect(web, NETWORK_DEADLINE)?;
    let mut found = Found { records: Vec::new(), cut_short: None };
    let mut cursor: Option<String> = None;
    loop {
        let mut target = format!("/api/v1/logs/search?since=30d&limit={PAGE_RECORDS}&q={}", percent_encoded(query));
        if let Some(cursor) = &cursor {
            target.push_str("&cursor=");
            target.push_str(&percent_encoded(cursor));
        }
        let answer = connection.request("GET", &target, &[], &[])?;
        if answer.status != 200 {
            return Err(io::Error::other(format!("search answered {}: {}", answer.status, answer.text())));
        }
        let mut page = answer.json()?;
        if let Some(reason) = page["cut_short"].as_str() {
            found.cut_short = Some(reason.to_owned());
        }
        let Value::Array(records) = page["records"].take() else {
            return Err(io::Error::other("the answer has no list of records"));
        };
        let next = page["next"].as_str().map(str::to_owned);
        if next.is_some() && (next == cursor || records.is_empty()) {
            return Err(io::Error::other("the cursor stands still"));
        }
        found.records.extend(records);
        match next {
            Some(next) => cursor = Some(next),
            None => return Ok(found),
        }
    }
}

/// One account of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerAccount {
    /// Whose records.
    pub tenant: String,
    /// Which signal.
    pub signal: String,
    /// Records in acknowledged requests.
    pub received: u64,
    /// Records that can be searched.
    pub stored: u64,
    /// Records the sender was told are not taken, over all reasons.
    pub rejected: u64,
    /// Records lost after a yes, over all reasons.
    pub dropped: u64,
    /// Records on their way.
    pub in_flight: u64,
    /// Requests turned away whole, over all reasons.
    pub refused_requests: u64,
}

impl LedgerAccount {
    /// True when received = stored + rejected + dropped + in_flight.
    pub fn is_balanced(&self) -> bool {
        self.received == self.stored + self.rejected + self.dropped + self.in_flight
    }
}

/// The ledger as it is at this moment, as the holder of `token` sees it.
pub fn ledger(web: SocketAddr, token: Option<&str>) -> io::Result<Vec<LedgerAccount>> {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let headers: Vec<(&str, &str)> = bearer.iter().map(|bearer| ("authorization", bearer.as_str())).collect();
    let mut connection = HttpConnection::connect(web, NETWORK_DEADLINE)?;
    let answer = connection.request("GET", "/api/v1/ingest", &headers, &[])?;
    if answer.status != 200 {
        return Err(io::Error::other(format!("the ledger answered {}: {}", answer.status, answer.text())));
    }
    let page = answer.json()?;
    let accounts = page["accounts"].as_array().ok_or_else(|| io::Error::other("the ledger has no accounts"))?;
    accounts.iter().map(account).collect()
}

/// Waits until nothing is in flight for `tenant`, and fails when the equation does not hold in any account at any look.
///
/// A tenant that never sent anything has no account; that is an empty one.
pub fn ledger_at_rest(web: SocketAddr, tenant: &str, deadline: Duration) -> io::Result<LedgerAccount> {
    ledger_at_rest_as(web, None, tenant, deadline)
}

/// The same, asked with `token`.
pub fn ledger_at_rest_as(
    web: SocketAddr,
    token: Option<&str>,
    tenant: &str,
    deadline: Duration,
) -> io::Result<LedgerAccount> {
    let begun = Instant::now();
    loop {
        let accounts = ledger(web, token)?;
        if let Some(broken) = accounts.iter().find(|account| !account.is_balanced()) {
            return Err(io::Error::other(format!("the ledger's equation does not hold: {broken:?}")));
        }
        let own = accounts.into_iter().find(|account| account.tenant == tenant && account.signal == "logs");
        let own = own.unwrap_or_else(|| LedgerAccount::empty(tenant));
        if own.in_flight == 0 {
            return Ok(own);
        }
        if begun.elapsed() > deadline {
            return Err(io::Error::other(format!("records are still in flight after {deadline:?}: {own:?}")));
        }
        thread::sleep(LOOK_INTERVAL);
    }
}

impl LedgerAccount {
    fn empty(tenant: &str) -> LedgerAccount {
        LedgerAccount {
            tenant: tenant.to_owned(),
            signal: "logs".to_owned(),
            received: 0,
            stored: 0,
            rejected: 0,
            dropped: 0,
            in_flight: 0,
            refused_requests: 0,
        }
    }
}

fn account(json: &Value) -> io::Result<LedgerAccount> {
    Ok(LedgerAccount {
        tenant: text(json, "tenant")?,
        signal: text(json, "signal")?,
        received: number(json, "received")?,
        stored: number(json, "stored")?,
        rejected: sum(json, "rejected", Value::as_u64)?,
        dropped: sum(json, "dropped", Value::as_u64)?,
        in_flight: number(json, "in_flight")?,
        refused_requests: sum(json, "refused", |refused| refused["requests"].as_u64())?,
    })
}

fn text(json: &Value, key: &str) -> io::Result<String> {
    json[key].as_str().map(str::to_owned).ok_or_else(|| missing(key, json))
}

fn number(json: &Value, key: &str) -> io::Result<u64> {
    json[key].as_u64().ok_or_else(|| missing(key, json))
}

fn sum(json: &Value, key: &str, count: impl Fn(&Value) -> Option<u64>) -> io::Result<u64> {
    let reasons = json[key].as_object().ok_or_else(|| missing(key, json))?;
    let mut sum = 0;
    for value in reasons.values() {
        sum += count(value).ok_or_else(|| missing(key, json))?;
    }
    Ok(sum)
}

fn missing(key: &str, json: &Value) -> io::Error {
    io::Error::other(format!("the ledger's account has no proper {key:?}: {json}"))
}
