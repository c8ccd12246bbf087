//! Searches and histograms over a store, against the naive reference.

mod answers;
mod endings;
mod histograms;
mod language_page;
mod pace;
pub(crate) mod world;
