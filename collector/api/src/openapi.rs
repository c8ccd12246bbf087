//! `GET /api/v1/openapi.json`: the API, described for programs.

use axum::http::header;
use axum::response::{IntoResponse, Response};

/// The description as it stands in `openapi.json` beside this file; tests hold it against what is answered.
pub(crate) const DOCUMENT: &str = include_str!("openapi.json");

pub(crate) async fn show() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT).into_response()
}

#[cfg(test)]
mod tests;
