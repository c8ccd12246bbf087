//! Sockets in: what services, gateways and sidecars send, spoken in their protocols.
//!
//! A face reads a body under the memory budget, hands it to `ingest`, waits for the log, and says what its protocol
//! says. It decides nothing about records and reaches no store.
//!
//! Always true:
//! - bytes are reserved before they are kept, compressed and decompressed alike;
//! - a success is written only after `ingest` said that the request is durable;
//! - every refusal carries the status and the retry hint its protocol defines, from the one table of its face.
//!
//! Start at [`OtlpFace::handle`].

mod body;
mod health;
mod limits;
mod new_tenants;
mod otlp_face;
mod otlp_grpc;
mod otlp_http;
mod retry_hint;

pub use otlp_face::{OtlpFace, ReplyBody, refuse};

#[cfg(test)]
mod tests;
