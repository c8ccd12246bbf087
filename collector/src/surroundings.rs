//! What the process hands in.

use basics::{Clock, Disk, MemoryBudget};
use service::auth::Auth;
use service::tls::Tls;
use service::{Guard, Health, Registry};
use std::path::PathBuf;
use std::sync::Arc;

/// What the process hands in: storage, time, memory, and what all its houses share.
pub struct Surroundings {
    /// Where files are kept.
    pub disk: Arc<dyn Disk>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// The memory of the process.
    pub budget: MemoryBudget,
    /// A number that differs from start to start.
    pub salt_seed: u64,
    /// The data directory, which this process has locked.
    pub data_dir: PathBuf,
    /// The credentials that callers may show.
    pub auth: Arc<Auth>,
    /// The names and pages that callers may come by.
    pub guard: Guard,
    /// TLS of all listeners, when it is configured.
    pub tls: Option<Arc<Tls>>,
    /// What the process waits for.
    pub health: Health,
    /// The metrics of the process.
    pub registry: Registry,
}
