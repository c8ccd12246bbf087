//! The language as a whole: what queries mean, what mistakes hear, what holds for any text.

mod corpus;
mod language;
mod mistakes;
mod pipes;
mod properties;
mod render;
mod show;

use basics::Timestamp;

/// 2026-11-24T10:30:00Z.
const NOW: Timestamp = Timestamp(1_795_516_200_000_000_000);
