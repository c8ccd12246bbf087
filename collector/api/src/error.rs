//! What a caller of the native API hears when something is wrong.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use basics::ErrorClass;
use query::QueryError;
use search_lang::SearchLangError;
use serde::Serialize;

/// An answer with a status of 400 or above: `{"error": {...}}`.
#[derive(Debug, Serialize)]
pub(crate) struct ApiError {
    #[serde(skip)]
    class: ErrorClass,
    error: Body,
}

#[derive(Debug, Serialize)]
struct Body {
    class: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    span: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suggestion: Option<String>,
}

/// A place in the query text, in bytes.
#[derive(Debug, Serialize)]
struct Span {
    start: usize,
    end: usize,
}

impl ApiError {
    pub(crate) fn new(class: ErrorClass, message: impl Into<String>) -> ApiError {
        let body = Body { class: class.name(), message: message.into(), parameter: None, span: None, suggestion: None };
        ApiError { class, error: body }
    }

    pub(crate) fn parameter(parameter: &'static str, message: impl Into<String>) -> ApiError {
        let mut error = ApiError::new(ErrorClass::Invalid, message);
        error.error.parameter = Some(parameter);
        error
    }

    /// A mistake in the query text, with its place.
    pub(crate) fn query(mistake: &SearchLangError) -> ApiError {
        let mut error = ApiError::new(mistake.class(), mistake.message.clone());
        error.error.parameter = Some("q");
        error.error.span = Some(Span { start: mistake.span.start, end: mistake.span.end });
        error.error.suggestion = mistake.suggestion.clone();
        error
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> ApiError {
        ApiError::new(error.class(), error.to_string())
    }
}

/// The native API's map from class to status.
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

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let class = self.class;
        let mut response = (status_of(class), Json(self)).into_response();
        if class.is_retryable() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
