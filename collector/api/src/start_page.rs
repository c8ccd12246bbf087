//! `GET /`: what runs here and the first things to try, for whoever opens the port in a browser.

use axum::response::Html;

/// Plain HTML without script: nothing stored is shown, so nothing has to be escaped.
pub(crate) async fn show() -> Html<&'static str> {
    Html(include_str!("start_page.html"))
}
