//! OpenTelemetry's protocol, version 1.11: requests in protobuf, and the answers to them.
//!
//! Requests are walked twice. [`logs::survey`] validates, counts and prices without allocating for a record; only
//! when its estimate is paid for does [`logs::decode`] build columns. The second walk costs less than keeping
//! the first one's findings would.

pub mod logs;
pub mod response;
pub(crate) mod schema;
mod value;
