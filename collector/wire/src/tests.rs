//! Behaviour of the crate as a whole.
#![allow(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss
)]

mod build;
mod checklist;
mod corpus;
mod differential;
mod hostile;
mod memory;
