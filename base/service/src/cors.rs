//! What a browser must hear before it lets a page of a listed origin call us and read the answer (CORS).
//!
//! Always true:
//! - only an origin of `security.allowed_origins` hears anything, and hears its own name, never `*`;
//! - no page is told that it may send what the browser holds (cookies, client certificates): a page that calls has a
//!   token of its own to send, or the listener asks for none.
//!
//! Start at [`preflight`] and at [`allow`].

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};

use crate::refusal::full;
use crate::server::ResponseBody;

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST");
/// What senders of OTLP and callers of the API set; a browser asks before it sends any of these.
const HEADERS: HeaderValue =
    HeaderValue::from_static("authorization, content-type, content-encoding, x-scope-orgid, traceparent, tracestate");
/// What an answer says beyond its body.
const EXPOSED: HeaderValue = HeaderValue::from_static("retry-after, www-authenticate");
/// Seconds a browser may remember a permission; short, because the list may change with the next start.
const MAX_AGE_SECONDS: HeaderValue = HeaderValue::from_static("600");
const REQUEST_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-request-private-network");
const ALLOW_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-allow-private-network");

/// Answers the question that a browser asks before the request of a page; `None` for every other request.
///
/// A browser sends no credential with it, so it is answered before anybody is asked for one. The request itself is then
/// checked like any other.
pub(crate) fn preflight(request: &Parts) -> Option<Response<ResponseBody>> {
    let is_question = request.method == Method::OPTIONS && request.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    if !is_question {
        return None;
    }
    let mut response = Response::new(full(""));
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
    headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE_SECONDS);
    if request.headers.get(REQUEST_PRIVATE_NETWORK).is_some_and(|value| value.as_bytes() == b"true") {
        headers.insert(ALLOW_PRIVATE_NETWORK, HeaderValue::from_static("true"));
    }
    Some(response)
}

/// Lets a page of this listed origin read the answer, whatever it says.
pub(crate) fn allow(headers: &mut HeaderMap, origin: &HeaderValue) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    headers.append(VARY, HeaderValue::from(ORIGIN));
}
