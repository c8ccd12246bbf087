//! What waits, what is sent together, and what is dropped.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::*;

/// Short enough for a test, long enough to be noticed.
const DELAY: Duration = Duration::from_millis(40);

type Sent = Arc<Mutex<Vec<Vec<u32>>>>;

/// Drains into a list of batches.
fn drain(inbox: Inbox<u32>) -> (Sent, impl Future<Output = ()>) {
    let sent = Sent::default();
    let into = Arc::clone(&sent);
    let task = inbox.drain(DELAY, move |batch| {
        into.lock().unwrap().push(batch);
        async {}
    });
    (sent, task)
}

#[test]
fn a_full_queue_drops_and_counts_and_never_waits() {
    let dropped = Counter::default();
    let (outbox, _inbox) = outbox(3, dropped.clone());
    for number in 0..10_u32 {
        outbox.put(number);
    }
    assert_eq!(dropped.get(), 7);
}

#[tokio::test]
async fn what_comes_together_is_sent_together() {
    let (outbox, inbox) = outbox(4_096, Counter::default());
    let (sent, task) = drain(inbox);
    for number in 0..600_u32 {
        outbox.put(number);
    }
    drop(outbox);
    task.await;
    let sizes: Vec<usize> = sent.lock().unwrap().iter().map(Vec::len).collect();
    assert_eq!(sizes, [EXPORT_BATCH_MAX, 600 - EXPORT_BATCH_MAX]);
    assert_eq!(sent.lock().unwrap().concat(), (0..600).collect::<Vec<_>>(), "in order");
}

#[tokio::test]
async fn a_lonely_report_waits_a_moment_and_no_longer() {
    let (outbox, inbox) = outbox(16, Counter::default());
    let (sent, task) = drain(inbox);
    let mut task = Box::pin(task);
    outbox.put(1);
    assert!(tokio::time::timeout(DELAY / 2, &mut task).await.is_err());
    assert!(sent.lock().unwrap().is_empty());
    assert!(tokio::time::timeout(DELAY, &mut task).await.is_err());
    assert_eq!(*sent.lock().unwrap(), [[1]]);
}

#[tokio::test]
async fn a_flush_is_answered_when_what_came_before_is_sent() {
    let (outbox, inbox) = outbox(16, Counter::default());
    let (sent, task) = drain(inbox);
    outbox.put(1);
    outbox.put(2);
    let started = Instant::now();
    tokio::select! {
        () = outbox.flush() => {}
        () = task => panic!("the outbox is still there"),
    }
    assert_eq!(*sent.lock().unwrap(), [[1, 2]]);
    assert!(started.elapsed() < DELAY, "without the wait for company");
}

#[tokio::test]
async fn a_flush_does_not_wait_for_an_exporter_that_is_gone() {
    let (outbox, inbox) = outbox::<u32>(16, Counter::default());
    drop(inbox);
    outbox.flush().await;
}
