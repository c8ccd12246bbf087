//! receivers.
