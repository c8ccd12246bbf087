//! Why a request is answered before it reaches its face.

use std::convert::Infallible;

use basics::ErrorClass;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};

use crate::caller::Scope;
use crate::server::ResponseBody;

/// Why the front of the server refuses a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The path is written in a way that routers and files read differently.
    #[error(
        "the path is not plain: it must begin with one / and hold no //, no dot segment and no encoded / \\ . or NUL"
    )]
    Path,
    /// The `Host` is none of ours; a web page may have rebound a name of its own to this address.
    #[error("this server does not answer to that Host; add it to allowed_hosts, or send a token")]
    Host,
    /// The request was made by a page of another origin.
    #[error("requests from pages of another origin are refused; add the origin to allowed_origins")]
    Origin,
    /// The header block is too large.
    #[error("the header block is larger than {} bytes", crate::limits::HEADER_BYTES_MAX)]
    HeaderTooLarge,
    /// A credential is needed and none was sent.
    #[error("a token is needed: send `authorization: Bearer otr_...`")]
    NoCredential,
    /// The credential is not known.
    #[error("the token is not known")]
    UnknownCredential,
    /// The certificate of the client is mapped to nothing.
    #[error("the client certificate is valid, but no rule maps its subject names to scopes")]
    UnmappedCertificate,
    /// The credential may not do this.
    #[error("this credential lacks the scope `{0}`, or may not act so for this tenant")]
    Scope(Scope),
    /// The credential may not act for the named tenant, or it is no tenant name.
    #[error("this credential may not act for the tenant that X-Scope-OrgID names")]
    Tenant,
    /// The route declares no access.
    #[error("this route is closed")]
    Closed,
    /// A handler panicked.
    #[error("internal error")]
    Internal,
}

impl Refusal {
    /// Who must act.
    pub fn class(&self) -> ErrorClass {
        match self {
            Refusal::Path | Refusal::HeaderTooLarge => ErrorClass::Invalid,
            Refusal::Host
            | Refusal::Origin
            | Refusal::NoCredential
            | Refusal::UnknownCredential
            | Refusal::UnmappedCertificate
            | Refusal::Scope(_)
            | Refusal::Tenant
            | Refusal::Closed => ErrorClass::Forbidden,
            Refusal::Internal => ErrorClass::Internal,
        }
    }

    /// The HTTP status: 401 when a credential would help, 403 when this one does not.
    pub fn status(&self) -> StatusCode {
        match self {
            Refusal::Path => StatusCode::BAD_REQUEST,
            Refusal::HeaderTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Refusal::NoCredential | Refusal::UnknownCredential => StatusCode::UNAUTHORIZED,
            Refusal::Host
            | Refusal::Origin
            | Refusal::UnmappedCertificate
            | Refusal::Scope(_)
            | Refusal::Tenant
            | Refusal::Closed => StatusCode::FORBIDDEN,
            Refusal::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The reason as it stands in metric labels.
    pub fn name(&self) -> &'static str {
        match self {
            Refusal::Path => "path",
            Refusal::Host => "host",
            Refusal::Origin => "origin",
            Refusal::HeaderTooLarge => "header_too_large",
            Refusal::NoCredential => "no_credential",
            Refusal::UnknownCredential => "unknown_credential",
            Refusal::UnmappedCertificate => "unmapped_certificate",
            Refusal::Scope(_) => "scope",
            Refusal::Tenant => "tenant",
            Refusal::Closed => "closed",
            Refusal::Internal => "internal",
        }
    }
}

/// Answers a refusal in JSON: `{"error":"…","message":"…"}`. Faces with a protocol of their own bring their own.
pub fn refuse_in_json(refusal: &Refusal, _request: &http::request::Parts) -> Response<ResponseBody> {
    let body = serde_json::json!({ "error": refusal.name(), "message": refusal.to_string() });
    let mut response = Response::new(full(body.to_string()));
    *response.status_mut() = refusal.status();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if refusal.status() == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// A response body of known bytes.
pub fn full(bytes: impl Into<Bytes>) -> ResponseBody {
    Full::new(bytes.into()).map_err(|never: Infallible| match never {}).boxed_unsync()
}
