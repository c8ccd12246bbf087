//! The order of writing: a request is surveyed, made durable, answered, and only then decoded into the store.
//!
//! Always true:
//! - a sender hears yes only after the entry of its request is durable in the write-ahead log;
//! - whatever a sender is told about its records is decided before that, from the bytes and the limits alone, and
//!   stands in the entry: a replay reaches the verdict that was acknowledged;
//! - records reach the store in the order of their entries, after a restart as before it;
//! - the memory of a request is reserved before it is admitted, so nothing is refused for memory after the yes;
//! - a tenant's quota is asked once, at the door; a replay never asks it, since its requests were acknowledged;
//! - [`Ledger`]: received = stored + rejected + dropped + in_flight, at every moment.
//!
//! Nothing here waits for a network: faces hand in a request and a callback. The two threads (the log's writer and
//! [`LogWriter::run`]) are started by the front door.
//!
//! Start at [`LogIngest::admit`], then [`LogWriter::run`].

mod admission;
mod backup;
mod entry;
mod error;
mod ledger;
pub mod limits;
mod log_view;
mod quota;
mod store_queue;
mod tenant_directory;
mod writer;

pub use admission::{Format, LogIngest, LogRequest, Receipt};
pub use backup::{BACKUPS_DIR, BackupError, DataBackup, DataPlaces};
pub use entry::{ENTRY_KIND_LOGS, EntryError, LogEntry};
pub use error::IngestError;
pub use ledger::{AccountView, DropReason, Ledger, RefuseReason, Refused, Signal};
pub use limits::IngestSettings;
pub use log_view::LogView;
pub use quota::{Allowance, OverQuota, Quota, QuotaSettings};
pub use tenant_directory::{TenantDirectory, TenantDirectoryError};
pub use writer::{LogWriter, ReplayReport};

#[doc(hidden)]
pub mod fuzz {
    //! Entry points for fuzzers: any bytes are safe to read.
    pub use crate::entry::fuzz_entry;
    pub use crate::tenant_directory::fuzz_tenant_directory;
}

#[cfg(test)]
mod tests;
