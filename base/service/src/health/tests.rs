//! Alive and ready are two questions.

use http_body_util::BodyExt;

use super::*;

#[tokio::test]
async fn readiness_names_what_is_waited_for() {
    let health = Health::new();
    assert_eq!(health.answer("/readyz").unwrap().status(), StatusCode::OK);
    health.wait_for("replay", "reading the log: 3 of 9 segments");
    let answer = health.clone().answer("/readyz").unwrap();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers()[header::RETRY_AFTER], "1");
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["waiting_for"]["replay"], "reading the log: 3 of 9 segments");
    assert_eq!(health.answer("/healthz").unwrap().status(), StatusCode::OK, "who waits is alive");
    health.ready("replay");
    assert!(health.is_ready());
    assert!(health.answer("/other").is_none());
}
