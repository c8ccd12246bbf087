//! Real senders: an Envoy as gateway, a Python and a Node service behind it, each with the OpenTelemetry SDK of its
//! language. A request's lines from gateway and service are found by its trace id.

use crate::endings::{PATIENCE, balanced, stopped_cleanly};
use serde_json::Value;
use std::time::{Duration, Instant};
use testkit::api_client::{Found, search_all};
use testkit::outrigger_process::{OutriggerProcess, ProcessPlan};
use tests::real_input::{Encoding, Gateway, Guest};
use tests::surroundings::real_input_dir;

/// Searches until `count` records are found.
#[track_caller]
fn find(process: &OutriggerProcess, query: &str, count: usize) -> Found {
    let begun = Instant::now();
    loop {
        let found = search_all(process.web, query).unwrap();
        if found.records.len() >= count {
            assert_eq!(found.records.len(), count, "{found:#?}");
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{query}: {found:#?}\n{}", process.printed());
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn bodies_of(found: &Found, service: &str) -> Vec<Value> {
    let of_service = found.records.iter().filter(|record| record["service"] == service);
    of_service.map(|record| record["body"].clone()).collect()
}

#[track_caller]
fn check(python: Encoding, node: Encoding) {
    assert!(real_input_dir().join("prepared").is_file(), "the real senders are not installed; run `cargo xtask ready`");
    let dir = tempfile::tempdir().unwrap();
    let process = OutriggerProcess::start_accepting(&ProcessPlan::in_dir(dir.path()), PATIENCE).unwrap();
    let python_target = if python == Encoding::Grpc { process.otlp_grpc } else { process.otlp_http };
    let python = Guest::python_service(dir.path(), python_target, python);
    let node = Guest::node_service(dir.path(), process.otlp_http, node);
    let gateway = Gateway::start(dir.path(), process.otlp_grpc, &python, &node);

    let checkout_trace = "0af7651916cd43dd8448eb211c80319c";
    let cart_trace = "1bf7651916cd43dd8448eb211c80319d";
    assert_eq!(gateway.get("/checkout/7", checkout_trace).status, 200);
    assert_eq!(gateway.get("/cart/9", cart_trace).status, 200);
    assert_eq!(gateway.get_untraced("/checkout/8").status, 200);

    // One line of the gateway and two of the service.
    let found = find(&process, &format!("trace_id:{checkout_trace}"), 3);
    let access = bodies_of(&found, "edge");
    assert!(access.len() == 1 && access[0].as_str().unwrap().starts_with("GET /checkout/7 200 "), "{access:?}");
    assert_eq!(
        bodies_of(&found, "checkout"),
        ["payment provider answered late, order o-4711 kept open", "checkout of basket /checkout/7 started"],
        "newest first"
    );
    let warning = &find(&process, &format!("trace_id:{checkout_trace} level>=warn"), 1).records[0];
    assert_eq!(warning["level"], "warn");
    assert_eq!(warning["attributes"]["wait.seconds"], 1.5);
    assert_eq!(warning["resource"]["telemetry.sdk.language"], "python");
    assert!(warning["span_id"].as_str().is_some_and(|id| id.len() == 16));

    let found = find(&process, &format!("trace_id:{cart_trace}"), 3);
    assert_eq!(bodies_of(&found, "edge").len(), 1);
    let cart = bodies_of(&found, "cart");
    assert!(cart.contains(&serde_json::json!("cart /cart/9 opened")), "{cart:?}");
    let structured = serde_json::json!({ "message": "stock service refused", "article": "a-17", "attempts": 3 });
    assert!(cart.contains(&structured), "{cart:?}");
    let opened = &find(&process, &format!("trace_id:{cart_trace} \"cart /cart/9 opened\""), 1).records[0];
    assert_eq!(
        opened["attributes"],
        serde_json::json!({ "cart.items": 2, "cart.total": 12.75, "cart.gift": false, "cart.tags": ["new", "sale"] })
    );

    // The gateway began a trace of its own for the third request; its service continued it.
    let untraced = find(&process, "service:checkout \"/checkout/8\"", 1);
    let trace = untraced.records[0]["trace_id"].as_str().unwrap().to_owned();
    assert_eq!(bodies_of(&find(&process, &format!("trace_id:{trace}"), 3), "edge").len(), 1);

    gateway.stop();
    python.stop();
    node.stop();
    let account = balanced(&process);
    assert_eq!((account.received, account.stored), (9, 9), "{account:?}");
    stopped_cleanly(process);
}

#[test]
fn a_request_is_followed_by_its_trace_id_over_grpc_and_json() {
    check(Encoding::Grpc, Encoding::HttpJson);
}

#[test]
fn a_request_is_followed_by_its_trace_id_over_protobuf() {
    check(Encoding::HttpProtobuf, Encoding::HttpProtobuf);
}
