use super::*;

const TENANT: TenantId = TenantId(7);

fn view(ledger: &Ledger) -> AccountView {
    ledger.view().remove(&(TENANT, Signal::Logs)).unwrap()
}

#[test]
fn every_received_record_is_in_exactly_one_place() {
    let ledger = Ledger::new();
    ledger.acknowledge(TENANT, Signal::Logs, 10, &["too_old", "too_old", "trace_id"].into_iter().collect());
    assert!(view(&ledger).is_balanced());
    assert_eq!(view(&ledger).in_flight, 7);
    ledger.store(TENANT, Signal::Logs, 5);
    ledger.drop_records(TENANT, Signal::Logs, 2, DropReason::Undecodable);
    let account = view(&ledger);
    assert!(account.is_balanced());
    assert_eq!((account.stored, account.in_flight), (5, 0));
    assert_eq!(account.rejected["too_old"], 2);
    assert_eq!(account.dropped["undecodable"], 2);
}

#[test]
fn a_record_stored_twice_shows_as_an_unbalanced_account() {
    let ledger = Ledger::new();
    ledger.acknowledge(TENANT, Signal::Logs, 1, &RejectedSums::default());
    ledger.store(TENANT, Signal::Logs, 1);
    ledger.store(TENANT, Signal::Logs, 1);
    assert!(!view(&ledger).is_balanced());
}

#[test]
fn a_refused_request_stands_beside_the_equation() {
    let ledger = Ledger::new();
    ledger.refuse(TENANT, Signal::Logs, 500, RefuseReason::Memory);
    let account = view(&ledger);
    assert_eq!(account.refused["memory"], Refused { requests: 1, bytes: 500 });
    assert_eq!(account.received, 0);
    assert!(account.is_balanced());
}

#[test]
fn bytes_that_a_stranger_claims_never_break_the_books() {
    let ledger = Ledger::new();
    for claimed in [18_446_744_073_709_551_613, 18_446_744_073_709_551_613, 1] {
        ledger.refuse(TENANT, Signal::Logs, claimed, RefuseReason::TooLarge);
    }
    assert_eq!(view(&ledger).refused["too_large"], Refused { requests: 3, bytes: u64::MAX });
}
