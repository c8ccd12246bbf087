//! Tokens, certificates and the guard of the listeners, opened from the configuration and kept fresh.

use crate::config::{ClientCertificateConfig, OutriggerConfig};
use crate::failure::Failure;
use basics::TenantName;
use service::auth::{Auth, CertificateRule, TokenFile};
use service::config::Mistakes;
use service::limits::RELOAD_INTERVAL;
use service::tls::{Tls, TlsError, TlsFiles};
use service::{Guard, Shutdown, Tenants};
use std::sync::Arc;

/// What all listeners of the process share.
#[derive(Debug, Clone)]
pub(crate) struct Credentials {
    pub(crate) auth: Arc<Auth>,
    pub(crate) guard: Guard,
    pub(crate) tls: Option<Arc<Tls>>,
    tokens: Option<Arc<TokenFile>>,
}

impl Credentials {
    /// Reads the files that the configuration names.
    pub(crate) fn open(config: &OutriggerConfig) -> Result<Credentials, Failure> {
        let security = &config.security;
        let tokens = match &security.token_file {
            None => None,
            Some(path) => {
                let file =
                    TokenFile::open(path).map_err(|mistakes| Failure::of_mistakes("the token file", &mistakes))?;
                Some(Arc::new(file))
            }
        };
        let tls = match (&config.tls.certificate_file, &config.tls.key_file) {
            (Some(certificate), Some(key)) => {
                let client_authority = config.tls.client_authority_file.clone();
                let files = TlsFiles { certificate: certificate.clone(), key: key.clone(), client_authority };
                Some(Tls::open(files).map_err(|error| Failure::of(error.class(), &error))?)
            }
            (None, _) | (_, None) => None,
        };
        let certificates = security.client_certificates.iter().map(certificate_rule).collect();
        Ok(Credentials {
            auth: Arc::new(Auth::new(tokens.clone(), certificates)),
            guard: Guard::new(&security.allowed_hosts, &security.allowed_origins),
            tls,
            tokens,
        })
    }

    /// How many tokens are known; `None` without a token file.
    pub(crate) fn token_count(&self) -> Option<usize> {
        self.tokens.as_ref().map(|file| file.count())
    }

    /// Whether files with secrets have been read.
    pub(crate) fn has_secrets(&self) -> bool {
        self.tls.is_some() || self.tokens.is_some()
    }

    /// Reads changed files again, until the process stops.
    pub(crate) async fn watch(self, shutdown: Shutdown) {
        if !self.has_secrets() {
            return;
        }
        loop {
            tokio::select! {
                () = tokio::time::sleep(RELOAD_INTERVAL) => {}
                () = shutdown.requested() => return,
            }
            let again = self.clone();
            // Files may lie on a slow disk, and the event loop waits for nobody.
            let looked = tokio::task::spawn_blocking(move || again.reload_if_changed()).await;
            basics::carry_on(looked, "the files are looked at again soon");
        }
    }

    fn reload_if_changed(&self) {
        if let Some(tokens) = &self.tokens {
            say_tokens(tokens, tokens.reload_if_changed());
        }
        if let Some(tls) = &self.tls {
            say_certificates(tls.reload_if_changed());
        }
    }
}

fn say_tokens(tokens: &TokenFile, reloaded: Result<bool, Mistakes>) {
    let file = tokens.path().display().to_string();
    let file = file.as_str();
    match reloaded {
        Ok(false) => {}
        Ok(true) => tracing::info!(file, tokens = tokens.count(), "token file read again"),
        Err(mistakes) => {
            let mistakes = mistakes.to_string();
            tracing::error!(file, mistakes = mistakes.as_str(), "changed token file not taken, the old tokens hold");
        }
    }
}

fn say_certificates(reloaded: Result<bool, TlsError>) {
    match reloaded {
        Ok(false) => {}
        Ok(true) => tracing::info!("TLS files read again"),
        Err(error) => {
            tracing::error!(error = error.to_string().as_str(), "changed TLS files not taken, the old ones hold");
        }
    }
}

fn certificate_rule(rule: &ClientCertificateConfig) -> CertificateRule {
    let is_any = rule.tenants.iter().any(|tenant| tenant == "*");
    let listed = || rule.tenants.iter().filter_map(|tenant| parse_tenant(tenant)).flatten().collect();
    CertificateRule {
        subject: rule.subject.clone(),
        scopes: rule.scopes.iter().map(|scope| scope.scope()).collect(),
        tenants: if is_any { Tenants::Any } else { Tenants::Listed(listed()) },
    }
}

/// A tenant as it is written: a name, our own among them, or `*` for every tenant (`Some(None)`).
pub(crate) fn parse_tenant(text: &str) -> Option<Option<TenantName>> {
    let own = TenantName::self_tenant();
    match text {
        "*" => Some(None),
        text if text == own.as_str() => Some(Some(own)),
        text => text.parse().ok().map(Some),
    }
}
