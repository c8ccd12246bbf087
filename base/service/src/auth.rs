//! Credentials in, a [`Caller`] out.
//!
//! Always true:
//! - the tenant comes from the credential; a header only chooses among the credential's tenants;
//! - a token is known here only by its SHA-256, and all are compared, so time tells nothing;
//! - without configured credentials every caller is the local one, which the bind rule permits on loopback only.
//!
//! Start at [`Auth::authenticate`].

mod failures;
mod tokens;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use basics::TenantName;
use http::{HeaderMap, header};

use crate::caller::{Caller, Proof, Scope, Scopes, Standing, Tenants};
use crate::limits::CREDENTIAL_BYTES_MAX;
use crate::refusal::Refusal;
use crate::secret::Secret;
use crate::server::ConnectionInfo;

pub use tokens::{NewToken, TokenFile, TokenRequest, new_token};

use failures::Failures;
use tokens::{Digest, digest, is_same};

/// What a verified client certificate may do.
#[derive(Debug, Clone)]
pub struct CertificateRule {
    /// A subject alternative name as text: `dns:gateway.example`, `uri:spiffe://fleet/gateway`, `email:…` or `ip:…`.
    pub subject: String,
    /// What it may do.
    pub scopes: Scopes,
    /// For whom.
    pub tenants: Tenants,
}

/// A token that was presented, to be looked for again.
#[derive(Clone)]
pub(crate) struct HeldToken {
    file: Arc<TokenFile>,
    digest: Digest,
}

impl HeldToken {
    /// Tells whether the token file permits this now.
    pub(crate) fn permits(&self, scope: Scope, tenant: &TenantName) -> bool {
        let found = self.file.find(&self.digest);
        found.is_some_and(|entry| entry.scopes.has(scope) && entry.tenants.choose(Some(tenant)).is_some())
    }
}

impl fmt::Debug for HeldToken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("HeldToken(secret)")
    }
}

/// The credentials a process knows.
#[derive(Debug)]
pub struct Auth {
    tokens: Option<Arc<TokenFile>>,
    certificates: Vec<CertificateRule>,
    own: Secret<String>,
    own_digest: Digest,
    failures: Failures,
}

impl Auth {
    /// Knows the tokens of a file and the rules for certificates; with neither, every caller is local.
    pub fn new(tokens: Option<Arc<TokenFile>>, certificates: Vec<CertificateRule>) -> Auth {
        let own = tokens::random_token();
        let own_digest = digest(own.expose());
        Auth { tokens, certificates, own, own_digest, failures: Failures::default() }
    }

    /// Tells whether a credential is asked for.
    pub fn is_configured(&self) -> bool {
        self.tokens.is_some() || !self.certificates.is_empty()
    }

    /// The token by which this process sends its own telemetry to itself. It lives as long as the process.
    pub fn own_token(&self) -> &Secret<String> {
        &self.own
    }

    /// Says who sends a request.
    ///
    /// # Errors
    /// `NoCredential`, `UnknownCredential`, `UnmappedCertificate`, or `Tenant` when it names one it may not use.
    pub fn authenticate(&self, headers: &HeaderMap, connection: &ConnectionInfo) -> Result<Caller, Refusal> {
        let named = named_tenant(headers)?;
        let Some(token) = bearer(headers) else { return self.without_token(named.as_ref(), connection) };
        let presented = digest(token);
        if is_same(&presented, &self.own_digest) {
            return Ok(Caller {
                tenant: TenantName::self_tenant(),
                name: "outrigger".into(),
                scopes: [Scope::Ingest].into_iter().collect(),
                proof: Proof::Own,
                peer: connection.peer,
                standing: Standing::default(),
            });
        }
        if !self.is_configured() {
            return local(named.as_ref(), connection);
        }
        let file = self.tokens.as_ref().ok_or(Refusal::UnknownCredential)?;
        let entry = file.find(&presented).ok_or(Refusal::UnknownCredential)?;
        let tenant = entry.tenants.choose(named.as_ref()).ok_or(Refusal::Tenant)?;
        let standing = Standing(Some(HeldToken { file: Arc::clone(file), digest: presented }));
        let (name, peer) = (Arc::clone(&entry.name), connection.peer);
        Ok(Caller { tenant, name, scopes: entry.scopes, proof: Proof::Token, peer, standing })
    }

    /// Waits before a wrong credential is answered, when its peer has sent many.
    pub(crate) async fn punish(&self, peer: IpAddr, refusal: &Refusal) {
        match refusal {
            Refusal::UnknownCredential | Refusal::UnmappedCertificate => self.failures.delay(peer).await,
            Refusal::Path
            | Refusal::Host
            | Refusal::Origin
            | Refusal::HeaderTooLarge
            | Refusal::NoCredential
            | Refusal::Scope(_)
            | Refusal::Tenant
            | Refusal::Closed
            | Refusal::Internal => {}
        }
    }

    fn without_token(&self, named: Option<&TenantName>, connection: &ConnectionInfo) -> Result<Caller, Refusal> {
        if let Some(certificate) = &connection.client_certificate {
            return self.by_certificate(certificate, named, connection);
        }
        if self.is_configured() { Err(Refusal::NoCredential) } else { local(named, connection) }
    }

    fn by_certificate(
        &self,
        certificate: &[u8],
        named: Option<&TenantName>,
        connection: &ConnectionInfo,
    ) -> Result<Caller, Refusal> {
        let subjects = subject_names(certificate);
        let rule = self.certificates.iter().find(|rule| subjects.contains(&rule.subject));
        let rule = rule.ok_or(Refusal::UnmappedCertificate)?;
        let tenant = rule.tenants.choose(named).ok_or(Refusal::Tenant)?;
        let name = rule.subject.as_str().into();
        let (proof, peer, standing) = (Proof::Certificate, connection.peer, Standing::default());
        Ok(Caller { tenant, name, scopes: rule.scopes, proof, peer, standing })
    }
}

/// The local caller: tenant `default`, or our own tenant to look at.
fn local(named: Option<&TenantName>, connection: &ConnectionInfo) -> Result<Caller, Refusal> {
    let allowed = Tenants::Listed(vec![TenantName::default_tenant(), TenantName::self_tenant()]);
    let tenant = allowed.choose(named).ok_or(Refusal::Tenant)?;
    Ok(Caller { tenant, ..Caller::local(connection.peer) })
}

/// The tenant a request names, as Loki and Mimir clients do it.
fn named_tenant(headers: &HeaderMap) -> Result<Option<TenantName>, Refusal> {
    let Some(value) = headers.get("x-scope-orgid") else { return Ok(None) };
    let text = value.to_str().map_err(|_| Refusal::Tenant)?;
    parse_tenant(text).map(Some).ok_or(Refusal::Tenant)
}

/// A tenant's name, our own among them.
pub(crate) fn parse_tenant(text: &str) -> Option<TenantName> {
    let own = TenantName::self_tenant();
    if text == own.as_str() { Some(own) } else { text.parse().ok() }
}

/// The token of `authorization: Bearer …`; a header of another kind, or one too long, is an unknown token.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?;
    let text = value.to_str().unwrap_or_default();
    if text.len() > CREDENTIAL_BYTES_MAX {
        return Some("");
    }
    // SDKs percent-encode what stands in OTEL_EXPORTER_OTLP_HEADERS, and some do not decode it again.
    let (scheme, token) = text.split_once(' ').or_else(|| text.split_once("%20")).unwrap_or((text, ""));
    Some(if scheme.eq_ignore_ascii_case("bearer") { token.trim() } else { "" })
}

/// The subject alternative names of a certificate, written as rules write them.
fn subject_names(certificate: &[u8]) -> Vec<String> {
    use x509_parser::extensions::GeneralName;
    let Ok((_, parsed)) = x509_parser::parse_x509_certificate(certificate) else { return Vec::new() };
    let Ok(Some(names)) = parsed.subject_alternative_name() else { return Vec::new() };
    let written = names.value.general_names.iter().filter_map(|name| match name {
        GeneralName::DNSName(name) => Some(format!("dns:{name}")),
        GeneralName::URI(uri) => Some(format!("uri:{uri}")),
        GeneralName::RFC822Name(name) => Some(format!("email:{name}")),
        GeneralName::IPAddress(bytes) => ip_of(bytes).map(|ip| format!("ip:{ip}")),
        _ => None,
    });
    written.collect()
}

fn ip_of(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(IpAddr::from(four));
    }
    <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from)
}

#[cfg(test)]
mod tests;
