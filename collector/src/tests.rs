//! The house from its doors: real log, real store, real faces; no socket.

mod api_document;
mod deletes;
mod explained_answers;
pub(crate) mod harness;
mod honest_answers;
mod hostile_input;
mod long_answers;
mod otlp_checklist;
mod otlp_refusals;
mod pace;
mod restart;
