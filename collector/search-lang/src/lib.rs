//! search-lang.
