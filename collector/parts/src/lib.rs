//! parts.
