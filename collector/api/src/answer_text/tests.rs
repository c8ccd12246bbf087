use super::*;
use basics::Clock;
use http_body_util::BodyExt;
use service::SystemClock;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const CHUNK: u64 = CHUNK_BYTES as u64;

fn guard(is_cancelled: &Arc<AtomicBool>) -> QueryGuard {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let memory = MemoryBudget::new(0);
    QueryGuard::new(clock.clone(), clock.monotonic() + Duration::from_secs(60), is_cancelled.clone(), memory)
}

#[tokio::test]
async fn a_text_is_charged_until_the_last_holder_of_its_bytes_lets_go() {
    let memory = MemoryBudget::new(10 * CHUNK);
    let guard = guard(&Arc::default());
    let mut text = AnswerText::new(memory.clone(), &guard);
    let line = vec![b'x'; CHUNK_BYTES / 2 + 1];
    for _ in 0..4 {
        text.piece(|text| text.write_all(&line)).unwrap();
    }
    assert_eq!(memory.used_bytes(), 3 * CHUNK);
    let mut body = text.into_body(String::new());
    assert_eq!(http_body::Body::size_hint(&body).exact(), Some(line.len() as u64 * 4));
    let mut sent = Vec::new();
    while let Some(frame) = body.frame().await {
        sent.push(frame.unwrap().into_data().unwrap());
    }
    drop(body);
    assert_eq!(memory.used_bytes(), 3 * CHUNK, "the body is gone, its bytes are still being written");
    assert_eq!(sent.concat(), vec![b'x'; line.len() * 4]);
    sent.truncate(2);
    assert_eq!(memory.used_bytes(), 2 * CHUNK);
    drop(sent);
    assert_eq!(memory.used_bytes(), 0);
}

#[tokio::test]
async fn a_piece_that_does_not_fit_leaves_no_trace() {
    let memory = MemoryBudget::new(2 * CHUNK);
    let guard = guard(&Arc::default());
    let mut text = AnswerText::new(memory.clone(), &guard);
    text.piece(|text| text.write_all(b"[")).unwrap();
    let long = vec![b'x'; CHUNK_BYTES * 2];
    assert_eq!(text.piece(|text| text.write_all(&long)), Err(Stopped::Memory));
    assert_eq!(memory.used_bytes(), CHUNK);
    assert_eq!(text.into_body("]".to_owned()).collect().await.unwrap().to_bytes(), "[]");
}

#[test]
fn nothing_is_written_for_a_caller_who_has_gone() {
    let is_cancelled = Arc::new(AtomicBool::new(false));
    let guard = guard(&is_cancelled);
    let mut text = AnswerText::new(MemoryBudget::new(u64::MAX), &guard);
    text.piece(|text| text.write_all(b"x")).unwrap();
    is_cancelled.store(true, Ordering::Release);
    assert_eq!(text.piece(|text| text.write_all(b"x")), Err(Stopped::Cancelled));
    // Also within one long piece, at the border of a chunk.
    is_cancelled.store(false, Ordering::Release);
    let result = text.piece(|text| {
        is_cancelled.store(true, Ordering::Release);
        text.write_all(&vec![b'x'; CHUNK_BYTES * 2])
    });
    assert_eq!(result, Err(Stopped::Cancelled));
}
