//! What tests share, and nothing else: no product code may use it.
//!
//! Start at [`naive`] for the meaning of a search, at [`generate`] for records and filters made at random, at
//! [`faulty_disk`] for a crash as a unit test, at [`outrigger_process`] for a test of the real binary.

pub mod allocation;
pub mod fuzz_corpus;
pub mod generate;
pub mod log_batch;
pub mod naive;
pub mod random_cases;

pub mod faulty_disk;

pub mod outrigger_process;

pub mod api_client;
pub mod http_client;
pub mod log_load;
