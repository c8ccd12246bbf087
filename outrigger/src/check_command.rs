//! `outrigger check`: everything a start would refuse in the configuration, without starting.

use crate::command_line::ConfigArgs;
use crate::config;
use crate::credentials::Credentials;
use crate::failure::Failure;

/// Looks at the configuration and at the files it names. What it returns is for the one who asked.
pub(crate) fn run(args: &ConfigArgs) -> Result<String, Failure> {
    let loaded = config::load(args)?;
    let credentials = Credentials::open(&loaded.config)?;
    let mut text = format!("fine: {}\n", loaded.source);
    if let Some(tokens) = credentials.token_count() {
        text.push_str(&format!("tokens known: {tokens}\n"));
    }
    for (key, address) in loaded.config.collector.listeners() {
        let tls = if credentials.tls.is_some() { " with TLS" } else { "" };
        text.push_str(&format!("{key}: {address}{tls}\n"));
    }
    Ok(text)
}
