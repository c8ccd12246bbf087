use super::*;
use basics::{Clock, MemoryBudget, TenantId, Timestamp};
use http_body_util::BodyExt;
use log_store::LogStore;
use model::Filter;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

struct StandingClock;

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        Timestamp(0)
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

/// The text of an answer about no records.
async fn answered(query: &str, as_ndjson: bool) -> String {
    let memory = MemoryBudget::new(1 << 20);
    let guard =
        QueryGuard::new(Arc::new(StandingClock), Duration::MAX, Arc::new(AtomicBool::new(false)), memory.clone());
    let (filter, pipes) = search_lang::parse_pipeline(query, Timestamp(0)).unwrap();
    assert_eq!(filter, Filter::All);
    let range = model::TimeRange::ALL;
    let request = PipelineRequest { filter, pipes, range, rows_max: 10, now: Timestamp(0) };
    let answer = query::pipeline(&LogStore::new().snapshot(TenantId(0)), &request, &guard).unwrap();
    let text = AnswerText::new(memory, &guard);
    let answered = Answered { answer, nothing: None };
    let response = render_answer(answered, Form { as_ndjson, is_explained: false }, text, || Duration::ZERO).unwrap();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn tables_and_records_are_json_and_lines_of_json() {
    let summary = r#""cut_short":null,"has_more":false,"matched":0,"scanned":0,"took_ms":0.0}"#;
    let table = answered("| stats count() as n", false).await;
    assert_eq!(table, format!("{{\"columns\":[\"n\"],\"rows\":[[0]],{summary}"));
    let lines = answered("| stats count() as n", true).await;
    assert_eq!(lines, format!("{{\"columns\":[\"n\"]}}\n[0]\n{{\"summary\":{{{summary}}}\n"));
    assert_eq!(answered("| limit 5", false).await, format!("{{\"records\":[],{summary}"));
    assert_eq!(answered("| limit 5", true).await, format!("{{\"summary\":{{{summary}}}\n"));
}

#[test]
fn the_number_of_rows_is_bounded() {
    assert_eq!(parse_rows(None).unwrap(), 1_000);
    assert_eq!(parse_rows(Some("10000")).unwrap(), 10_000);
    for wrong in ["0", "10001", "x"] {
        assert!(parse_rows(Some(wrong)).is_err(), "{wrong}");
    }
}
