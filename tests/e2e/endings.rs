//! How an end-to-end test begins to wait and how it ends.

use std::time::Duration;
use testkit::api_client::{LedgerAccount, ledger_at_rest, search_all};
use testkit::outrigger_process::OutriggerProcess;
use tests::oracle::{Kept, check_kept};
use tests::senders::SentRequest;

/// Longest wait for something that a collector does in well under a second, on a machine that does other work too.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until nothing is in flight and checks the ledger's equation on the way.
#[track_caller]
pub(crate) fn balanced(process: &OutriggerProcess) -> LedgerAccount {
    ledger_at_rest(process.web, "default", PATIENCE).unwrap_or_else(|error| panic!("{error}\n{}", process.printed()))
}

/// Checks that the collector kept its word about `history`, once it has replayed its log, and that its ledger counts
/// what is there.
#[track_caller]
pub(crate) fn kept_whole(process: &mut OutriggerProcess, history: &[SentRequest]) -> Kept {
    let kept = kept(process, history);
    assert!(kept.is_whole(), "{kept}\n{}", process.printed());
    kept
}

/// Compares what the collector holds with `history`.
#[track_caller]
pub(crate) fn kept(process: &mut OutriggerProcess, history: &[SentRequest]) -> Kept {
    process.wait_replayed(PATIENCE).unwrap_or_else(|error| panic!("{error}"));
    let account = balanced(process);
    let found = search_all(process.web, "").unwrap_or_else(|error| panic!("{error}\n{}", process.printed()));
    assert_eq!(found.cut_short, None);
    assert_eq!(account.stored, found.records.len() as u64, "the ledger counts what a search finds: {account:?}");
    check_kept(history, &found.records)
}

/// Checks the ledger, asks the process to stop, and expects a clean end.
#[track_caller]
pub(crate) fn stopped_cleanly(process: OutriggerProcess) {
    balanced(&process);
    let status = process.terminate(PATIENCE).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(status.code(), Some(0), "{status}");
}
