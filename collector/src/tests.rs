//! The house from its doors: real log, real store, real faces; no socket.

mod deletes;
pub(crate) mod harness;
mod honest_answers;
mod hostile_input;
mod otlp_checklist;
mod otlp_refusals;
mod pace;
mod restart;
