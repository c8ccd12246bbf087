//! Metrics: what `/metrics` shows, as OTLP.
//!
//! OpenTelemetry's SDK lets nobody hand in values that were counted elsewhere, and histograms least of all. So the
//! registry is translated to the published protobuf here, and nothing is counted twice.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::Value as ResourceValue;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_client::MetricsServiceClient;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics,
    ScopeMetrics, Sum, metric, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_sdk::Resource as SdkResource;
use tokio::time::{MissedTickBehavior, interval_at};

use super::endpoint::Endpoint;
use super::health::SendHealth;
use crate::limits::{EXPORT_ANSWER_BYTES_MAX, EXPORT_TIMEOUT};
use crate::metrics::{LabelValues, MetricDef, MetricKind, Registry, Samples, Value};

/// Sends the registry of a process.
#[derive(Debug)]
pub(crate) struct MetricSender {
    registry: Registry,
    endpoint: Endpoint,
    resource: Resource,
    started: SystemTime,
    health: SendHealth,
}

impl MetricSender {
    pub(crate) fn new(
        registry: Registry,
        endpoint: Endpoint,
        resource: &SdkResource,
        health: SendHealth,
    ) -> MetricSender {
        MetricSender { registry, endpoint, resource: translated(resource), started: SystemTime::now(), health }
    }

    /// Sends every value at the moment.
    pub(crate) async fn send(&self) {
        let samples = self.registry.samples();
        let metrics = metrics(&samples, self.started, SystemTime::now());
        let count = metrics.len();
        let scope = InstrumentationScope { name: "outrigger".to_owned(), ..InstrumentationScope::default() };
        let scope_metrics = vec![ScopeMetrics { scope: Some(scope), metrics, schema_url: String::new() }];
        let resource_metrics =
            ResourceMetrics { resource: Some(self.resource.clone()), scope_metrics, schema_url: String::new() };
        let (channel, bearer) = self.endpoint.channel();
        let mut client =
            MetricsServiceClient::with_interceptor(channel, bearer).max_decoding_message_size(EXPORT_ANSWER_BYTES_MAX);
        let request = ExportMetricsServiceRequest { resource_metrics: vec![resource_metrics] };
        // Not tried again: the next values say the same and more.
        let outcome = match tokio::time::timeout(EXPORT_TIMEOUT, client.export(request)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(status)) => Err(format!("gRPC code {:?}", status.code())),
            Err(_) => Err("no answer in time".to_owned()),
        };
        self.health.note(outcome, count);
    }

    /// Sends again and again, for as long as it is polled.
    pub(crate) async fn send_every(&self, interval: Duration) {
        let mut ticks = interval_at(tokio::time::Instant::now() + interval, interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.send().await;
        }
    }
}

/// The values as OTLP metrics, counters and histograms cumulative since `started`.
fn metrics(samples: &Samples, started: SystemTime, now: SystemTime) -> Vec<Metric> {
    let times = Times { started: nanos(started), now: nanos(now) };
    let translate = |(def, series): &(MetricDef, _)| Metric {
        name: def.name.to_owned(),
        description: def.help.to_owned(),
        unit: unit(def.name).to_owned(),
        metadata: Vec::new(),
        data: Some(data(def, series, times)),
    };
    samples.families.values().map(translate).collect()
}

#[derive(Debug, Clone, Copy)]
struct Times {
    started: u64,
    now: u64,
}

fn data(def: &MetricDef, series: &std::collections::BTreeMap<LabelValues, Value>, times: Times) -> metric::Data {
    let cumulative = i32::from(AggregationTemporality::Cumulative);
    let numbers = || {
        let points = series.iter().filter_map(|(labels, value)| number_point(def, labels, value, times));
        points.collect::<Vec<_>>()
    };
    match def.kind {
        MetricKind::Counter => {
            metric::Data::Sum(Sum { data_points: numbers(), aggregation_temporality: cumulative, is_monotonic: true })
        }
        MetricKind::Gauge => metric::Data::Gauge(Gauge { data_points: numbers() }),
        MetricKind::Histogram(_) => {
            let points = series.iter().filter_map(|(labels, value)| histogram_point(def, labels, value, times));
            metric::Data::Histogram(Histogram { data_points: points.collect(), aggregation_temporality: cumulative })
        }
    }
}

fn number_point(def: &MetricDef, labels: &LabelValues, value: &Value, times: Times) -> Option<NumberDataPoint> {
    let Value::Number(number) = value else { return None };
    Some(NumberDataPoint {
        attributes: attributes(def, labels),
        start_time_unix_nano: times.started,
        time_unix_nano: times.now,
        value: Some(number_data_point::Value::AsDouble(*number)),
        ..NumberDataPoint::default()
    })
}

fn histogram_point(def: &MetricDef, labels: &LabelValues, value: &Value, times: Times) -> Option<HistogramDataPoint> {
    let Value::Histogram { bounds, counts, sum } = value else { return None };
    Some(HistogramDataPoint {
        attributes: attributes(def, labels),
        start_time_unix_nano: times.started,
        time_unix_nano: times.now,
        count: counts.iter().sum(),
        sum: Some(*sum),
        bucket_counts: counts.clone(),
        explicit_bounds: bounds.to_vec(),
        ..HistogramDataPoint::default()
    })
}

fn attributes(def: &MetricDef, labels: &LabelValues) -> Vec<KeyValue> {
    let pairs = def.labels.iter().zip(labels);
    pairs.map(|(name, value)| pair(name, any_value::Value::StringValue(value.clone()))).collect()
}

fn pair(key: &str, value: any_value::Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

/// The unit in the notation of UCUM, from the end of the name.
fn unit(name: &str) -> &'static str {
    let bare = name.strip_suffix("_total").unwrap_or(name);
    if bare.ends_with("_seconds") {
        "s"
    } else if bare.ends_with("_bytes") {
        "By"
    } else {
        "1"
    }
}

fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

fn translated(resource: &SdkResource) -> Resource {
    let attributes = resource.iter().map(|(key, value)| {
        let value = match value {
            ResourceValue::I64(number) => any_value::Value::IntValue(*number),
            other => any_value::Value::StringValue(other.as_str().into_owned()),
        };
        pair(key.as_str(), value)
    });
    Resource { attributes: attributes.collect(), ..Resource::default() }
}

#[cfg(test)]
mod tests;
