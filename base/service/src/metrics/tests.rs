//! What Prometheus reads.

use super::*;

const REQUESTS: MetricDef = MetricDef::counter("test_requests_total", "Requests answered.", &["code"]);
const OPEN: MetricDef = MetricDef::gauge("test_connections", "Connections open.", &[]);
const WAIT: MetricDef = MetricDef::histogram("test_wait_seconds", "Time waited.", &["kind"], &[0.1, 1.0]);

#[test]
fn the_page_is_what_prometheus_expects() {
    let registry = Registry::new();
    registry.counter(&REQUESTS, &["200"]).add(3);
    registry.clone().counter(&REQUESTS, &["200"]).inc();
    registry.gauge(&OPEN, &[]).set(2.0);
    let wait = registry.histogram(&WAIT, &["a\"\\\n"]);
    for seconds in [0.05, 0.1, 0.5, 7.0] {
        wait.observe(seconds);
    }
    registry.source(|samples| samples.set(&REQUESTS, &["503"], 7.0));
    assert_eq!(
        registry.exposition(),
        "# HELP test_connections Connections open.\n# TYPE test_connections gauge\ntest_connections 2\n\
         # HELP test_requests_total Requests answered.\n# TYPE test_requests_total counter\n\
         test_requests_total{code=\"200\"} 4\ntest_requests_total{code=\"503\"} 7\n\
         # HELP test_wait_seconds Time waited.\n# TYPE test_wait_seconds histogram\n\
         test_wait_seconds_bucket{kind=\"a\\\"\\\\\\n\",le=\"0.1\"} 2\n\
         test_wait_seconds_bucket{kind=\"a\\\"\\\\\\n\",le=\"1\"} 3\n\
         test_wait_seconds_bucket{kind=\"a\\\"\\\\\\n\",le=\"+Inf\"} 4\n\
         test_wait_seconds_sum{kind=\"a\\\"\\\\\\n\"} 7.65\ntest_wait_seconds_count{kind=\"a\\\"\\\\\\n\"} 4\n"
    );
}

#[test]
fn a_million_label_values_are_a_bounded_number_of_series_and_nothing_is_lost() {
    let registry = Registry::new();
    for number in 0..1_000_000u32 {
        registry.counter(&REQUESTS, &[&number.to_string()]).inc();
    }
    registry.source(|samples| {
        for number in 0..5_000u32 {
            samples.set(&OPEN_BY, &[&number.to_string()], 1.0);
        }
    });
    let page = registry.exposition();
    for name in ["test_requests_total{", "test_open{"] {
        assert_eq!(page.lines().filter(|line| line.starts_with(name)).count(), SERIES_PER_METRIC_MAX, "{name}");
    }
    let sum = |name: &str| -> f64 {
        let values = page.lines().filter(|line| line.starts_with(name)).map(|line| line.rsplit(' ').next().unwrap());
        values.map(|value| value.parse::<f64>().unwrap()).sum()
    };
    assert!((sum("test_requests_total{") - 1_000_000.0).abs() < 0.5);
    assert!((sum("test_open{") - 5_000.0).abs() < 0.5);
}

const OPEN_BY: MetricDef = MetricDef::gauge("test_open", "Open by peer.", &["peer"]);

#[test]
fn a_long_label_value_is_cut_at_a_character() {
    let registry = Registry::new();
    registry.counter(&REQUESTS, &[&"ü".repeat(100_000)]).inc();
    assert!(registry.exposition().len() < 1_000);
}

#[test]
fn a_gauge_moves_both_ways() {
    let gauge = Registry::new().gauge(&OPEN, &[]);
    gauge.add(3.0);
    gauge.add(-1.0);
    assert!((gauge.get() - 2.0).abs() < f64::EPSILON);
}

#[test]
fn the_documentation_lists_every_metric() {
    let page = document(&[("service", &[REQUESTS, WAIT])]);
    assert!(page.contains("## service"), "{page}");
    assert!(page.contains("| `test_requests_total` | counter | code | Requests answered. |"), "{page}");
    assert!(page.contains("| `test_wait_seconds` | histogram | kind | Time waited. |"), "{page}");
}
