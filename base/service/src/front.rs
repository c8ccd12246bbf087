//! What stands before every face: the guard, authentication, and the access that a route declares.

use std::fmt;
use std::sync::Arc;

use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Response, Version, header};

use crate::auth::Auth;
use crate::caller::{Access, Caller, Proof};
use crate::cors;
use crate::guard::Guard;
use crate::refusal::{Refusal, refuse_in_json};
use crate::server::{ConnectionInfo, ResponseBody};

/// Renders a refusal in the protocol of a face.
pub type RefusalRenderer = Arc<dyn Fn(&Refusal, &Parts) -> Response<ResponseBody> + Send + Sync>;

/// Says what a route asks of its caller, by method and path.
pub type AccessTable = Arc<dyn Fn(&Method, &str) -> Access + Send + Sync>;

/// The guard, the credentials and the access table of one listener.
#[derive(Clone)]
pub struct Front {
    guard: Guard,
    auth: Arc<Auth>,
    access: AccessTable,
    refuse: RefusalRenderer,
}

impl Front {
    /// A front that refuses in JSON.
    pub fn new(guard: Guard, auth: Arc<Auth>, access: AccessTable) -> Front {
        Front { guard, auth, access, refuse: Arc::new(refuse_in_json) }
    }

    /// Refuses in the protocol of the face.
    #[must_use]
    pub fn refusing_with(mut self, refuse: RefusalRenderer) -> Front {
        self.refuse = refuse;
        self
    }

    /// Lets a request in and says who sends it.
    ///
    /// # Errors
    /// The [`Refusal`] to answer with.
    pub async fn admit(&self, request: &mut Parts, connection: &ConnectionInfo) -> Result<Caller, Refusal> {
        self.guard.check(request)?;
        let access = (self.access)(&request.method, request.uri.path());
        let caller = match self.auth.authenticate(&request.headers, connection) {
            Ok(caller) => caller,
            Err(_) if access == Access::Open => Caller::nobody(connection.peer),
            Err(refusal) => {
                self.auth.punish(connection.peer.ip(), &refusal).await;
                return Err(refusal);
            }
        };
        // No browser speaks HTTP/2 without TLS, so no page can have sent that; and a gateway calls us what it likes.
        let is_beyond_pages = request.version == Version::HTTP_2 && !connection.is_tls;
        if caller.proof == Proof::None && !is_beyond_pages {
            self.guard.check_host(request)?;
        }
        // The credential has done its work; nothing behind the front has a use for it.
        request.headers.remove(header::AUTHORIZATION);
        match access {
            Access::Open => Ok(caller),
            Access::Needs(scope) => caller.require(scope).map(|()| caller),
            Access::Denied => Err(Refusal::Closed),
        }
    }

    /// The origin of the page that made the request, when the operator listed it.
    pub(crate) fn listed_origin(&self, request: &Parts) -> Option<HeaderValue> {
        self.guard.listed_origin(request)
    }

    /// Renders a refusal as this face speaks.
    pub fn refuse(&self, refusal: &Refusal, request: &Parts) -> Response<ResponseBody> {
        (self.refuse)(refusal, request)
    }

    /// Adds what every answer carries, what a page of `listed_origin` needs to read it, and what every page of ours
    /// carries.
    pub fn finish(
        &self,
        mut response: Response<ResponseBody>,
        listed_origin: Option<&HeaderValue>,
    ) -> Response<ResponseBody> {
        let headers = response.headers_mut();
        if let Some(origin) = listed_origin {
            cors::allow(headers, origin);
        }
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        let content_type = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
        if content_type.get(..9).is_some_and(|start| start.eq_ignore_ascii_case(b"text/html")) {
            for (name, value) in PAGE_HEADERS {
                if !headers.contains_key(&name) {
                    headers.insert(name, HeaderValue::from_static(value));
                }
            }
        }
        response
    }
}

impl fmt::Debug for Front {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Front").field("guard", &self.guard).finish_non_exhaustive()
    }
}

/// A page of ours runs its own scripts and nothing else, in no frame, and tells nobody where it is. A face that
/// needs a nonce brings its own policy.
const PAGE_HEADERS: [(HeaderName, &str); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         frame-ancestors 'none'; base-uri 'none'; form-action 'self'; require-trusted-types-for 'script'",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

#[cfg(test)]
mod tests;
