//! A store that is behind slows its senders, and turns them away before memory is full.

use super::harness::{Harness, PROTOBUF, Setup, encoded_request, record};
use crate::caretaker::Sealing;
use serde_json::json;
use std::time::Duration;

/// Smaller than any head with a record in it.
const SMALL: u64 = 1;

async fn send(house: &Harness, body: &str) -> super::harness::Answer {
    house.post(&[("content-type", PROTOBUF)], encoded_request(vec![record(body)])).await
}

/// A house whose first head waits to be sealed, and whose next one is full.
async fn behind() -> Harness {
    let sealing = Sealing { head_bytes: SMALL, ..Sealing::default() };
    let house = Harness::open(Setup { sealing, ..Setup::default() });
    assert_eq!(send(&house, "first").await.status, 200);
    house.wait_until_stored().await;
    assert_eq!(send(&house, "a full head alone holds nobody back").await.status, 200);
    house.wait_until_stored().await;
    house.freeze();
    assert_eq!(send(&house, "nor does one that is being sealed").await.status, 200);
    house.wait_until_stored().await;
    house
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_waits_while_one_head_is_sealed_and_the_next_is_full() {
    let house = behind().await;
    let sealed_later = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        house.seal();
    };
    let (answer, ()) = tokio::join!(send(&house, "waited"), sealed_later);
    assert_eq!(answer.status, 200);
    assert_eq!(house.found("waited").await, ["waited"]);
    assert_eq!(house.account().await["refused"], json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_waited_in_vain_is_turned_away_with_a_hint_and_counted() {
    let house = behind().await;
    let answer = send(&house, "too much").await;
    assert_eq!(answer.status, 503);
    assert!(answer.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 1);
    let answer = house.export(&encoded_request(vec![record("too much")]), None).await;
    assert_eq!(answer.headers["grpc-status"], "14");
    assert!(answer.headers.contains_key("grpc-status-details-bin"), "a hint when to come back");
    assert_eq!(house.account().await["refused"]["store_busy"]["requests"], 2);
    house.seal();
    assert_eq!(send(&house, "room again").await.status, 200);
    assert_eq!(house.found("much").await, Vec::<String>::new());
}
