//! log-store.
