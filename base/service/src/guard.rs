//! The guard of the front: what no request may be, whoever sends it.
//!
//! A server on loopback is reachable from every web page its user opens. A page can send requests here
//! (but not read the answers) and can rebind a name of its own to 127.0.0.1 (and then read them). The
//! `Host` tells the second, `Origin` and `Sec-Fetch-Site` tell the first. A token or certificate proves that
//! no page sent the request, since a page has none to attach; so `Host` is asked only of callers without one.

use std::net::IpAddr;

use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, header};

use crate::refusal::Refusal;

/// The names a server answers to, and the pages that may call it.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    hosts: Vec<String>,
    origins: Vec<String>,
}

impl Guard {
    /// A guard that knows these host names (without port) and origins (`https://grafana.example`) beside loopback.
    pub fn new(allowed_hosts: &[String], allowed_origins: &[String]) -> Guard {
        let lower =
            |texts: &[String]| texts.iter().map(|text| text.trim_end_matches('/').to_ascii_lowercase()).collect();
        Guard { hosts: lower(allowed_hosts), origins: lower(allowed_origins) }
    }

    /// Checks what holds for every caller.
    ///
    /// # Errors
    /// The [`Refusal`] to answer with.
    pub fn check(&self, request: &Parts) -> Result<(), Refusal> {
        check_path(request.uri.path())?;
        check_header_size(&request.headers)?;
        self.check_origin(request)
    }

    /// Checks the name the request was sent to; for callers without a credential.
    ///
    /// # Errors
    /// [`Refusal::Host`].
    pub fn check_host(&self, request: &Parts) -> Result<(), Refusal> {
        let authority = authority(request).ok_or(Refusal::Host)?;
        let host = host_of(authority);
        if is_local_name(host) || self.hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(host)) {
            return Ok(());
        }
        Err(Refusal::Host)
    }

    /// The origin of the page that made the request, when it is one of those configured.
    pub fn listed_origin(&self, request: &Parts) -> Option<HeaderValue> {
        let value = request.headers.get(header::ORIGIN)?;
        let origin = value.to_str().ok()?;
        self.origins.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin)).then(|| value.clone())
    }

    fn check_origin(&self, request: &Parts) -> Result<(), Refusal> {
        if self.listed_origin(request).is_some() {
            return Ok(());
        }
        if let Some(origin) = request.headers.get(header::ORIGIN) {
            let origin = origin.to_str().map_err(|_| Refusal::Origin)?;
            if !is_same_origin(origin, request) {
                return Err(Refusal::Origin);
            }
        }
        let fetched_from = request.headers.get("sec-fetch-site").map(http::HeaderValue::as_bytes);
        if fetched_from == Some(b"cross-site") && !is_followed_link(request) {
            return Err(Refusal::Origin);
        }
        Ok(())
    }
}

/// A person who follows a link to our page comes from another site too, but reads the answer in a tab of its own.
fn is_followed_link(request: &Parts) -> bool {
    let says =
        |name: &str, value: &str| request.headers.get(name).is_some_and(|found| found.as_bytes() == value.as_bytes());
    request.method == Method::GET && says("sec-fetch-mode", "navigate") && says("sec-fetch-dest", "document")
}

/// The `:authority` or `Host`; `None` when there is none, or two that differ.
fn authority(request: &Parts) -> Option<&str> {
    let mut hosts = request.headers.get_all(header::HOST).iter();
    let from_header = match hosts.next() {
        Some(host) => Some(host.to_str().ok()?),
        None => None,
    };
    if hosts.next().is_some() {
        return None;
    }
    match (request.uri.authority().map(http::uri::Authority::as_str), from_header) {
        (Some(authority), Some(host)) if !authority.eq_ignore_ascii_case(host) => None,
        (Some(authority), _) => Some(authority),
        (None, host) => host,
    }
}

/// The host of `host:port`, without the brackets of IPv6.
fn host_of(authority: &str) -> &str {
    let without_user = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if let Some(rest) = without_user.strip_prefix('[') {
        return rest.split_once(']').map_or("", |(host, _)| host);
    }
    let host = without_user.split_once(':').map_or(without_user, |(host, _)| host);
    host.strip_suffix('.').unwrap_or(host)
}

/// Names that no foreign name server can answer for: loopback, and addresses written out.
fn is_local_name(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok()
}

fn is_same_origin(origin: &str, request: &Parts) -> bool {
    let Some((scheme, origin_authority)) = origin.split_once("://") else { return false };
    let Some(authority) = authority(request) else { return false };
    let default_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    let strip = |text: &str| text.strip_suffix(default_port).unwrap_or(text).to_ascii_lowercase();
    strip(origin_authority) == strip(authority)
}

/// Paths that routers, proxies and files read differently are refused, not repaired.
fn check_path(path: &str) -> Result<(), Refusal> {
    let bytes = path.as_bytes();
    if bytes.first() != Some(&b'/') || path.contains("//") || bytes.iter().any(|byte| matches!(byte, b'\\' | 0)) {
        return Err(Refusal::Path);
    }
    if path.split('/').any(|segment| segment == "." || segment == "..") {
        return Err(Refusal::Path);
    }
    let has_hidden_sign = bytes.windows(3).any(|three| {
        let [b'%', high, low] = three else { return false };
        matches!((high, low.to_ascii_lowercase()), (b'2', b'f' | b'e') | (b'5', b'c') | (b'0', b'0'))
    });
    if has_hidden_sign { Err(Refusal::Path) } else { Ok(()) }
}

fn check_header_size(headers: &HeaderMap) -> Result<(), Refusal> {
    // 32 bytes of overhead per line, as HTTP/2 counts them.
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
    let limit = usize::try_from(crate::limits::HEADER_BYTES_MAX).unwrap_or(usize::MAX);
    if bytes > limit { Err(Refusal::HeaderTooLarge) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
