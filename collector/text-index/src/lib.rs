//! text-index.
