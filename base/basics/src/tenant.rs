//! Whose data it is. A tenant is a name in configuration and a number everywhere else.

use std::fmt;
use std::str::FromStr;

/// A tenant's number: what log entries, batches and the disk carry. Never reused, never reassigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantId(pub u32);

impl TenantId {
    /// The tenant `default`: who sends without a token.
    pub const DEFAULT: TenantId = TenantId(0);
    /// The tenant `_self`: a process's own metrics and logs.
    pub const SELF: TenantId = TenantId(1);
    /// The first number for tenants named in configuration.
    pub const FIRST_FREE: TenantId = TenantId(16);
}

impl fmt::Display for TenantId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0)
    }
}

/// A tenant's name: 1 to 64 of `a-z 0-9 _ -`. A leading `_` is ours (`_self`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantName(Box<str>);

/// A text that is no tenant name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a tenant name has 1 to 64 characters of a-z, 0-9, _ and -, and starts with a letter or digit; got {0:?}")]
pub struct TenantNameError(pub String);

impl TenantName {
    /// The name of [`TenantId::DEFAULT`].
    pub fn default_tenant() -> TenantName {
        TenantName("default".into())
    }

    /// The name of [`TenantId::SELF`].
    pub fn self_tenant() -> TenantName {
        TenantName("_self".into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TenantName {
    type Err = TenantNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-';
        let starts_well = text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if starts_well && text.len() <= 64 && text.bytes().all(is_allowed) {
            Ok(TenantName(text.into()))
        } else {
            Err(TenantNameError(text.chars().take(80).collect()))
        }
    }
}

impl fmt::Display for TenantName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
