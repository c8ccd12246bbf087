//! Searches and histograms over a store, against the naive reference.

mod answers;
mod bit_rot;
mod corpus;
mod endings;
mod histograms;
mod language_page;
mod pace;
mod sample_part;
mod simulated_day;
pub(crate) mod world;
