//! `outrigger token new`: a token for a sender or a reader, shown once and stored nowhere.

use crate::failure::Failure;
use basics::TenantName;
use clap::Args;
use service::Scope;
use service::auth::{NewToken, TokenRequest, new_token};
use std::io::IsTerminal;

/// What the token is for.
#[derive(Debug, Args)]
pub(crate) struct NewTokenArgs {
    /// Who will hold it, for logs; each token of a file has a name of its own
    #[arg(default_value = "sender")]
    name: String,
    /// What it may do: ingest, query, queue, cache, admin
    #[arg(long = "scope", value_delimiter = ',', default_value = "ingest")]
    scopes: Vec<Scope>,
    /// For which tenants; the first one is meant when a request names none, '*' is every tenant
    #[arg(long = "tenant", value_delimiter = ',', default_value = "default")]
    tenants: Vec<String>,
}

/// Makes a token. Standard output holds the token and nothing else, so that it can go to a file.
pub(crate) fn run(args: NewTokenArgs) -> Result<(), Failure> {
    let made = new_token(&request(args)?);
    eprint!("{}", explanation(&made));
    if std::io::stdout().is_terminal() {
        eprintln!("The token, which is shown this once:");
    }
    crate::print(&format!("{}\n", made.token.expose()))
}

fn request(args: NewTokenArgs) -> Result<TokenRequest, Failure> {
    let NewTokenArgs { name, scopes, tenants } = args;
    if name.is_empty() || name.chars().count() > 64 || name.chars().any(service::escape::is_dangerous) {
        return Err(Failure::usage(
            "the name of a token has 1 to 64 characters, none of them a control character".into(),
        ));
    }
    for tenant in tenants.iter().filter(|tenant| *tenant != "*" && *tenant != TenantName::self_tenant().as_str()) {
        let parsed: Result<TenantName, _> = tenant.parse();
        parsed.map_err(|error| Failure::usage(error.to_string()))?;
    }
    Ok(TokenRequest { name, scopes, tenants })
}

/// What to do with the token, never the token itself. As a whole it is a token file.
fn explanation(made: &NewToken) -> String {
    format!(
        "# Add this to the token file, which the configuration names as security.token_file; only a hash is stored there.\n\
         # A running process reads the file again within seconds.\n\n\
         tokens:\n{}\n\
         # Its holder sends:  authorization: Bearer TOKEN\n\
         # An SDK is told by: OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20TOKEN\n\n",
        made.entry
    )
}

#[cfg(test)]
mod tests;
