//! Records are deleted through the API: gone from every answer at once, for good, and only those.

use super::harness::{Harness, JSON, PROTOBUF, TokenHolder, caller, encoded, encoded_request, post, record};
use serde_json::{Value, json};
use service::{Caller, Scope};

const FORM: &str = "application/x-www-form-urlencoded";
const DELETE: &str = "/api/v1/logs/delete";

async fn send_as(house: &Harness, caller: Caller, bodies: &[&str]) {
    let records = bodies.iter().map(|body| record(body)).collect();
    let request = post("/v1/logs", &[("content-type", PROTOBUF)], encoded_request(records));
    assert_eq!(house.otlp_as(Some(caller), request).await.status, 200);
    house.wait_until_stored().await;
}

async fn delete(house: &Harness, body: &Value) -> Value {
    let (status, answer) = house.post_as(caller(), DELETE, JSON, body.to_string()).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

/// How many records a question finds, by every road to an answer.
async fn counts(house: &Harness, question: &str) -> [u64; 4] {
    let question = encoded(question);
    let (_, search) = house.get(&format!("/api/v1/logs/search?start=0&q={question}")).await;
    let (_, follow) = house.get(&format!("/api/v1/logs/search?start=0&after=0&q={question}")).await;
    let (_, bars) = house.get(&format!("/api/v1/logs/histogram?since=1h&q={question}")).await;
    let pipe = encoded(" | stats count() as n");
    let (_, table) = house.get(&format!("/api/v1/logs/query?start=0&q={question}{pipe}")).await;
    let listed = |answer: &Value| answer["records"].as_array().unwrap().len() as u64;
    [listed(&search), listed(&follow), bars["matched"].as_u64().unwrap(), table["rows"][0][0].as_u64().unwrap()]
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_records_are_in_no_answer_in_head_and_parts_and_after_a_kill() {
    let house = Harness::start();
    send_as(&house, caller(), &["anna logs in", "bob logs in", "anna logs out"]).await;
    assert!(house.store().freeze());
    house.store().seal().unwrap();
    send_as(&house, caller(), &["anna is back", "bob is back"]).await;
    let counted = delete(&house, &json!({ "q": "anna", "dry_run": true })).await;
    assert_eq!((&counted["matched"], &counted["deleted"]), (&json!(3), &json!(0)));
    assert_eq!(counts(&house, "anna").await, [3; 4]);
    let deleted = delete(&house, &json!({ "q": "anna" })).await;
    assert_eq!(
        (&deleted["deleted"], &deleted["has_more"], &deleted["cut_short"]),
        (&json!(3), &json!(false), &Value::Null)
    );
    assert!(deleted["oldest"].as_str().unwrap() <= deleted["newest"].as_str().unwrap());
    send_as(&house, caller(), &["anna comes after the delete"]).await;
    let look = async |house: &Harness| {
        house.wait_until_stored().await;
        assert_eq!(counts(house, "anna").await, [1; 4], "only what was stored before goes");
        assert_eq!(counts(house, "bob").await, [2; 4]);
        assert_eq!(house.account().await["stored"], 6, "what was stored stays counted");
    };
    look(&house).await;
    let copy = Harness::open(house.setup().copied());
    look(&copy).await;
    drop(copy);
    assert!(house.store().freeze());
    house.store().seal().unwrap();
    look(&house).await;
    let house = Harness::open(house.stop());
    look(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_deletes_only_its_own_and_only_with_scope_admin() {
    let house = Harness::start();
    let acme = Caller { tenant: "acme".parse().unwrap(), ..caller() };
    send_as(&house, caller(), &["anna"]).await;
    send_as(&house, acme.clone(), &["anna"]).await;
    let reader = Caller { scopes: [Scope::Query, Scope::Ingest].into_iter().collect(), ..caller() };
    let (status, answer) = house.post_as(reader, DELETE, JSON, r#"{"q":"anna"}"#.into()).await;
    assert_eq!((status.as_u16(), answer["error"]["class"].as_str()), (403, Some("forbidden")));
    let (status, answer) = house.post_as(acme, DELETE, FORM, "q=anna".into()).await;
    assert_eq!((status.as_u16(), &answer["deleted"]), (200, &json!(1)));
    assert_eq!(counts(&house, "anna").await, [1; 4], "the other tenant's record is untouched");
    let stranger = Caller { tenant: "nobody".parse().unwrap(), ..caller() };
    let (status, answer) = house.post_as(stranger, DELETE, JSON, r#"{"q":"*"}"#.into()).await;
    assert_eq!((status.as_u16(), &answer["deleted"]), (200, &json!(0)), "who never sent anything has nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_goes_while_its_request_comes_in_does_nothing_more() {
    let house = Harness::start();
    send_as(&house, caller(), &["anna"]).await;
    let kim = TokenHolder::new(&[Scope::Query, Scope::Ingest, Scope::Admin]);
    kim.revoke();
    // The front let it in; its body, or what it had to wait for, came later than the revocation.
    let (status, answer) = house.post_as(kim.caller.clone(), DELETE, JSON, r#"{"q":"*"}"#.into()).await;
    assert_eq!((status.as_u16(), answer["error"]["class"].as_str()), (403, Some("forbidden")));
    let (status, _) = house.post_as(kim.caller.clone(), "/api/v1/backup", JSON, String::new()).await;
    assert_eq!(status, 403);
    let request = post("/v1/logs", &[("content-type", PROTOBUF)], encoded_request(vec![record("late")]));
    assert_eq!(house.otlp_as(Some(kim.caller.clone()), request).await.status, 403);
    assert_eq!(counts(&house, "*").await, [1; 4]);
    assert_eq!(house.account().await["refused"]["forbidden"]["requests"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_be_half_a_delete_deletes_nothing_and_says_so() {
    let house = Harness::open_held(super::harness::Setup::default());
    let (status, answer) = house.post_as(caller(), DELETE, JSON, r#"{"q":"*"}"#.into()).await;
    assert_eq!(status, 503);
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("nothing was deleted") && message.contains("read back"), "{message}");
    house.begin_replay();
    send_as(&house, caller(), &["one", "two"]).await;
    for (body, want) in [("{}", "* stands for all"), (r#"{"q":"a:"}"#, ""), (r#"{"q":"*","since":"x"}"#, "15m")] {
        let (status, answer) = house.post_as(caller(), DELETE, JSON, body.into()).await;
        assert_eq!(status, 400, "{body}");
        assert!(answer["error"]["message"].as_str().unwrap().contains(want), "{answer}");
    }
    assert_eq!(counts(&house, "*").await, [2; 4]);
    let (_, answer) = house.post_as(caller(), DELETE, JSON, r#"{"q":"*","end":"-1h"}"#.into()).await;
    assert_eq!(answer["deleted"], 0, "nothing is that old");
}
