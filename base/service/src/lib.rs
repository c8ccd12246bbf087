//! The process kit: what every service of the house needs to be a well-behaved process.
//!
//! Read the configuration ([`config`]), take the machine's measure ([`clock`], [`machine`]), bind the ports
//! ([`bind`]), serve HTTP and gRPC on them ([`server`], guarded by [`front`], [`guard`] and [`auth`]), start
//! and stop tasks ([`tasks`]), and say how it goes ([`telemetry`], [`metrics`], [`health`]).
//!
//! Always true:
//! - nothing here knows a signal, a store or a queue: houses hand in handlers and settings;
//! - every wait has a deadline and every table a ceiling ([`limits`]);
//! - no text from outside reaches a console unescaped ([`escape`]).
//!
//! Start at [`server::serve`] for the network, at [`config::load`] for settings.

pub mod auth;
pub mod bind;
pub mod caller;
pub mod clock;
pub mod config;
mod cors;
pub mod data_lock;
pub mod escape;
pub mod exit_code;
pub mod front;
pub mod guard;
pub mod health;
pub mod limits;
pub mod machine;
pub mod metrics;
mod priority;
pub mod refusal;
mod reload;
pub mod secret;
pub mod server;
pub mod tasks;
pub mod telemetry;
pub mod tls;

pub use bind::{BindError, BindRequest, bind};
pub use caller::{Access, Caller, Proof, Scope, Scopes, Standing, Tenants};
pub use clock::SystemClock;
pub use data_lock::{DataLock, DataLockError};
pub use exit_code::ExitCode;
pub use front::Front;
pub use guard::Guard;
pub use health::Health;
pub use metrics::{MetricDef, Registry};
pub use priority::{BackgroundThreads, stand_back};
pub use refusal::{Refusal, full};
pub use secret::Secret;
pub use server::{Body, BodyError, BoxError, ConnectionInfo, Listener, ResponseBody, Server, ServerSettings, serve};
pub use tasks::{Shutdown, Tasks, ThreadKind};
