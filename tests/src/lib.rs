//! What the end-to-end tests in `e2e/` stand on: senders, an oracle, a disk whose power can be cut, a tracer that
//! makes system calls fail, real senders of others, and the commands of the README.
//!
//! Start at [`oracle::check_kept`]: it says what "nothing acknowledged is lost" means.

pub mod senders;

pub mod oracle;

pub mod power_cut;
pub mod readme;
pub mod real_input;
pub mod surroundings;
pub mod syscall_faults;
