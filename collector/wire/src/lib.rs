//! Turns bytes from the network into records of `model`, and answers into bytes.
//!
//! Always true:
//! - pure: no socket, no clock, no thread; what depends on the time of day gets it as an argument;
//! - bad input never panics, never recurses deeper than a stated limit and never allocates more than a stated
//!   multiple of its own length; slices are never indexed here;
//! - what a survey accepts, the decoder of the same format decodes, with the same count of records.
//!
//! What is not here: reading bodies, charging the memory budget, choosing status codes, writing to any store.
//!
//! Start at [`otlp::logs::survey`]; [`inflate::Inflater`] comes before it and [`otlp::response`] behind it.
#![deny(clippy::indexing_slicing)]

pub mod limits;

mod error;
pub mod inflate;
pub mod otlp;
pub mod otlp_json;
mod protobuf;

#[doc(hidden)]
pub mod fuzz;

pub use error::WireError;
pub use protobuf::Malformed;

#[cfg(test)]
mod tests;
