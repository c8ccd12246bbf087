use super::*;

const NOW: Timestamp = Timestamp(1_795_516_200_000_000_000);

async fn parsed(content_type: &str, body: &str) -> Result<DeleteParams, ApiError> {
    let request = Request::post("/").header(header::CONTENT_TYPE, content_type).body(body.to_owned().into()).unwrap();
    params_of(&request.headers().clone(), request).await
}

fn message(error: &ApiError) -> String {
    serde_json::to_value(error).unwrap()["error"]["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn json_and_form_say_the_same() {
    let want = DeleteParams {
        q: "user_id:\"a b\"".into(),
        start: Some("-2h".into()),
        end: Some("1795516200".into()),
        dry_run: true,
        ..DeleteParams::default()
    };
    let json = r#"{"q":"user_id:\"a b\"","start":"-2h","end":1795516200,"dry_run":true}"#;
    assert_eq!(parsed("application/json", json).await.unwrap(), want);
    let form = "q=user_id%3A%22a+b%22&start=-2h&end=1795516200&dry_run=true";
    assert_eq!(parsed("application/x-www-form-urlencoded; charset=utf-8", form).await.unwrap(), want);
}

#[tokio::test]
async fn what_is_no_delete_is_told() {
    let bad = parsed("text/plain", "{}").await.unwrap_err();
    assert!(message(&bad).contains("application/json"), "{bad:?}");
    let bad = parsed("application/json", r#"{"query":"x"}"#).await.unwrap_err();
    assert!(message(&bad).contains("unknown field `query`"), "{bad:?}");
    let bad = parsed("application/x-www-form-urlencoded", "q=x&dry-run=true").await.unwrap_err();
    assert!(message(&bad).contains("dry-run"), "{bad:?}");
    let long = format!("{{\"q\":\"{}\"}}", "x".repeat(BODY_BYTES_MAX));
    let bad = parsed("application/json", &long).await.unwrap_err();
    assert_eq!(bad.into_response().status(), 413);
}

#[test]
fn without_a_time_it_is_about_all_times_and_never_without_a_query() {
    let params = |q: &str| DeleteParams { q: q.into(), ..DeleteParams::default() };
    let request = request_of(&params("x"), NOW).unwrap();
    assert_eq!((request.range, request.records_max), (TimeRange::ALL, Some(log_store::DELETE_RECORDS_MAX)));
    assert!(request_of(&params("*"), NOW).is_ok());
    for empty in ["", "  "] {
        let error = request_of(&params(empty), NOW).unwrap_err();
        assert!(message(&error).contains("* stands for all"), "{error:?}");
    }
    let counted = request_of(&DeleteParams { dry_run: true, since: Some("1h".into()), ..params("x") }, NOW).unwrap();
    assert_eq!((counted.records_max, counted.range.end), (None, Timestamp::MAX));
    assert!(request_of(&DeleteParams { since: Some("soon".into()), ..params("x") }, NOW).is_err());
    assert!(request_of(&params("x | stats count()"), NOW).is_err(), "pipes delete nothing");
}
