//! What is in the store, and why an answer is what it is: fields, values, patterns, context, `explain` and `why`.

use super::harness::{Harness, PROTOBUF, attribute, caller, encoded, encoded_request, record, text};
use basics::Clock;
use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use serde_json::{Value, json};
use service::{Caller, SystemClock};
use std::collections::BTreeSet;

const SECOND: u64 = 1_000_000_000;

/// An hour ago, on a full second.
fn base() -> u64 {
    (SystemClock::new().now().0.cast_unsigned() / SECOND - 3_600) * SECOND
}

fn at(seconds: u64, body: &str, user: &str) -> LogRecord {
    let code = AnyValue { value: Some(any_value::Value::IntValue(7)) };
    LogRecord {
        time_unix_nano: base() + seconds * SECOND,
        severity_number: 9,
        attributes: vec![attribute("user", text(user)), attribute("code", Some(code))],
        ..record(body)
    }
}

async fn send(house: &Harness, records: Vec<LogRecord>) {
    assert_eq!(house.post(&[("content-type", PROTOBUF)], encoded_request(records)).await.status, 200);
    house.wait_until_stored().await;
}

/// Half of the records in parts, half in the head.
async fn stored() -> Harness {
    let house = Harness::start();
    send(&house, vec![at(1, "payment timeout after 5ms", "anna"), at(2, "payment timeout after 7ms", "anna")]).await;
    house.seal_head();
    send(&house, vec![at(3, "disk full", "bob"), at(4, "payment timeout after 9ms", "carl")]).await;
    house
}

async fn get(house: &Harness, path_and_query: &str) -> Value {
    let (status, answer) = house.get(&format!("/api/v1/logs/{path_and_query}")).await;
    assert_eq!(status, 200, "{path_and_query}: {answer}");
    assert_eq!(answer["cut_short"], Value::Null);
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_and_their_values_are_told_over_head_and_parts() {
    let house = stored().await;
    let answer = get(&house, "fields?since=2h").await;
    let field = |name: &str| answer["fields"].as_array().unwrap().iter().find(|field| field["name"] == name).cloned();
    assert_eq!(field("user").unwrap(), json!({ "name": "user", "records": 4, "share": 1.0, "types": { "string": 4 } }));
    assert_eq!(field("code").unwrap()["types"], json!({ "int": 4 }));
    assert_eq!(field("service").unwrap()["records"], 4);
    assert_eq!((&answer["records"], &answer["is_sample"]), (&json!(4), &json!(false)));
    let answer = get(&house, "fields?since=2h&q=disk&limit=2").await;
    assert_eq!((answer["fields"].as_array().unwrap().len(), &answer["has_more"]), (2, &json!(true)));
    let answer = get(&house, "fields?since=2h&sample=2").await;
    assert_eq!((&answer["records"], &answer["is_sample"]), (&json!(2), &json!(true)));

    let answer = get(&house, "field-values?since=2h&field=user&limit=2").await;
    assert_eq!(answer["values"], json!([{ "value": "anna", "count": 2 }, { "value": "bob", "count": 1 }]));
    assert_eq!((&answer["has_more"], &answer["matched"]), (&json!(true), &json!(4)));
    let answer = get(&house, "field-values?since=2h&field=code&q=timeout").await;
    assert_eq!((&answer["values"], &answer["has_more"]), (&json!([{ "value": 7, "count": 3 }]), &json!(false)));
}

#[tokio::test(flavor = "multi_thread")]
async fn patterns_have_counts_records_and_trends() {
    let house = stored().await;
    let answer = get(&house, "patterns?since=2h&interval=1h").await;
    let patterns = answer["patterns"].as_array().unwrap();
    assert_eq!(patterns.len(), 2);
    let first = &patterns[0];
    assert_eq!((&first["pattern"], &first["count"]), (&json!("payment timeout after <_>"), &json!(3)));
    assert_eq!(
        (&first["example"], &first["record"]["attributes"]["user"]),
        (&json!("payment timeout after 9ms"), &json!("carl"))
    );
    let sum = |trend: &Value| trend.as_array().unwrap().iter().map(|count| count.as_u64().unwrap()).sum::<u64>();
    assert_eq!((sum(&first["trend"]), sum(&patterns[1]["trend"])), (3, 1));
    assert_eq!(first["trend"].as_array().unwrap().len(), answer["bucket_starts"].as_array().unwrap().len());
    let answer = get(&house, "patterns?since=2h&limit=1").await;
    assert_eq!((answer["patterns"].as_array().unwrap().len(), &answer["has_more"]), (1, &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn context_is_around_a_record_that_a_search_gave() {
    let house = stored().await;
    let found = get(&house, "search?since=2h&q=disk").await["records"][0].clone();
    let (time, sequence) = (found["time_unix_nano"].as_str().unwrap(), found["sequence"].as_str().unwrap());
    let by_position = get(&house, &format!("context?position={time}_{sequence}&before=1&after=5")).await;
    let by_parts =
        get(&house, &format!("context?time_unix_nano={time}&sequence={sequence}&before=1&after=5&of=all")).await;
    for answer in [by_position, by_parts] {
        assert_eq!(answer["record"], found);
        let bodies = |key: &str| -> Vec<String> {
            answer[key].as_array().unwrap().iter().map(|record| record["body"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(
            (bodies("before"), bodies("after")),
            (vec!["payment timeout after 7ms".to_owned()], vec!["payment timeout after 9ms".to_owned()])
        );
    }
    let (status, answer) = house.get(&format!("/api/v1/logs/context?position={time}_1")).await;
    assert_eq!((status.as_u16(), &answer["error"]["class"]), (404, &json!("not_found")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_explanation_says_what_was_passed_over_and_what_was_read() {
    let house = stored().await;
    house.seal_head();
    let explained = |query: &str| format!("search?since=2h&explain=true&q={}", encoded(query));
    let answer = get(&house, &explained("disk")).await;
    let explain = &answer["explain"];
    assert_eq!((&explain["parts"]["all"], &explain["batches_in_memory"]), (&json!(2), &json!(0)), "{explain}");
    assert!(explain["bytes_read"]["records"].as_u64().unwrap() > 0, "{explain}");
    assert!(explain["bytes_read"]["index"].as_u64().unwrap() > 0, "{explain}");
    assert_eq!(explain["row_groups"]["read"], 2);
    // A word with a digit stands in no shape: the words of the parts tell that nothing has it.
    let answer = get(&house, &explained("trace77xyz")).await;
    let explain = &answer["explain"];
    let skipped = explain["parts"]["skipped_by_words"].as_u64().unwrap()
        + explain["row_groups"]["skipped_by_words"].as_u64().unwrap();
    assert_eq!((skipped, &explain["row_groups"]["read"]), (2, &json!(0)), "{explain}");
    // A word that stands in no shape of a part needs none of its texts.
    let answer = get(&house, &explained("unheard")).await;
    assert_eq!(
        answer["explain"]["row_groups"]["read"], answer["explain"]["row_groups"]["read_without_texts"],
        "{answer}"
    );
    // A time before all of them.
    let answer = get(&house, "search?start=0&end=1000000000&explain=true").await;
    assert_eq!(answer["explain"]["parts"]["skipped_by_time"], 2);
    for path in [
        "histogram?since=2h",
        "fields?since=2h",
        "field-values?since=2h&field=user",
        "patterns?since=2h",
        "query?since=2h&q=%7C+stats+count()",
    ] {
        let answer = get(&house, &format!("{path}&explain=true")).await;
        assert_eq!(answer["explain"]["parts"]["all"].as_u64().unwrap() % 2, 0, "{path}");
        assert!(answer["explain"]["row_groups"]["read"].as_u64().unwrap() >= 2, "{path}: {answer}");
        assert!(get(&house, path).await.get("explain").is_none(), "{path}: only who asks is told");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn why_nothing_was_found_is_told_to_who_asks() {
    let house = stored().await;
    let path = "search?since=2h&q=timeuot+user:anna";
    assert!(get(&house, path).await.get("nothing").is_none());
    let nothing = get(&house, &format!("{path}&why=true")).await["nothing"].clone();
    let conditions: BTreeSet<(&str, u64)> = nothing["conditions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|counted| (counted["q"].as_str().unwrap(), counted["matched"].as_u64().unwrap()))
        .collect();
    assert_eq!(conditions, BTreeSet::from([("timeuot", 0), ("user:anna", 2)]));
    assert_eq!(nothing["near"][0]["q"], "timeout user:anna", "{nothing}");
    // In another range there is something.
    let nothing = get(&house, "search?since=10m&q=disk&why=true").await["nothing"].clone();
    assert!(nothing["last_before"].is_string() && nothing["first_after"].is_null(), "{nothing}");
    // Where something is found there is nothing to tell.
    assert!(get(&house, "search?since=2h&q=disk&why=true").await.get("nothing").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_no_record_has_is_named() {
    let house = stored().await;
    let of = |query: &str| format!("query?since=2h&why=true&q={}", encoded(query));
    let unknown = |answer: &Value| answer["nothing"]["unknown_fields"].clone();
    // No rows, empty columns, and a count of nothing.
    for query in [
        "| top 10 by usr",
        "| stats count() by usr",
        "timeout | stats avg(usr)",
        "| stats count(usr), count(user)",
        "| fields usr, code",
        "| where usr>5",
        "| sort by user | where usr:x OR usr:y | limit 3",
    ] {
        let answer = get(&house, &of(query)).await;
        assert_eq!(unknown(&answer), json!([{ "name": "usr", "near": ["user"] }]), "{query}: {answer}");
    }
    let answer = get(&house, &of("| fields foreign, alien, user")).await;
    assert_eq!(unknown(&answer), json!([{ "name": "foreign", "near": [] }, { "name": "alien", "near": [] }]));
    // The query found nothing, so it is not the pipe's field that is told.
    let answer = get(&house, &of("usr:anna code:7 | top 10 by code")).await;
    assert_eq!(unknown(&answer), json!([{ "name": "usr", "near": ["user"] }]), "{answer}");
    assert_eq!(answer["nothing"]["conditions"][0]["matched"], 0, "{answer}");
    let answer = get(&house, "search?since=2h&why=true&q=usr:anna").await;
    assert_eq!(unknown(&answer), json!([{ "name": "usr", "near": ["user"] }]), "{answer}");
    let answer = get(&house, "search?since=2h&why=true&q=user:unheard").await;
    assert_eq!(unknown(&answer), json!([]), "{answer}");
    // Records have the field, or there is something in each column, or nobody asked.
    for query in
        ["| where code>7", "| stats count() by user", "disk | stats sum(code) as usr", "| parse logfmt | top 5 by usr"]
    {
        let answer = get(&house, &of(query)).await;
        assert!(answer.get("nothing").is_none(), "{query}: {answer}");
    }
    let answer = get(&house, &format!("query?since=2h&q={}", encoded("| top 10 by usr"))).await;
    assert!(answer.get("nothing").is_none(), "{answer}");
    let (_, answer) = house
        .get_as(other_caller("stranger", caller().scopes), &format!("/api/v1/logs/{}", of("| top 10 by usr")))
        .await;
    assert_eq!(answer["nothing"]["near"], json!([]), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistaken_parameter_of_these_pages_is_named() {
    let house = Harness::start();
    for (path, parameter) in [
        ("fields?limit=0", "limit"),
        ("fields?sample=x", "sample"),
        ("fields?explain=1", "explain"),
        ("field-values", "field"),
        ("field-values?field=a%20b", "field"),
        ("field-values?field=user%20%7C%20limit%201", "field"),
        ("field-values?field=user&limit=10001", "limit"),
        ("patterns?limit=501", "limit"),
        ("patterns?since=7d&interval=1m", "interval"),
        ("context", "position"),
        ("context?position=5", "position"),
        ("context?time_unix_nano=5&sequence=x", "sequence"),
        ("context?position=5_1&sequence=1", "position"),
        ("context?position=5_1&before=1001", "before"),
        ("context?position=5_1&of=tenant", "of"),
        ("tail?after=x", "after"),
        ("export?format=json", "format"),
        ("export?columns=user", "columns"),
        ("export?format=csv&columns=a,,b", "columns"),
        ("export?limit=0", "limit"),
        ("export?cursor=x", "cursor"),
        ("search?why=1", "why"),
        ("query?q=%7C+limit+1&why=1", "why"),
    ] {
        let (status, answer) = house.get(&format!("/api/v1/logs/{path}")).await;
        assert_eq!((status.as_u16(), &answer["error"]["parameter"]), (400, &json!(parameter)), "{path}: {answer}");
    }
    for path in ["fields", "field-values", "patterns", "tail", "export"] {
        let field = if path == "field-values" { "&field=x" } else { "" };
        let (status, answer) = house.get(&format!("/api/v1/logs/{path}?q=level:eror{field}")).await;
        assert_eq!((status.as_u16(), &answer["error"]["suggestion"]), (400, &json!("error")), "{path}: {answer}");
        let (status, _) = house.get(&format!("/api/v1/logs/{path}?nonsense=1{field}")).await;
        assert_eq!(status, 400, "{path}");
    }
}

/// A caller whose token is for telemetry in, or for another tenant.
fn other_caller(tenant: &str, scopes: service::Scopes) -> Caller {
    Caller { tenant: tenant.parse().unwrap(), scopes, ..caller() }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenant_is_told_nothing_of_these_records() {
    let house = stored().await;
    let found = get(&house, "search?since=2h&q=disk").await["records"][0].clone();
    let position = format!("{}_{}", found["time_unix_nano"].as_str().unwrap(), found["sequence"].as_str().unwrap());
    let stranger = || other_caller("stranger", caller().scopes);
    let paths = [
        ("fields?since=2h".to_owned(), json!([]), "fields"),
        ("field-values?since=2h&field=user".to_owned(), json!([]), "values"),
        ("patterns?since=2h".to_owned(), json!([]), "patterns"),
    ];
    for (path, want, key) in paths {
        let (status, answer) = house.get_as(stranger(), &format!("/api/v1/logs/{path}")).await;
        assert_eq!((status.as_u16(), &answer[key]), (200, &want), "{path}");
    }
    let (status, _) = house.get_as(stranger(), &format!("/api/v1/logs/context?position={position}")).await;
    assert_eq!(status, 404);
    let (_, answer) = house.get_as(stranger(), "/api/v1/logs/search?since=2h&q=timeuot&why=true").await;
    assert_eq!((&answer["nothing"]["near"], &answer["nothing"]["conditions"][0]["matched"]), (&json!([]), &json!(0)));
    // Whoever may only send asks in vain.
    for path in ["fields", "field-values?field=x", "patterns", "context?position=1_1", "tail", "export"] {
        let sender = other_caller("default", [service::Scope::Ingest].into_iter().collect());
        let (status, _) = house.get_as(sender, &format!("/api/v1/logs/{path}")).await;
        assert_eq!(status, 403, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_posted_question_may_ask_for_an_explanation_and_why() {
    let house = stored().await;
    let asked = json!({ "q": "unheard", "since": "2h", "explain": true, "why": true });
    let (status, answer) = house.ask_by_post("/api/v1/logs/search", &asked).await;
    assert_eq!(status, 200, "{answer}");
    assert!(answer["explain"].is_object() && answer["nothing"].is_object(), "{answer}");
}
