//! `GET /api/v1/ingest`: the loss ledger.

use crate::error::ApiError;
use crate::routes::{Access, ApiState};
use axum::Json;
use axum::extract::State;
use ingest::AccountView;
use log_store::PartStats;
use serde::Serialize;
use service::Scope;
use std::collections::BTreeMap;

/// What came in and where it is: received = stored + rejected + dropped + in_flight in every account.
#[derive(Debug, Serialize)]
pub(crate) struct IngestPage {
    accounts: Vec<Account>,
    log: LogState,
    parts: PartsState,
    replay: Replay,
}

#[derive(Debug, Serialize)]
struct Account {
    tenant: String,
    signal: &'static str,
    received: u64,
    stored: u64,
    rejected: BTreeMap<&'static str, u64>,
    dropped: BTreeMap<&'static str, u64>,
    in_flight: u64,
    /// Whole requests turned away; their senders still have them.
    refused: BTreeMap<&'static str, Refused>,
    is_balanced: bool,
}

#[derive(Debug, Serialize)]
struct Refused {
    requests: u64,
    bytes: u64,
}

/// The write-ahead log of the signal.
#[derive(Debug, Serialize)]
struct LogState {
    state: &'static str,
    used_bytes: u64,
    limit_bytes: u64,
    syncs: u64,
    failures: u64,
    lost_entries: u64,
    quarantined_bytes: u64,
}

/// The parts on disk.
#[derive(Debug, Serialize)]
struct PartsState {
    parts: u64,
    records: u64,
    bytes: u64,
    quarantined: u64,
    damaged_indexes: u64,
    /// Deleted records that are still to be removed.
    hidden_records: u64,
    /// At the present rate; null when nobody knows.
    bytes_per_day: Option<f64>,
    /// Until there is no room; null when old parts go by age before that, or nobody knows.
    days_left: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Replay {
    is_replaying: bool,
    position: u64,
    end: u64,
}

/// Shows the caller's tenant; all tenants to a caller with scope admin.
pub(crate) async fn show(State(state): State<ApiState>, access: Access) -> Result<Json<IngestPage>, ApiError> {
    access.require(Scope::Query)?;
    let own = state.ingest.tenants().find(access.tenant());
    let sees_all = access.allows(Scope::Admin);
    let mut accounts = Vec::new();
    for ((tenant, signal), view) in state.ingest.ledger().view() {
        if !sees_all && Some(tenant) != own {
            continue;
        }
        let name = state.ingest.tenants().name_of(tenant).map_or_else(|| tenant.to_string(), |name| name.to_string());
        accounts.push(account(name, signal.name(), view));
    }
    let log = state.ingest.log_view();
    let (position, end) = state.ingest.replay_progress();
    Ok(Json(IngestPage {
        accounts,
        log: LogState {
            state: log.condition,
            used_bytes: log.used_bytes,
            limit_bytes: log.limit_bytes,
            syncs: log.syncs,
            failures: log.failures,
            lost_entries: log.lost_entries,
            quarantined_bytes: log.quarantined_bytes,
        },
        parts: parts_state(&state),
        replay: Replay { is_replaying: state.store.is_replaying(), position, end },
    }))
}

fn parts_state(state: &ApiState) -> PartsState {
    let PartStats { parts, records, file_bytes, quarantined, hidden_records, damaged_indexes } =
        state.store.part_stats();
    let left = state.retention.and_then(|retention| state.store.days_left(retention, state.clock.now()));
    PartsState {
        parts,
        records,
        bytes: file_bytes,
        quarantined,
        damaged_indexes,
        hidden_records,
        bytes_per_day: left.map(|left| left.bytes_per_day),
        days_left: left.and_then(|left| left.days),
    }
}

fn account(tenant: String, signal: &'static str, view: AccountView) -> Account {
    let is_balanced = view.is_balanced();
    let refused = view
        .refused
        .into_iter()
        .map(|(reason, refused)| (reason, Refused { requests: refused.requests, bytes: refused.bytes }))
        .collect();
    Account {
        tenant,
        signal,
        received: view.received,
        stored: view.stored,
        rejected: view.rejected,
        dropped: view.dropped,
        in_flight: view.in_flight,
        refused,
        is_balanced,
    }
}
