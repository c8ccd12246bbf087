//! `GET /`: what runs here and the first things to try, for whoever opens the port in a browser.

use axum::Extension;
use axum::http::HeaderMap;
use axum::http::header::HOST;
use axum::response::Html;
use std::net::SocketAddr;

/// Where `outrigger logs` asks when nobody tells it otherwise.
const USUAL_WEB: &str = "http://127.0.0.1:7070";

/// Where a credential comes from.
const CREDENTIAL: &str = "<p>Senders need a token with the scope <code>ingest</code>, searches one with <code>query</code>: \
    <code>outrigger token new NAME --scope ingest,query</code> prints one, and the lines for the token file.</p>\n";

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
    /// Whether callers need a token or a certificate.
    pub has_credentials: bool,
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
    let mut logs_command = String::new();
    if !doors.has_tls {
        logs_command.push_str("outrigger logs 'timeout level&gt;=warn' --since 1h");
        if web != USUAL_WEB {
            logs_command.push_str(&format!(" --url {web}"));
        }
        if doors.has_credentials {
            logs_command.push_str(" --token-file FILE-WITH-TOKEN");
        }
        logs_command.push('\n');
    }
    let mut curl = "curl -s".to_owned();
    let mut credential = "";
    if doors.has_tls {
        curl.push_str(" --cacert AUTHORITY.pem");
    }
    if doors.has_credentials {
        curl.push_str(" -H 'authorization: Bearer TOKEN'");
        credential = CREDENTIAL;
    }
    include_str!("start_page.html")
        .replace("{otlp_grpc}", &url(doors.otlp_grpc))
        .replace("{otlp_http}", &url(doors.otlp_http))
        .replace("{web}", &web)
        .replace("{logs_command}", &logs_command)
        .replace("{curl}", &curl)
        .replace("{credential}", credential)
}

/// The host of `host:port`, when it holds no sign that means something in HTML or in a shell.
fn plain_host(authority: &str) -> Option<&str> {
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    let is_plain = host.chars().all(|sign| sign.is_ascii_alphanumeric() || matches!(sign, '.' | '-'));
    (is_plain && !host.is_empty()).then_some(host)
}

#[cfg(test)]
mod tests;
