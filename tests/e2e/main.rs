//! End-to-end tests: the real binary, real sockets, a real disk. One test binary, so that it is linked once.
//!
//! Each test ends with the loss ledger: received = stored + rejected + dropped + in_flight, and nothing in flight
//! ([`endings::balanced`]).

// All of this is test code, not only the functions that are marked as tests.
#![allow(clippy::unwrap_used)]

mod endings;

mod encrypted;
mod first_steps;
mod log_face;
mod logs_command;
mod looking_after_data;
mod outside_readers;
mod overload;
mod readme;
mod real_input;
mod starting;
mod tokens;

mod disk_full;
mod kill;
mod power_cut;
mod syscall_faults;
