//! What guessing costs, and whom.

use std::net::Ipv4Addr;

use super::*;

fn peer(number: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + number))
}

#[test]
fn ten_failures_a_minute_are_free_and_each_further_one_waits() {
    let failures = Failures::default();
    let now = Instant::now();
    let waits: Vec<bool> = (0..12).map(|_| failures.note(peer(1), now)).collect();
    assert_eq!(waits.iter().filter(|waits| !**waits).count(), 10);
    assert!(waits[10] && waits[11]);
    assert!(!failures.note(peer(2), now), "another peer does not pay for it");
    assert!(failures.note(peer(1), now + WINDOW - Duration::from_secs(1)));
    assert!(!failures.note(peer(1), now + WINDOW), "a minute later all is forgotten");
}

#[test]
fn a_million_peers_take_bounded_memory_and_push_out_the_oldest() {
    let failures = Failures::default();
    let now = Instant::now();
    for _ in 0..11 {
        failures.note(peer(0), now);
    }
    let later = now + Duration::from_secs(1);
    for number in 1..20_000 {
        failures.note(peer(number), later);
    }
    assert_eq!(failures.by_peer.lock().unwrap().len(), FAILING_PEERS_MAX);
    assert!(!failures.note(peer(0), later), "the oldest was forgotten");
    let after = later + WINDOW;
    failures.note(peer(50_000), after);
    assert_eq!(failures.by_peer.lock().unwrap().len(), 1, "windows that are over make room first");
}

#[tokio::test]
async fn the_answer_to_a_guesser_is_late_and_others_are_answered_at_once() {
    let failures = Failures::default();
    for _ in 0..FREE_FAILURES_PER_MINUTE {
        failures.delay(peer(1)).await;
    }
    let moment = Duration::from_millis(20);
    assert!(tokio::time::timeout(moment, failures.delay(peer(1))).await.is_err(), "waits");
    assert!(tokio::time::timeout(moment, failures.delay(peer(2))).await.is_ok(), "does not");
    assert_eq!(failures.waiting.load(Ordering::Relaxed), 0, "who hangs up leaves no place taken");
}

#[tokio::test]
async fn more_guessers_than_may_wait_are_answered_at_once() {
    let failures = Failures::default();
    for _ in 0..FREE_FAILURES_PER_MINUTE {
        failures.delay(peer(1)).await;
    }
    failures.waiting.store(DELAYED_FAILURES_MAX, Ordering::Relaxed);
    assert!(tokio::time::timeout(Duration::from_millis(20), failures.delay(peer(1))).await.is_ok());
}
