//! OTLP in JSON, translated into the same request in protobuf; what the records mean is decided there, once.
//!
//! As strict and as lenient as the specification: names in lowerCamelCase, unknown ones passed over at any depth;
//! `null` is the default; 64-bit integers as numbers or strings, never by way of a double; ids in hexadecimal digits
//! of either case; bytes in any base64. An enum by its name, bytes behind the object and broken text are refused.
//! Of a scalar given twice the last one counts; lists given twice are joined.
//!
//! Text that is not UTF-8 is handed on as it is, for the protobuf side to replace and count.
//!
//! Start at [`logs_to_protobuf`].

mod base64;
mod logs;
mod number;
mod reader;

pub use logs::{JsonNotes, logs_to_protobuf};

/// The protobuf of a request is never longer than its JSON this many times.
///
/// The worst is a list of empty objects: three bytes for each become five.
pub const GROWTH_MAX: usize = 2;

#[cfg(test)]
mod tests;
