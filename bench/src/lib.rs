//! Load generators and measurements of the real thing, each against something bare. For people and for
//! `cargo xtask bench`.
//!
//! Two sides of a comparison always take turns in short rounds (ABAB), because the speed of a shared machine drifts;
//! a figure is the median over rounds. Start at [`wal_ratio`] and [`ack`].

pub mod ack;
pub mod wal_ratio;

pub mod bare_loop;
pub mod load;

pub mod figures;
pub mod machine;
pub mod report;
