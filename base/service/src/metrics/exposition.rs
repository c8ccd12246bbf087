//! The text format of Prometheus 0.0.4, and the page of the documentation.

use std::fmt::Write;

use super::{MetricDef, MetricKind, Samples, Value};

/// Writes every value.
pub(crate) fn write(samples: &Samples) -> String {
    let mut out = String::new();
    for (def, series) in samples.families.values() {
        let name = def.name;
        out.push_str(&format!("# HELP {name} {}\n# TYPE {name} {}\n", escape(def.help, false), kind(def.kind)));
        for (labels, value) in series {
            match value {
                Value::Number(number) => line(&mut out, name, def, labels, None, *number),
                Value::Histogram { bounds, counts, sum } => {
                    histogram(&mut out, def, labels, bounds, counts, *sum);
                }
            }
        }
    }
    out
}

// Exact up to 2^53 observations.
#[allow(clippy::cast_precision_loss)]
fn histogram(out: &mut String, def: &MetricDef, labels: &[String], bounds: &[f64], counts: &[u64], sum: f64) {
    let bucket_name = format!("{}_bucket", def.name);
    let mut total = 0u64;
    for (index, count) in counts.iter().enumerate() {
        total += count;
        let bound = bounds.get(index).map_or_else(|| "+Inf".to_owned(), f64::to_string);
        line(out, &bucket_name, def, labels, Some(&bound), total as f64);
    }
    line(out, &format!("{}_sum", def.name), def, labels, None, sum);
    line(out, &format!("{}_count", def.name), def, labels, None, total as f64);
}

fn line(out: &mut String, name: &str, def: &MetricDef, labels: &[String], bound: Option<&str>, value: f64) {
    out.push_str(name);
    let pairs =
        def.labels.iter().copied().zip(labels.iter().map(String::as_str)).chain(bound.map(|bound| ("le", bound)));
    let mut opening = '{';
    for (label, text) in pairs {
        out.push_str(&format!("{opening}{label}=\"{}\"", escape(text, true)));
        opening = ',';
    }
    if opening == ',' {
        out.push('}');
    }
    let written = writeln!(out, " {value}");
    debug_assert!(written.is_ok(), "a String takes all");
}

fn kind(kind: MetricKind) -> &'static str {
    match kind {
        MetricKind::Counter => "counter",
        MetricKind::Gauge => "gauge",
        MetricKind::Histogram(_) => "histogram",
    }
}

fn escape(text: &str, has_quotes: bool) -> String {
    let text = text.replace('\\', "\\\\").replace('\n', "\\n");
    if has_quotes { text.replace('"', "\\\"") } else { text }
}

/// The page docs/operations/metrics.md: every metric of every crate, in tables.
pub fn document(crates: &[(&str, &[MetricDef])]) -> String {
    let mut out = String::from(
        "# Metrics\n\nWhat `/metrics` shows, crate by crate. This page is written by the lists in the code; a test holds the two together.\n",
    );
    for (name, defs) in crates {
        out.push_str(&format!("\n## {name}\n\n| name | kind | labels | meaning |\n|---|---|---|---|\n"));
        for def in *defs {
            let labels = def.labels.join(", ");
            out.push_str(&format!(
                "| `{}` | {} | {labels} | {} |\n",
                def.name,
                kind(def.kind),
                def.help.replace('|', "\\|")
            ));
        }
    }
    out
}
