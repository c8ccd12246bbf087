//! OTLP over HTTP: `POST /v1/logs`, protobuf or JSON.
//!
//! Every answer with a status of 400 and above carries a `google.rpc.Status` in the request's own format, JSON when
//! the request names none (OTLP specification, "OTLP/HTTP Response").

use crate::body::{self, BodyError, Counted};
use crate::otlp_face::{Refusal, ReplyBody, Shared};
use basics::ErrorClass;
use bytes::Bytes;
use http::header::{ALLOW, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use ingest::{Format, Receipt, RefuseReason, Signal};
use service::Caller;
use std::fmt::Display;
use wire::inflate::Coding;
use wire::otlp::response::{self, Detail, FieldViolation, PartialSuccess, Status};

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

/// A signal that an OTLP path names.
enum Target {
    Logs,
    /// A signal of OTLP that this collector does not take.
    NotTaken(&'static str),
}

/// The three paths of the specification, and the aliases under which other products are configured.
fn target_of(path: &str) -> Option<Target> {
    match path {
        "/v1/logs" | "/otlp/v1/logs" => Some(Target::Logs),
        "/v1/traces" => Some(Target::NotTaken("traces")),
        "/v1/metrics" | "/api/v1/otlp/v1/metrics" => Some(Target::NotTaken("metrics")),
        "/v1development/profiles" => Some(Target::NotTaken("profiles")),
        _ => None,
    }
}

/// Which status a class of error gets. Retry-After goes with every retryable class and with no other.
fn status_of(class: ErrorClass) -> StatusCode {
    match class {
        ErrorClass::Invalid => StatusCode::BAD_REQUEST,
        ErrorClass::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorClass::Forbidden => StatusCode::FORBIDDEN,
        ErrorClass::NotFound => StatusCode::NOT_FOUND,
        ErrorClass::Quota => StatusCode::TOO_MANY_REQUESTS,
        ErrorClass::Overloaded | ErrorClass::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorClass::Corrupt | ErrorClass::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The `google.rpc.Code` that goes into the body beside an HTTP status.
fn rpc_code_of(status: StatusCode) -> i32 {
    match status.as_u16() {
        400 | 405 | 415 | 431 => 3,
        401 => 16,
        403 => 7,
        404 => 12,
        413 | 429 => 8,
        408 | 503 => 14,
        _ => 13,
    }
}

/// Answers one request.
pub(crate) async fn handle<B>(shared: &Shared, mut request: Request<B>) -> Response<ReplyBody>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Display,
{
    let format = format_of(request.headers());
    let reply_format = format.unwrap_or(Format::Json);
    match target_of(request.uri().path()) {
        None => {
            let message = format!("there is no {}; OTLP logs go to /v1/logs", request.uri().path());
            return failure(StatusCode::NOT_FOUND, reply_format, &message, None);
        }
        Some(Target::NotTaken(signal)) => {
            let message = format!("this collector does not take {signal}; turn that exporter off");
            return failure(StatusCode::NOT_FOUND, reply_format, &message, None);
        }
        Some(Target::Logs) => {}
    }
    if request.method() != Method::POST {
        let mut reply = failure(StatusCode::METHOD_NOT_ALLOWED, reply_format, "OTLP requests are POST requests", None);
        reply.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        return reply;
    }
    let caller = request.extensions_mut().remove::<Caller>();
    let (caller, tenant) = match shared.sender_of(caller).await {
        Ok(sender) => sender,
        Err(refusal) => return refused(shared, reply_format, &refusal),
    };
    let Some(format) = format else {
        shared.ingest.ledger().refuse(tenant, Signal::Logs, 0, RefuseReason::Unsupported);
        let message = format!("the content type must be {PROTOBUF} or {JSON}");
        return failure(StatusCode::UNSUPPORTED_MEDIA_TYPE, reply_format, &message, None);
    };
    let Some(coding) = coding_of(request.headers()) else {
        shared.ingest.ledger().refuse(tenant, Signal::Logs, 0, RefuseReason::Unsupported);
        let message = "the content encoding must be none, gzip or zstd";
        return failure(StatusCode::UNSUPPORTED_MEDIA_TYPE, reply_format, message, None);
    };
    let claimed_bytes = content_length(request.headers());
    let mut unread = Counted::new(request.into_body());
    let body = match body::read(&mut unread, claimed_bytes, coding, &shared.limits).await {
        Ok(body) => body,
        Err(error) => {
            shared.count_unread(tenant, unread.read_bytes(), &error);
            return refused(shared, format, &Refusal::Body(error));
        }
    };
    match shared.admit(&caller, tenant, format, coding, body).await {
        Ok(receipt) => success(format, &receipt),
        Err(refusal) => refused(shared, format, &refusal),
    }
}

/// A refusal of the front, with the status the front chose.
pub(crate) fn refused_by_front(refusal: &service::Refusal, headers: &HeaderMap) -> Response<ReplyBody> {
    let format = format_of(headers).unwrap_or(Format::Json);
    let mut reply = failure(refusal.status(), format, &refusal.to_string(), None);
    if refusal.status() == StatusCode::UNAUTHORIZED {
        reply.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    reply
}

fn format_of(headers: &HeaderMap) -> Option<Format> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let essence = value.split(';').next()?.trim();
    if essence.eq_ignore_ascii_case(PROTOBUF) {
        Some(Format::Protobuf)
    } else if essence.eq_ignore_ascii_case(JSON) {
        Some(Format::Json)
    } else {
        None
    }
}

/// The one coding of the body; `None` for an unknown one and for several on top of each other.
fn coding_of(headers: &HeaderMap) -> Option<Coding> {
    let mut values = headers.get_all(CONTENT_ENCODING).iter();
    let coding = match values.next() {
        None => Coding::Identity,
        Some(value) => Coding::parse(value.to_str().ok()?.trim())?,
    };
    values.next().is_none().then_some(coding)
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn success(format: Format, receipt: &Receipt) -> Response<ReplyBody> {
    let partial = PartialSuccess { rejected: u64::from(receipt.rejected), message: receipt.message.clone() };
    let body = match format {
        Format::Protobuf => response::logs_success_protobuf(&partial),
        Format::Json => response::logs_success_json(&partial).into_bytes(),
    };
    reply(StatusCode::OK, format, body)
}

fn refused(shared: &Shared, format: Format, refusal: &Refusal) -> Response<ReplyBody> {
    let class = refusal.class();
    let message = refusal.message();
    let status = match refusal {
        // HTTP has a status of its own for it, which says that the same request may be repeated.
        Refusal::Body(BodyError::Incomplete(_)) => StatusCode::REQUEST_TIMEOUT,
        _ => status_of(class),
    };
    if class.is_retryable() {
        let seconds = refusal.retry_seconds(&shared.hints);
        let mut reply = failure(status, format, &message, None);
        reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        return reply;
    }
    let violation = || FieldViolation { field: refusal.field().to_owned(), description: message.clone() };
    let detail = (class == ErrorClass::Invalid).then(|| Detail::BadRequest(vec![violation()]));
    failure(status, format, &message, detail)
}

/// An answer that carries a `google.rpc.Status`.
fn failure(status: StatusCode, format: Format, message: &str, detail: Option<Detail>) -> Response<ReplyBody> {
    let details = detail.into_iter().collect();
    let rpc_status = Status { code: rpc_code_of(status), message: message.to_owned(), details };
    let body = match format {
        Format::Protobuf => rpc_status.to_protobuf(),
        Format::Json => rpc_status.to_json().into_bytes(),
    };
    reply(status, format, body)
}

fn reply(status: StatusCode, format: Format, body: Vec<u8>) -> Response<ReplyBody> {
    let mut reply = Response::new(Full::new(Bytes::from(body)).boxed_unsync());
    *reply.status_mut() = status;
    let content_type = match format {
        Format::Protobuf => HeaderValue::from_static(PROTOBUF),
        Format::Json => HeaderValue::from_static(JSON),
    };
    reply.headers_mut().insert(CONTENT_TYPE, content_type);
    reply
}

#[cfg(test)]
mod tests;
