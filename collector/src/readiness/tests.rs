use super::*;
use crate::whole_body::json_of;

fn facts(waiting: &[(&str, &str)]) -> Facts {
    Facts {
        waiting: waiting.iter().map(|(part, reason)| ((*part).to_owned(), (*reason).to_owned())).collect(),
        is_replaying: true,
        replayed_entries: 40,
        replay_entries: 100,
    }
}

#[test]
fn a_collector_is_ready_while_it_replays_and_shows_how_far_it_is() {
    let response = answer(&facts(&[]));
    assert_eq!(response.status(), 200);
    let want = json!({
        "status": "ready",
        "replay": { "is_replaying": true, "replayed_entries": 40, "entries": 100 },
    });
    assert_eq!(json_of(response), want);
}

#[test]
fn whoever_waits_hears_for_what_and_when_to_ask_again() {
    let response = answer(&facts(&[("collector", "stopping"), ("wal", "disk_full: no room")]));
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers().get(RETRY_AFTER).unwrap(), "1");
    let body = json_of(response);
    assert_eq!(body["waiting_for"], json!({ "collector": "stopping", "wal": "disk_full: no room" }));
    assert_eq!(body["replay"]["entries"], 100);
}
