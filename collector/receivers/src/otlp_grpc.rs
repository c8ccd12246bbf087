//! OTLP over gRPC: three unary calls, answered by hand on HTTP/2.
//!
//! Follows "gRPC over HTTP2" (grpc/grpc, PROTOCOL-HTTP2) for frames and trailers, and the OTLP specification's table
//! of retryable codes for what a refusal says: a retry hint exactly when a retry can help.

use crate::body::{self, Counted};
use crate::otlp_face::{Refusal, ReplyBody, Shared};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use basics::ErrorClass;
use bytes::{BufMut, Bytes, BytesMut};
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Empty, Full};
use ingest::{Format, Receipt, RefuseReason, Signal};
use service::Caller;
use std::fmt::{Display, Write};
use std::time::Duration;
use wire::inflate::Coding;
use wire::otlp::response::{self, Detail, FieldViolation, PartialSuccess, Status};

const LOGS_EXPORT: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
const TRACES_EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const METRICS_EXPORT: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const GRPC_STATUS_DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
const GRPC_ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const GRPC_ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");
const ACCEPTED_ENCODINGS: HeaderValue = HeaderValue::from_static("identity,gzip,zstd");
const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");

/// A message travels in a header, and clients take 8 KiB of headers; percent-encoding may triple it.
const MESSAGE_CHARS_MAX: usize = 512;

/// gRPC's status codes, as far as this face says them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Code {
    InvalidArgument = 3,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    Unauthenticated = 16,
}

/// Which code a class of error gets, and whether it carries a retry hint. INTERNAL, never DATA_LOSS, for our own
/// faults: senders retry DATA_LOSS.
fn code_of(class: ErrorClass) -> Code {
    match class {
        ErrorClass::Invalid => Code::InvalidArgument,
        ErrorClass::TooLarge | ErrorClass::Quota => Code::ResourceExhausted,
        ErrorClass::Forbidden => Code::PermissionDenied,
        ErrorClass::NotFound => Code::Unimplemented,
        ErrorClass::Overloaded | ErrorClass::Unavailable => Code::Unavailable,
        ErrorClass::Corrupt | ErrorClass::Internal => Code::Internal,
    }
}

/// Answers one call.
pub(crate) async fn handle<B>(shared: &Shared, request: Request<B>) -> Response<ReplyBody>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Display,
{
    if request.method() != Method::POST {
        return plain_status(StatusCode::METHOD_NOT_ALLOWED);
    }
    match request.uri().path() {
        LOGS_EXPORT => match export_logs(shared, request).await {
            Ok(receipt) => success(&receipt),
            Err(refusal) => refused(shared, &refusal),
        },
        TRACES_EXPORT => unimplemented("this collector does not take traces; turn the trace exporter off"),
        METRICS_EXPORT => unimplemented("this collector does not take metrics; turn the metric exporter off"),
        path => unimplemented(&format!("there is no call {path}")),
    }
}

/// A refusal, or a compression this face does not know (which gRPC answers in its own way).
enum CallError {
    Refused(Refusal),
    UnknownEncoding(String),
}

async fn export_logs<B>(shared: &Shared, mut request: Request<B>) -> Result<Receipt, CallError>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Display,
{
    let caller = request.extensions_mut().remove::<Caller>();
    let (caller, tenant) = shared.sender_of(caller).await.map_err(CallError::Refused)?;
    let coding = match encoding_of(request.headers()) {
        Ok(coding) => coding,
        Err(error) => {
            shared.ingest.ledger().refuse(tenant, Signal::Logs, 0, RefuseReason::Unsupported);
            return Err(error);
        }
    };
    let mut unread = Counted::new(request.into_body());
    let (body, coding) = match body::read_grpc_message(&mut unread, coding, &shared.limits).await {
        Ok(message) => message,
        Err(error) => {
            shared.count_unread(tenant, unread.read_bytes(), &error);
            return Err(CallError::Refused(Refusal::Body(error)));
        }
    };
    shared.admit(&caller, tenant, Format::Protobuf, coding, body).await.map_err(CallError::Refused)
}

fn encoding_of(headers: &HeaderMap) -> Result<Option<Coding>, CallError> {
    let Some(value) = headers.get(GRPC_ENCODING) else { return Ok(None) };
    let name = String::from_utf8_lossy(value.as_bytes());
    Coding::parse(&name).map(Some).ok_or_else(|| CallError::UnknownEncoding(name.into_owned()))
}

fn success(receipt: &Receipt) -> Response<ReplyBody> {
    let partial = PartialSuccess { rejected: u64::from(receipt.rejected), message: receipt.message.clone() };
    unary(&response::logs_success_protobuf(&partial))
}

/// One message and an OK in the trailers.
pub(crate) fn unary(message: &[u8]) -> Response<ReplyBody> {
    let mut frame = BytesMut::with_capacity(message.len() + 5);
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.len()).expect("replies are capped far below 4 GiB"));
    frame.put_slice(message);
    let mut trailers = HeaderMap::new();
    trailers.insert(GRPC_STATUS, HeaderValue::from_static("0"));
    let body = Full::new(frame.freeze()).with_trailers(std::future::ready(Some(Ok(trailers))));
    let mut reply = Response::new(body.boxed_unsync());
    reply.headers_mut().insert(CONTENT_TYPE, GRPC);
    reply
}

fn refused(shared: &Shared, error: &CallError) -> Response<ReplyBody> {
    let refusal = match error {
        CallError::Refused(refusal) => refusal,
        CallError::UnknownEncoding(name) => {
            let mut reply = unimplemented(&format!("grpc-encoding {name} is not taken; use identity, gzip or zstd"));
            reply.headers_mut().insert(GRPC_ACCEPT_ENCODING, ACCEPTED_ENCODINGS);
            return reply;
        }
    };
    let class = refusal.class();
    let message = refusal.message();
    if class == ErrorClass::Invalid {
        let violation = FieldViolation { field: refusal.field().to_owned(), description: message.clone() };
        return status(Code::InvalidArgument, &message, Some(Detail::BadRequest(vec![violation])));
    }
    let hint =
        class.is_retryable().then(|| Detail::RetryInfo(Duration::from_secs(refusal.retry_seconds(&shared.hints))));
    status(code_of(class), &message, hint)
}

/// A refusal of the front: gRPC says missing credentials and missing rights with codes of its own.
pub(crate) fn refused_by_front(refusal: &service::Refusal) -> Response<ReplyBody> {
    let code = match refusal.status() {
        StatusCode::UNAUTHORIZED => Code::Unauthenticated,
        StatusCode::FORBIDDEN => Code::PermissionDenied,
        _ => code_of(refusal.class()),
    };
    status(code, &refusal.to_string(), None)
}

pub(crate) fn unimplemented(message: &str) -> Response<ReplyBody> {
    status(Code::Unimplemented, message, None)
}

/// A reply that consists of its status ("Trailers-Only").
fn status(code: Code, message: &str, detail: Option<Detail>) -> Response<ReplyBody> {
    let mut reply = Response::new(Empty::new().boxed_unsync());
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, GRPC);
    headers.insert(GRPC_STATUS, HeaderValue::from(u16::from(code as u8)));
    let shown: String = message.chars().take(MESSAGE_CHARS_MAX).collect();
    if let Ok(value) = HeaderValue::from_str(&percent_encoded(&shown)) {
        headers.insert(GRPC_MESSAGE, value);
    }
    if let Some(detail) = detail {
        let details = Status { code: i32::from(code as u8), message: shown, details: vec![detail] };
        if let Ok(value) = HeaderValue::from_str(&STANDARD_NO_PAD.encode(details.to_protobuf())) {
            headers.insert(GRPC_STATUS_DETAILS, value);
        }
    }
    reply
}

fn plain_status(code: StatusCode) -> Response<ReplyBody> {
    let mut reply = Response::new(Empty::new().boxed_unsync());
    *reply.status_mut() = code;
    reply
}

/// gRPC's own percent-encoding: everything outside printable ASCII, and the percent sign.
fn percent_encoded(message: &str) -> String {
    let mut out = String::with_capacity(message.len());
    for byte in message.bytes() {
        if (0x20..=0x7E).contains(&byte) && byte != b'%' {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("writing to a String does not fail");
        }
    }
    out
}

#[cfg(test)]
mod tests;
