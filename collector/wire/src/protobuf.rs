//! The protobuf encoding, without any message type: walking fields, and writing them.
//!
//! Messages are read where they lie: a walk yields each field's number and its raw value, nested messages as slices.
//! Nothing is allocated and nothing is believed: a length is checked against the bytes that are there.
//!
//! Start at [`Fields`]; [`MessageWriter`] is the way back.

pub(crate) mod text;
mod varint;
mod walk;
mod write;

pub(crate) use walk::Fields;
pub use walk::Malformed;
pub(crate) use write::MessageWriter;

#[cfg(test)]
mod tests;
