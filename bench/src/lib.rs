//! Load generators and measurements of the real thing, each against something bare. For people and for
//! `cargo xtask bench`.
//!
//! Two sides of a comparison always take turns in short rounds (ABAB), because the speed of a shared machine drifts;
//! a figure is the median over rounds. Start at [`wal_ratio`], [`ack`], [`logs`] and [`store_cost`].

pub mod ack;
pub mod logs;
pub mod store_cost;
pub mod wal_ratio;

pub mod bare_loop;
pub mod fleet;
pub mod load;
pub mod process;

pub mod figures;
pub mod machine;
pub mod report;
