use super::*;
use service::metrics::MetricKind;
use std::collections::BTreeSet;

#[test]
fn names_end_in_their_unit_and_counters_in_total() {
    let units = [
        "bytes",
        "records",
        "entries",
        "requests",
        "connections",
        "seconds",
        "syncs",
        "failures",
        "batches",
        "parts",
        "panics",
        "days",
        "info",
    ];
    let mut names = BTreeSet::new();
    for metric in Metric::ALL {
        let def = metric.def();
        assert!(names.insert(def.name), "{} stands twice", def.name);
        let (bare, is_total) = match def.name.strip_suffix("_total") {
            Some(bare) => (bare, true),
            None => (def.name, false),
        };
        assert_eq!(is_total, def.kind == MetricKind::Counter, "{}", def.name);
        assert!(units.iter().any(|unit| bare.ends_with(unit)), "{} has no unit", def.name);
        assert!(def.help.ends_with('.'), "{}: {:?} is no sentence", def.name, def.help);
    }
}

#[test]
fn an_account_is_shown_with_its_reasons() {
    let registry = Registry::new();
    registry.source(|samples| {
        let account = AccountView {
            received: 10,
            stored: 6,
            rejected: [("too_old", 3)].into(),
            in_flight: 1,
            refused: [("memory", ingest::Refused { requests: 2, bytes: 900 })].into(),
            ..AccountView::default()
        };
        assert!(account.is_balanced());
        show_account(samples, "shop", Signal::Logs, &account);
    });
    let text = registry.exposition();
    for line in [
        "outrigger_received_records_total{tenant=\"shop\",signal=\"logs\"} 10",
        "outrigger_stored_records_total{tenant=\"shop\",signal=\"logs\"} 6",
        "outrigger_rejected_records_total{tenant=\"shop\",signal=\"logs\",reason=\"too_old\"} 3",
        "outrigger_in_flight_records{tenant=\"shop\",signal=\"logs\"} 1",
        "outrigger_refused_requests_total{tenant=\"shop\",signal=\"logs\",reason=\"memory\"} 2",
        "outrigger_refused_bytes_total{tenant=\"shop\",signal=\"logs\",reason=\"memory\"} 900",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
}

#[track_caller]
fn check_class(status: u16, grpc_status: Option<&'static str>, want: &str) {
    let registry = Registry::new();
    let metrics = RequestMetrics::new(&registry, "otlp_grpc");
    let mut headers = HeaderMap::new();
    if let Some(code) = grpc_status {
        headers.insert("grpc-status", http::HeaderValue::from_static(code));
    }
    metrics.note(StatusCode::from_u16(status).unwrap(), &headers, Duration::from_millis(2));
    let line = format!("outrigger_requests_total{{listener=\"otlp_grpc\",status=\"{want}\"}} 1");
    assert!(registry.exposition().contains(&line), "{status} {grpc_status:?}: no {line}");
}

#[test]
fn an_answer_is_counted_by_what_it_means_in_its_protocol() {
    check_class(200, None, "2xx");
    check_class(200, Some("0"), "2xx");
    check_class(302, None, "3xx");
    check_class(404, None, "4xx");
    check_class(503, None, "5xx");
    check_class(200, Some("3"), "4xx");
    check_class(200, Some("14"), "5xx");
}
