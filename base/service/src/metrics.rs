//! Counters, gauges and histograms, and the page that Prometheus reads.
//!
//! Each crate lists its metrics as constants; the same list writes docs/operations/metrics.md
//! ([`document`]). What a component counts anyway is read through a [`Registry::source`] when somebody
//! asks, so the hot path pays nothing twice.
//!
//! Always true: a metric has at most [`SERIES_PER_METRIC_MAX`] series; further label values share one
//! series whose labels are `other`, so no caller can make us remember without end.

mod exposition;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderValue, Response, header};

use crate::limits::{LABEL_BYTES_MAX, SERIES_PER_METRIC_MAX};
use crate::refusal::full;
use crate::server::ResponseBody;

pub use exposition::document;

/// What a metric does over time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MetricKind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts observations in buckets with these upper bounds, which ascend.
    Histogram(&'static [f64]),
}

/// A metric: its name, what it means, its kind and the names of its labels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MetricDef {
    /// The name; ends in its unit, and `_total` for counters.
    pub name: &'static str,
    /// What it means, in one sentence.
    pub help: &'static str,
    /// What it does over time.
    pub kind: MetricKind,
    /// The names of its labels.
    pub labels: &'static [&'static str],
}

impl MetricDef {
    /// A counter.
    pub const fn counter(name: &'static str, help: &'static str, labels: &'static [&'static str]) -> MetricDef {
        MetricDef { name, help, kind: MetricKind::Counter, labels }
    }

    /// A gauge.
    pub const fn gauge(name: &'static str, help: &'static str, labels: &'static [&'static str]) -> MetricDef {
        MetricDef { name, help, kind: MetricKind::Gauge, labels }
    }

    /// A histogram.
    pub const fn histogram(
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
        bounds: &'static [f64],
    ) -> MetricDef {
        MetricDef { name, help, kind: MetricKind::Histogram(bounds), labels }
    }
}

/// Bounds for waiting times in seconds: 0.1 ms to 10 s.
pub const SECONDS_BOUNDS: &[f64] =
    &[0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// A number that only grows.
#[derive(Debug, Clone, Default)]
pub struct Counter {
    value: Arc<AtomicU64>,
}

impl Counter {
    /// Counts one.
    pub fn inc(&self) {
        self.add(1);
    }

    /// Counts `count`.
    pub fn add(&self, count: u64) {
        self.value.fetch_add(count, Ordering::Relaxed);
    }

    /// What was counted so far.
    pub fn get(&self) -> u64 {
        self.value.load(Ordering::Relaxed)
    }
}

/// A number that goes up and down.
#[derive(Debug, Clone, Default)]
pub struct Gauge {
    bits: Arc<AtomicU64>,
}

impl Gauge {
    /// Becomes `value`.
    pub fn set(&self, value: f64) {
        self.bits.store(value.to_bits(), Ordering::Relaxed);
    }

    /// Grows by `delta`, or shrinks when it is negative.
    pub fn add(&self, delta: f64) {
        let grow = |bits: u64| Some((f64::from_bits(bits) + delta).to_bits());
        basics::carry_on(
            self.bits.fetch_update(Ordering::Relaxed, Ordering::Relaxed, grow).map_err(|_| "unchanged"),
            "the closure never declines",
        );
    }

    /// The value at the moment.
    pub fn get(&self) -> f64 {
        f64::from_bits(self.bits.load(Ordering::Relaxed))
    }
}

/// Observations, counted in buckets.
#[derive(Debug, Clone)]
pub struct Histogram {
    shared: Arc<Buckets>,
}

#[derive(Debug)]
struct Buckets {
    bounds: &'static [f64],
    /// One more than bounds: the last holds what is above all of them.
    counts: Vec<AtomicU64>,
    sum: Gauge,
}

impl Histogram {
    fn new(bounds: &'static [f64]) -> Histogram {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Histogram { shared: Arc::new(Buckets { bounds, counts, sum: Gauge::default() }) }
    }

    /// Counts one observation.
    pub fn observe(&self, value: f64) {
        let bucket = self.shared.bounds.partition_point(|bound| *bound < value);
        if let Some(count) = self.shared.counts.get(bucket) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.shared.sum.add(value);
    }

    fn read(&self) -> Value {
        let counts = self.shared.counts.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        Value::Histogram { bounds: self.shared.bounds, counts, sum: self.shared.sum.get() }
    }
}

/// One value of one series.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Number(f64),
    Histogram { bounds: &'static [f64], counts: Vec<u64>, sum: f64 },
}

/// The values of label names, in their order.
pub(crate) type LabelValues = Vec<String>;
type Source = Box<dyn Fn(&mut Samples) + Send + Sync>;

/// The metrics of a process. Clones share them.
#[derive(Clone, Default)]
pub struct Registry {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    families: Mutex<BTreeMap<&'static str, Family>>,
    sources: Mutex<Vec<Source>>,
}

struct Family {
    def: MetricDef,
    series: BTreeMap<LabelValues, Instrument>,
}

#[derive(Clone)]
enum Instrument {
    Counter(Counter),
    Gauge(Gauge),
    Histogram(Histogram),
}

impl Registry {
    /// No metric yet.
    pub fn new() -> Registry {
        Registry::default()
    }

    /// The counter of a series. Ask once and keep it.
    ///
    /// # Panics
    /// When `def` is no counter, has other labels, or shares its name with another metric: mistakes in code.
    pub fn counter(&self, def: &MetricDef, labels: &[&str]) -> Counter {
        match self.instrument(def, labels) {
            Instrument::Counter(counter) => counter,
            Instrument::Gauge(_) | Instrument::Histogram(_) => panic!("{} is no counter", def.name),
        }
    }

    /// The gauge of a series. Ask once and keep it.
    ///
    /// # Panics
    /// As [`Registry::counter`].
    pub fn gauge(&self, def: &MetricDef, labels: &[&str]) -> Gauge {
        match self.instrument(def, labels) {
            Instrument::Gauge(gauge) => gauge,
            Instrument::Counter(_) | Instrument::Histogram(_) => panic!("{} is no gauge", def.name),
        }
    }

    /// The histogram of a series. Ask once and keep it.
    ///
    /// # Panics
    /// As [`Registry::counter`].
    pub fn histogram(&self, def: &MetricDef, labels: &[&str]) -> Histogram {
        match self.instrument(def, labels) {
            Instrument::Histogram(histogram) => histogram,
            Instrument::Counter(_) | Instrument::Gauge(_) => panic!("{} is no histogram", def.name),
        }
    }

    /// Adds something that is asked for its values whenever they are read.
    pub fn source(&self, read: impl Fn(&mut Samples) + Send + Sync + 'static) {
        self.shared.sources.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(read));
    }

    /// Every value at the moment.
    pub(crate) fn samples(&self) -> Samples {
        let mut samples = Samples::default();
        {
            let families = self.shared.families.lock().unwrap_or_else(PoisonError::into_inner);
            for family in families.values() {
                for (labels, instrument) in &family.series {
                    let value = match instrument {
                        // Exact up to 2^53; no counter of ours gets there in a century.
                        #[allow(clippy::cast_precision_loss)]
                        Instrument::Counter(counter) => Value::Number(counter.get() as f64),
                        Instrument::Gauge(gauge) => Value::Number(gauge.get()),
                        Instrument::Histogram(histogram) => histogram.read(),
                    };
                    samples.put(&family.def, labels.clone(), value);
                }
            }
        }
        for source in self.shared.sources.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            source(&mut samples);
        }
        samples
    }

    /// Every value in the text format of Prometheus.
    pub fn exposition(&self) -> String {
        exposition::write(&self.samples())
    }

    /// The answer to `/metrics`.
    pub fn answer(&self) -> Response<ResponseBody> {
        let mut response = Response::new(full(self.exposition()));
        let content_type = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, content_type);
        response
    }

    fn instrument(&self, def: &MetricDef, labels: &[&str]) -> Instrument {
        assert_eq!(def.labels.len(), labels.len(), "labels of {}", def.name);
        let mut families = self.shared.families.lock().unwrap_or_else(PoisonError::into_inner);
        let family = families.entry(def.name).or_insert_with(|| Family { def: *def, series: BTreeMap::new() });
        assert_eq!(family.def, *def, "two metrics share a name");
        let labels = bounded_labels(labels, family.series.len(), |labels| family.series.contains_key(labels));
        let make = || match def.kind {
            MetricKind::Counter => Instrument::Counter(Counter::default()),
            MetricKind::Gauge => Instrument::Gauge(Gauge::default()),
            MetricKind::Histogram(bounds) => Instrument::Histogram(Histogram::new(bounds)),
        };
        family.series.entry(labels).or_insert_with(make).clone()
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Registry")
    }
}

/// Values being read.
#[derive(Debug, Default)]
pub struct Samples {
    pub(crate) families: BTreeMap<&'static str, (MetricDef, BTreeMap<LabelValues, Value>)>,
}

impl Samples {
    /// Sets the value of a series of a counter or gauge; over the series ceiling it adds to `other`.
    pub fn set(&mut self, def: &MetricDef, labels: &[&str], value: f64) {
        debug_assert_eq!(def.labels.len(), labels.len(), "labels of {}", def.name);
        let series = self.families.get(def.name).map(|(_, series)| series);
        let count = series.map_or(0, BTreeMap::len);
        let wanted = labels.len();
        let labels = bounded_labels(labels, count, |labels| series.is_some_and(|series| series.contains_key(labels)));
        let is_other = wanted > 0 && labels.iter().all(|label| label == OTHER);
        self.put(def, labels, Value::Number(value));
        debug_assert!(is_other || count <= SERIES_PER_METRIC_MAX, "the ceiling holds");
    }

    /// Sets the value of a series that counts in whole numbers.
    // Exact up to 2^53; no counter of ours gets there in a century.
    #[allow(clippy::cast_precision_loss)]
    pub fn count(&mut self, def: &MetricDef, labels: &[&str], value: u64) {
        self.set(def, labels, value as f64);
    }

    fn put(&mut self, def: &MetricDef, labels: LabelValues, value: Value) {
        let (_, series) = self.families.entry(def.name).or_insert_with(|| (*def, BTreeMap::new()));
        let is_other = !labels.is_empty() && labels.iter().all(|label| label == OTHER);
        match (series.get_mut(&labels), &value) {
            (Some(Value::Number(sum)), Value::Number(more)) if is_other => *sum += more,
            (Some(_) | None, _) => {
                series.insert(labels, value);
            }
        }
    }
}

const OTHER: &str = "other";

/// The label values to use: as given when the series is known or there is room, else `other`.
fn bounded_labels(labels: &[&str], count: usize, is_known: impl Fn(&LabelValues) -> bool) -> LabelValues {
    let cut = |label: &&str| {
        let end = label.char_indices().map(|(at, _)| at).find(|at| *at >= LABEL_BYTES_MAX).unwrap_or(label.len());
        label.get(..end).unwrap_or_default().to_owned()
    };
    let given: LabelValues = labels.iter().map(cut).collect();
    // One place is kept for `other` itself.
    if labels.is_empty() || count + 1 < SERIES_PER_METRIC_MAX || is_known(&given) {
        return given;
    }
    vec![OTHER.to_owned(); labels.len()]
}

#[cfg(test)]
mod tests;
