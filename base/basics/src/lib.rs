//! What every room of every house needs: time, disk, sizes, error classes, the memory budget, tenants.
//!
//! Always true:
//! - nothing here starts a thread, reads a clock or the environment, or opens a socket;
//! - time comes in through [`Clock`] and storage through [`Disk`], so that a crash, a full disk and a clock
//!   jump are plain unit tests of whoever uses them.
//!
//! Start at [`Disk`] for storage, at [`MemoryBudget`] for overload, at [`ErrorClass`] for failures.

mod budget;
mod contain;
mod disk;
mod error_class;
mod os_disk;
mod size;
mod tenant;
mod text_hash;
mod time;

pub use budget::{MemoryBudget, Reservation};
pub use contain::{contain_panic, is_panic_contained};
pub use disk::{Disk, DiskEntry, DiskFile, OpenMode};
pub use error_class::{ErrorClass, carry_on, error_chain};
pub use os_disk::OsDisk;
pub use size::{ByteSize, GIB, KIB, MIB};
pub use tenant::{TenantId, TenantName, TenantNameError};
pub use text_hash::{TextHash, TextHasher};
pub use time::{Clock, Timestamp};
