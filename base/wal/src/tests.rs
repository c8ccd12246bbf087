//! The proofs of the log: on a disk that lies, against a witness who writes down what was answered.
//!
//! A proof returns what it found wrong instead of panicking, so that [`mutants`] can run it with one protection taken
//! away and see it fail.

mod bodies;
mod plain_log;
mod run;
mod script;
mod witness;

mod flips;
mod splices;
mod stops;
mod trims;
mod troubles;

mod mutants;

mod behaviour;
mod concurrency;
mod full_disk;
mod fuzzing;
mod properties;
mod quarantine;
mod replay_guard;
mod sample;
mod seeds;
