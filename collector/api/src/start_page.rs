//! `GET /`: what runs here and the first things to try, for whoever opens the port in a browser.

use axum::Extension;
use axum::http::HeaderMap;
use axum::http::header::HOST;
use axum::response::Html;
use std::net::SocketAddr;

/// Where `outrigger logs` asks when nobody tells it otherwise.
const USUAL_WEB: &str = "http://127.0.0.1:7070";

/// Where the collector listens; the process kit's ports are known once they are bound, so a request brings them along
/// in its extensions.
#[derive(Debug, Clone, Copy)]
pub struct Doors {
    /// OTLP where senders expect gRPC.
    pub otlp_grpc: SocketAddr,
    /// OTLP where senders expect HTTP.
    pub otlp_http: SocketAddr,
    /// This API.
    pub web: SocketAddr,
    /// Whether all of them speak TLS.
    pub has_tls: bool,
}

/// Plain HTML without script: nothing stored is shown, so nothing has to be escaped.
pub(crate) async fn show(doors: Option<Extension<Doors>>, headers: HeaderMap) -> Html<String> {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).and_then(plain_host);
    Html(page(doors.map(|Extension(doors)| doors), host))
}

fn page(doors: Option<Doors>, host: Option<&str>) -> String {
    let Some(doors) = doors else { return include_str!("start_page.html").to_owned() };
    let url = |address: SocketAddr| {
        let scheme = if doors.has_tls { "https" } else { "http" };
        // A listener on all addresses is reached as this page was.
        match host {
            Some(host) if address.ip().is_unspecified() => format!("{scheme}://{host}:{}", address.port()),
            Some(_) | None => format!("{scheme}://{address}"),
        }
    };
    let web = url(doors.web);
    // The command line speaks no TLS.
    let logs_command = match (doors.has_tls, web.as_str()) {
        (true, _) => String::new(),
        (false, USUAL_WEB) => "outrigger logs 'timeout level&gt;=warn' --since 1h\n".to_owned(),
        (false, web) => format!("outrigger logs 'timeout level&gt;=warn' --since 1h --url {web}\n"),
    };
    include_str!("start_page.html")
        .replace("{otlp_grpc}", &url(doors.otlp_grpc))
        .replace("{otlp_http}", &url(doors.otlp_http))
        .replace("{web}", &web)
        .replace("{logs_command}", &logs_command)
}

/// The host of `host:port`, when it holds no sign that means something in HTML or in a shell.
fn plain_host(authority: &str) -> Option<&str> {
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    let is_plain = host.chars().all(|sign| sign.is_ascii_alphanumeric() || matches!(sign, '.' | '-'));
    (is_plain && !host.is_empty()).then_some(host)
}

#[cfg(test)]
mod tests;
