//! Who asks: the result of authentication, which every face finds in the extensions of its requests.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;

use basics::TenantName;

use crate::auth::HeldToken;
use crate::refusal::Refusal;

/// What a credential may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Send telemetry.
    Ingest,
    /// Search and read telemetry.
    Query,
    /// Publish to and consume from queues.
    Queue,
    /// Use the cache.
    Cache,
    /// Change how the process runs.
    Admin,
}

impl Scope {
    /// All scopes, in the order they are listed to people.
    pub const ALL: [Scope; 5] = [Scope::Ingest, Scope::Query, Scope::Queue, Scope::Cache, Scope::Admin];

    /// The scope as it is written in files.
    pub fn name(self) -> &'static str {
        match self {
            Scope::Ingest => "ingest",
            Scope::Query => "query",
            Scope::Queue => "queue",
            Scope::Cache => "cache",
            Scope::Admin => "admin",
        }
    }

    fn bit(self) -> u8 {
        match self {
            Scope::Ingest => 1,
            Scope::Query => 2,
            Scope::Queue => 4,
            Scope::Cache => 8,
            Scope::Admin => 16,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// A text that names no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown scope {0:?}, allowed: ingest, query, queue, cache, admin")]
pub struct UnknownScope(pub String);

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Scope::ALL.into_iter().find(|scope| scope.name() == text);
        found.ok_or_else(|| UnknownScope(text.chars().take(40).collect()))
    }
}

/// A set of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u8);

impl Scopes {
    /// Every scope.
    pub fn all() -> Scopes {
        Scope::ALL.into_iter().collect()
    }

    /// Tells whether `scope` is in the set.
    pub fn has(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Scopes(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

/// The tenants a credential may act for; the first is the one meant when a request names none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tenants {
    /// These, of which there is at least one.
    Listed(Vec<TenantName>),
    /// Every tenant but our own; `default` when a request names none.
    Any,
}

impl Tenants {
    /// The tenant that a request means: the one it names when the credential may, else the first.
    pub(crate) fn choose(&self, named: Option<&TenantName>) -> Option<TenantName> {
        match (self, named) {
            (Tenants::Listed(allowed), None) => allowed.first().cloned(),
            (Tenants::Listed(allowed), Some(named)) => allowed.contains(named).then(|| named.clone()),
            (Tenants::Any, None) => Some(TenantName::default_tenant()),
            (Tenants::Any, Some(named)) => (*named != TenantName::self_tenant()).then(|| named.clone()),
        }
    }
}

/// How a caller proved who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Not at all: the listener is on loopback and no credentials are configured.
    None,
    /// By a token.
    Token,
    /// By a client certificate.
    Certificate,
    /// It is this process itself.
    Own,
}

/// Who asks, for which tenant, and what it may do.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The tenant that this request acts for.
    pub tenant: TenantName,
    /// The name of the credential, for logs; `anonymous` without one.
    pub name: Arc<str>,
    /// What it may do.
    pub scopes: Scopes,
    /// How it proved who it is.
    pub proof: Proof,
    /// Where it calls from.
    pub peer: SocketAddr,
    /// Whether the credential is still what it was.
    pub standing: Standing,
}

/// Whether a credential still counts: a stream may outlive the token that it was opened with.
#[derive(Debug, Clone, Default)]
pub struct Standing(pub(crate) Option<HeldToken>);

impl Caller {
    /// The caller on loopback where no credentials are configured: tenant `default`, every scope.
    pub fn local(peer: SocketAddr) -> Caller {
        Caller {
            tenant: TenantName::default_tenant(),
            name: "anonymous".into(),
            scopes: Scopes::all(),
            proof: Proof::None,
            peer,
            standing: Standing::default(),
        }
    }

    /// A caller who proved nothing where proof is asked: it may only reach open routes.
    pub(crate) fn nobody(peer: SocketAddr) -> Caller {
        Caller { scopes: Scopes::default(), ..Caller::local(peer) }
    }

    /// Passes when the caller may do `scope`.
    ///
    /// # Errors
    /// `Forbidden`, for a missing scope and for sending telemetry as our own tenant.
    pub fn require(&self, scope: Scope) -> Result<(), Refusal> {
        let poses_as_us =
            scope == Scope::Ingest && self.proof != Proof::Own && self.tenant == TenantName::self_tenant();
        if poses_as_us || !self.scopes.has(scope) { Err(Refusal::Scope(scope)) } else { Ok(()) }
    }

    /// Tells whether the credential still permits `scope` for this tenant. A token that has gone from the token file does
    /// not; a client certificate counts as long as its connection.
    pub fn may_still(&self, scope: Scope) -> bool {
        self.standing.0.as_ref().is_none_or(|token| token.permits(scope, &self.tenant))
    }

    /// Tells whether this request carries the process's own telemetry, about which nothing is to be reported.
    pub fn is_own(&self) -> bool {
        self.proof == Proof::Own
    }
}

/// What a route asks of its caller. A route that says nothing is [`Access::Denied`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody may call: health, the shell of the page.
    Open,
    /// Callers with this scope.
    Needs(Scope),
    /// Nobody, but whoever is known hears 404 from the router instead of 403.
    Denied,
}
