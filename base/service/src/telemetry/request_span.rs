//! The span of a request: in the trace of its caller, who may see in it how long we took and how it ended.

use http::request::Parts;
use http::{HeaderMap, StatusCode};
use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::quiet::is_quiet;
use crate::caller::Caller;

/// Longest `tracestate` that is passed on, as the W3C recommends.
const TRACE_STATE_BYTES_MAX: usize = 512;

/// Begins the span of a request that was let in; none when spans go nowhere, or when it carries our own telemetry.
pub(crate) fn begin(request: &Parts, caller: &Caller) -> Span {
    if caller.is_own() || is_quiet() {
        return Span::none();
    }
    let method = request.method.as_str();
    let span = tracing::info_span!(
        "request",
        otel.kind = "server",
        otel.name = tracing::field::Empty,
        otel.status_code = tracing::field::Empty,
        http.request.method = method,
        http.response.status_code = tracing::field::Empty,
        url.path = request.uri.path(),
        tenant = caller.tenant.as_str(),
    );
    if span.is_disabled() {
        return span;
    }
    span.record("otel.name", format!("{method} {}", request.uri.path()));
    if let Some(parent) = caller_context(&request.headers) {
        // Fails only where no spans are exported, and then there is no trace to join.
        drop(span.set_parent(Context::new().with_remote_span_context(parent)));
    }
    span
}

/// Notes how the request ended.
pub(crate) fn end(span: &Span, method: &http::Method, status: StatusCode) {
    if span.is_disabled() {
        return;
    }
    // Signed, because the layer below writes unsigned numbers as text.
    span.record("http.response.status_code", i64::from(status.as_u16()));
    if status == StatusCode::NOT_FOUND {
        // Paths that do not exist are without number, names of spans must not be.
        span.record("otel.name", method.as_str());
    }
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
}

/// The caller's place in its trace, from `traceparent` and `tracestate`.
fn caller_context(headers: &HeaderMap) -> Option<SpanContext> {
    let mut found = headers.get_all("traceparent").iter();
    let parent = found.next()?.to_str().ok()?;
    if found.next().is_some() {
        return None;
    }
    let (trace_id, span_id, flags) = parse_trace_parent(parent)?;
    let state = headers.get("tracestate").and_then(|state| state.to_str().ok()).unwrap_or_default();
    let state = if state.len() <= TRACE_STATE_BYTES_MAX { state.parse().unwrap_or_default() } else { TraceState::NONE };
    Some(SpanContext::new(trace_id, span_id, flags, true, state))
}

/// `00-<32 hex>-<16 hex>-<2 hex>` of the W3C, strictly; a later version may have more behind it.
fn parse_trace_parent(text: &str) -> Option<(TraceId, SpanId, TraceFlags)> {
    let mut parts = text.trim().split('-');
    let version = hex(parts.next()?, 2)?;
    let trace_id = hex(parts.next()?, 32)?;
    let span_id = hex(parts.next()?, 16)?;
    let flags = hex(parts.next()?, 2)?;
    let is_known = if version == 0 { parts.next().is_none() } else { version < 0xff };
    if !is_known || trace_id == 0 || span_id == 0 {
        return None;
    }
    let flags = TraceFlags::new(u8::try_from(flags).ok()?) & TraceFlags::SAMPLED;
    Some((TraceId::from(trace_id), SpanId::from(u64::try_from(span_id).ok()?), flags))
}

/// So many lower-case hex digits.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let is_hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if text.len() == digits && is_hex { u128::from_str_radix(text, 16).ok() } else { None }
}

#[cfg(test)]
mod tests;
