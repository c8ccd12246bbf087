//! The proofs of the manifest: on a disk that lies, against a witness who writes down what was answered.
//!
//! A proof returns what it found wrong instead of panicking, so that [`mutants`] can run it with one protection taken
//! away and see it fail.

mod edits;
mod run;

mod flips;
mod full_disk;
mod stops;
mod troubles;

mod mutants;

mod behaviour;
mod fuzzing;
mod properties;
mod sample;
