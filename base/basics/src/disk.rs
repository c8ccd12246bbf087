//! Storage as the house sees it, so that tests can hand in a disk that lies.
//!
//! The methods are the system calls that matter for durability, no more. What they promise is what POSIX
//! promises, which is little: bytes are on the medium only after [`DiskFile::sync_data`] returned `Ok`, names
//! only after [`Disk::sync_dir`] did, and after a failed sync nothing may be believed.

use std::io::{self, IoSlice};
use std::path::Path;

/// How a file is opened. Every mode reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenMode {
    /// Must exist; reading only.
    Read,
    /// Must exist; reading and writing.
    ReadWrite,
    /// Must not exist yet; created with mode 0600 for reading and writing.
    CreateNew,
}

/// One name in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskEntry {
    /// The name without its directory. Names that are not UTF-8 are not ours and are left out.
    pub name: String,
    /// True for a directory.
    pub is_dir: bool,
    /// Length in bytes (0 for a directory).
    pub bytes: u64,
}

/// A file system: the operating system's, or a test's.
pub trait Disk: Send + Sync + 'static {
    /// Opens a file.
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Box<dyn DiskFile>>;
    /// Creates a directory (mode 0700) and its missing parents; existing ones are fine.
    fn create_dir_all(&self, path: &Path) -> io::Result<()>;
    /// Names in a directory, sorted.
    fn list(&self, dir: &Path) -> io::Result<Vec<DiskEntry>>;
    /// Renames, replacing `to` when it exists. Durable after [`Disk::sync_dir`] of both parents.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Gives a file a second name, which must not exist; both are the same file. Durable after [`Disk::sync_dir`] of the
    /// directory of `to`.
    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove_file(&self, path: &Path) -> io::Result<()>;
    /// Removes a directory and all that is in it.
    fn remove_dir_all(&self, path: &Path) -> io::Result<()>;
    /// Makes the names of a directory durable.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
    /// Bytes that an unprivileged process may still write to the file system of `dir`.
    fn free_bytes(&self, dir: &Path) -> io::Result<u64>;
}

/// An open file with positioned reads and writes. May be shared by threads.
pub trait DiskFile: Send + Sync {
    /// Reads up to `buffer.len()` bytes; fewer at the end of the file, 0 past it.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
    /// Writes the slices one behind the other; may write fewer bytes than given.
    fn write_at(&self, slices: &[IoSlice<'_>], offset: u64) -> io::Result<usize>;
    /// Length in bytes.
    fn len(&self) -> io::Result<u64>;
    /// Cuts or extends (with zeroes that occupy no space).
    fn set_len(&self, bytes: u64) -> io::Result<()>;
    /// Makes the written bytes and the length durable (fdatasync).
    fn sync_data(&self) -> io::Result<()>;
    /// Makes all of the file durable, its meta-data too (fsync).
    fn sync_all(&self) -> io::Result<()>;

    /// True when the file holds no bytes.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Reads exactly `buffer.len()` bytes, or fails with `UnexpectedEof`.
    fn read_exact_at(&self, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
        while !buffer.is_empty() {
            let count = match self.read_at(buffer, offset) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            buffer = buffer.split_at_mut(count).1;
            offset += count as u64;
        }
        Ok(())
    }

    /// Writes all of the slices, however many calls that takes.
    fn write_all_at(&self, slices: &mut [IoSlice<'_>], mut offset: u64) -> io::Result<()> {
        let mut slices = slices;
        IoSlice::advance_slices(&mut slices, 0);
        while !slices.is_empty() {
            let count = match self.write_at(slices, offset) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            IoSlice::advance_slices(&mut slices, count);
            offset += count as u64;
        }
        Ok(())
    }
}
