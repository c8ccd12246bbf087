//! Binds listeners, and refuses those that would be open to the network.
//!
//! An address counts as loopback by what it resolves to, never by its name. Everything else needs a token
//! file or client certificates; there is no switch that turns this off.

mod owner;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use basics::ErrorClass;
use socket2::{Domain, Protocol, Socket, Type};

use crate::config::ListenAddress;
use crate::limits::ACCEPT_BACKLOG;
use crate::server::Listener;
use crate::tls::Tls;

pub(crate) use owner::describe as owner_of_process;

/// A listener as it is configured.
#[derive(Debug, Clone)]
pub struct BindRequest<'a> {
    /// The key that sets the address, for messages.
    pub key: &'a str,
    /// Where to listen.
    pub address: &'a ListenAddress,
    /// Whether callers must show a token or a mapped certificate.
    pub has_credentials: bool,
    /// TLS, when the listener speaks it.
    pub tls: Option<Arc<Tls>>,
}

/// Why a listener cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The host has no address.
    #[error("cannot resolve {address}, which {key} names")]
    Unresolvable {
        /// The key that sets the address.
        key: String,
        /// What it says.
        address: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// The listener would be open to the network.
    #[error(
        "{key}: {address} can be reached from the network, and nobody would have to say who they are; add either\n  \
         security: {{ token_file: /etc/outrigger/tokens.yaml }}   # `outrigger token new` makes the entries\n\
         or client certificates (security.client_certificates and tls.client_authority_file), or listen on 127.0.0.1:{port}"
    )]
    Open {
        /// The key that sets the address.
        key: String,
        /// What it resolves to.
        address: SocketAddr,
        /// Its port.
        port: u16,
    },
    /// Another process has the port.
    #[error("cannot listen on {address}: the port is taken{owner}; stop that process, or set another port in {key}")]
    Taken {
        /// The key that sets the address.
        key: String,
        /// The address.
        address: SocketAddr,
        /// ` by process 17 (name)` when it can be known.
        owner: String,
    },
    /// The process may not use the port.
    #[error(
        "cannot listen on {address}: ports below 1024 need a right (CAP_NET_BIND_SERVICE); set another port in {key}"
    )]
    NotAllowed {
        /// The key that sets the address.
        key: String,
        /// The address.
        address: SocketAddr,
    },
    /// Something else.
    #[error("cannot listen on {address}, which {key} names")]
    Failed {
        /// The key that sets the address.
        key: String,
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

impl BindError {
    /// Who must act.
    pub fn class(&self) -> ErrorClass {
        match self {
            BindError::Unresolvable { .. } | BindError::Open { .. } => ErrorClass::Invalid,
            BindError::Taken { .. } | BindError::Failed { .. } => ErrorClass::Unavailable,
            BindError::NotAllowed { .. } => ErrorClass::Forbidden,
        }
    }
}

/// Binds a listener. Must be called inside a runtime.
///
/// # Errors
/// [`BindError`]; an address that is open to the network without credentials is one.
pub fn bind(request: BindRequest<'_>) -> Result<Listener, BindError> {
    let address = judge(&request)?;
    let cannot = |source: io::Error| explain(request.key, address, source);
    let socket = listen(address).map_err(cannot)?;
    Listener::new(socket, request.tls.clone()).map_err(cannot)
}

/// The address to bind when the rule permits it. Also what `outrigger check` asks, which binds nothing.
///
/// # Errors
/// `Unresolvable` and `Open`.
pub fn judge(request: &BindRequest<'_>) -> Result<SocketAddr, BindError> {
    let key = request.key.to_owned();
    let unresolvable =
        |source| BindError::Unresolvable { key: key.clone(), address: request.address.to_string(), source };
    let found = request.address.resolve().map_err(unresolvable)?;
    let Some(address) = found.first().copied() else {
        return Err(unresolvable(io::Error::new(io::ErrorKind::NotFound, "the name has no address")));
    };
    if let Some(public) = found.iter().find(|address| !is_loopback(address.ip())) {
        if !request.has_credentials {
            return Err(BindError::Open { key, address: *public, port: public.port() });
        }
        if request.tls.is_none() {
            tracing::warn!(listen = %public, key = request.key, "tokens cross the network unencrypted; set tls.certificate_file and tls.key_file unless a mesh encrypts");
        }
    }
    Ok(address)
}

fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

fn listen(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // Connections of the last run that linger must not keep the next one from starting.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(ACCEPT_BACKLOG)?;
    Ok(socket.into())
}

fn explain(key: &str, address: SocketAddr, source: io::Error) -> BindError {
    let key = key.to_owned();
    match source.kind() {
        io::ErrorKind::AddrInUse => {
            let owner = owner::of_port(address.port()).map(|owner| format!(" by {owner}")).unwrap_or_default();
            BindError::Taken { key, address, owner }
        }
        io::ErrorKind::PermissionDenied => BindError::NotAllowed { key, address },
        _ => BindError::Failed { key, address, source },
    }
}

#[cfg(test)]
mod tests;
