//! The registry as OTLP says it.

use super::*;

const REQUESTS: MetricDef = MetricDef::counter("test_requests_total", "Requests answered.", &["code"]);
const USED: MetricDef = MetricDef::gauge("test_used_bytes", "Bytes used.", &[]);
const WAIT: MetricDef = MetricDef::histogram("test_wait_seconds", "Time waited.", &["kind"], &[0.1, 1.0]);

#[test]
fn counters_gauges_and_histograms_keep_their_meaning() {
    let registry = Registry::new();
    registry.counter(&REQUESTS, &["200"]).add(4);
    registry.gauge(&USED, &[]).set(2.5);
    let wait = registry.histogram(&WAIT, &["read"]);
    [0.05, 0.5, 0.6, 7.0].iter().for_each(|seconds| wait.observe(*seconds));
    let started = UNIX_EPOCH + Duration::from_secs(100);
    let found = metrics(&registry.samples(), started, started + Duration::from_secs(1));

    let [requests, used, wait] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((requests.name.as_str(), requests.unit.as_str()), ("test_requests_total", "1"));
    let Some(metric::Data::Sum(sum)) = &requests.data else { panic!("{requests:?}") };
    assert!(sum.is_monotonic);
    assert_eq!(sum.aggregation_temporality, 2, "cumulative");
    let point = &sum.data_points[0];
    assert_eq!(point.value, Some(number_data_point::Value::AsDouble(4.0)));
    assert_eq!(point.attributes, [pair("code", any_value::Value::StringValue("200".into()))]);
    assert_eq!((point.start_time_unix_nano, point.time_unix_nano), (100_000_000_000, 101_000_000_000));

    assert_eq!(used.unit, "By");
    let Some(metric::Data::Gauge(gauge)) = &used.data else { panic!("{used:?}") };
    assert_eq!(gauge.data_points[0].value, Some(number_data_point::Value::AsDouble(2.5)));

    assert_eq!(wait.unit, "s");
    let Some(metric::Data::Histogram(histogram)) = &wait.data else { panic!("{wait:?}") };
    let point = &histogram.data_points[0];
    assert_eq!(point.bucket_counts, [1, 2, 1], "of each bucket alone");
    assert_eq!(point.explicit_bounds, [0.1, 1.0]);
    assert_eq!(point.count, 4);
    assert!((point.sum.unwrap() - 8.15).abs() < 1e-9);
}
