//! The ceilings of this crate, and what happens at each.

use basics::{KIB, MIB};

/// Most records of one request; at one more the request is refused as too large.
///
/// The ordinal of a record has to fit the lower 20 bits of its sequence.
pub const RECORDS_MAX: u32 = 262_144;
const _: () = assert!(RECORDS_MAX <= 1 << 20);

/// Largest single record in bytes of protobuf; a larger one is rejected alone.
pub const RECORD_BYTES_MAX: u64 = MIB;

/// Most attributes of one record; a record with more is rejected alone.
pub const ATTRIBUTES_MAX: u32 = 1_024;

/// Deepest nesting of arrays and key-value lists in a value; a record with a deeper one is rejected alone.
///
/// Values are read, shown and freed by recursion, so this also bounds the stack. A caller may ask for less, not more.
pub const VALUE_DEPTH_MAX: u32 = 64;

/// Deepest nesting of protobuf groups; a request with deeper ones is refused. No format of ours has groups, they are
/// only skipped, and the numbers of the open ones are kept on the stack.
pub const GROUP_DEPTH_MAX: usize = 64;

/// Most ResourceLogs and ScopeLogs of one request together; at one more the request is refused as too large.
///
/// An empty one costs the sender two bytes and us a stream. Gateways that batch whole clusters send thousands.
pub const ENVELOPES_MAX: u32 = 65_536;

/// Most memory that the records of one request may be estimated at; at more the request is refused as too large.
///
/// Four times the largest body: real requests stay under twice their length, and only those built to
/// grow when decoded (one big resource under thousands of scopes, millions of empty attributes) come near.
pub const HEAD_BYTES_MAX: u64 = 256 * MIB;

/// Deepest nesting of objects and arrays in JSON; deeper text is refused before any of it is believed.
///
/// One level of a value takes three of JSON, and a record stands nine deep in its request.
pub const JSON_DEPTH_MAX: u32 = 256;
const _: () = assert!(VALUE_DEPTH_MAX * 3 + 16 <= JSON_DEPTH_MAX);

/// Longest number in JSON; exact arithmetic on more digits than any 64-bit value needs is work without an end.
pub const JSON_NUMBER_BYTES_MAX: usize = 512;

/// What one message of protobuf made from JSON can hold: lengths are written in four bytes of seven bits.
pub const JSON_MESSAGE_BYTES_MAX: usize = (1 << 28) - 1;

/// What one step of decompression appends at most, so that the caller can charge its budget in between.
pub const INFLATE_STEP_BYTES: usize = 64 * 1024;

/// Largest window of a zstd frame, as a power of two: 8 MiB, which zstd recommends decoders to support.
///
/// Without it a frame of a few bytes may claim 128 MiB.
pub const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// Most members of one gzip body. Each costs its sender 20 bytes and us the set-up of a decoder; writers that flush
/// often make hundreds.
pub const GZIP_MEMBERS_MAX: u32 = 16_384;

/// Longest message in an answer; the rest is cut at a character. Keeps every answer far below the
/// 4 MiB that OTLP recommends as the limit for responses.
pub const MESSAGE_BYTES_MAX: usize = 4 * 1024;

/// Most field violations in one answer; more are left out.
pub const VIOLATIONS_MAX: usize = 16;

/// What a record is charged besides its texts and attributes: its columns decoded and in the head.
pub const RECORD_CHARGE_BYTES: u64 = 160;

/// What an attribute of a record is charged besides its text: its columns decoded and in the head.
pub const ATTRIBUTE_CHARGE_BYTES: u64 = 32;

/// What a key not seen lately is charged besides its text: an entry in the batch's dictionary and its index.
pub const KEY_CHARGE_BYTES: u64 = 128;

/// What a stream (a resource with a scope) is charged besides its attributes.
pub const STREAM_CHARGE_BYTES: u64 = 512;

/// What each value, nested ones included, of a resource or scope is charged besides its text.
pub const NODE_CHARGE_BYTES: u64 = 128;

/// Keys remembered while surveying, so that a key that every record repeats is charged once.
pub const KEYS_REMEMBERED: usize = 512;
const _: () = assert!(KEYS_REMEMBERED.is_power_of_two());

const _: () = assert!(MESSAGE_BYTES_MAX as u64 == 4 * KIB);
