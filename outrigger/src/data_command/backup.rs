//! `outrigger data backup DIR`: a directory that a start can use as its data directory.
//!
//! A process that runs has the data directory locked; it is asked to make the backup, which it does in `backups` beside
//! its data, and this program moves that to where it belongs. Where no process runs, this one takes the lock and makes the
//! backup itself: second names for the files of parts, which never change, and copies of all else.

use super::data_dir;
use crate::command_line::ConfigArgs;
use crate::connection::ConnectionArgs;
use crate::failure::Failure;
use crate::logs_command::client::ApiClient;
use clap::Args;
use serde_json::json;
use service::{DataLock, DataLockError};
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Component, Path, PathBuf};

/// Where from, and where to.
#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// The directory to make; it must not be there, or be empty
    to: PathBuf,
    /// The data directory; without it the one of the configuration
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

/// Directories whose files never change: a second name is as good as a copy.
const UNCHANGING: [&str; 2] = ["logs/parts", "logs/tombstones"];
/// What belongs to the process that has the directory, or is a backup itself.
const LEFT_OUT: [&str; 2] = ["lock", "backups"];

/// Makes a backup and says what it holds.
pub(crate) async fn backup(args: BackupArgs) -> Result<(), Failure> {
    let data_dir = data_dir(args.data_dir.as_ref(), &args.config)?;
    refuse_used(&args.to)?;
    // A variable is for other calls too: only who was typed is asked and nobody else.
    if args.connection.url.is_some() {
        return ask(&args, &data_dir).await;
    }
    match DataLock::take(&data_dir) {
        Ok(lock) => {
            let bytes = copy_offline(&data_dir, &args.to)?;
            drop(lock);
            let (from, to) = (data_dir.display(), args.to.display());
            crate::print(&format!(
                "backup in {to} of {from}, which no process uses: {bytes} bytes; `outrigger --data-dir {to}` starts on it\n"
            ))
        }
        Err(DataLockError::InUse { .. }) => ask(&args, &data_dir).await,
        Err(error) => Err(Failure::of(error.class(), &error)),
    }
}

/// Has the process that runs make it.
async fn ask(args: &BackupArgs, data_dir: &Path) -> Result<(), Failure> {
    let connection = args.connection.resolve();
    let url = &connection.url;
    let client = ApiClient::of(&connection, "/api/v1/backup")?;
    let answer = client.ask(&json!({}), "").await?;
    let made = answer["directory"].as_str().and_then(inside).ok_or_else(|| {
        Failure::unavailable(format!("{url} answered without saying where the backup is; is it a collector?"))
    })?;
    let made = data_dir.join(made);
    if !made.is_dir() {
        return Err(Failure::usage(format!(
            "the process at {url} made a backup in its own data directory, which is not {}; name the right one with --data-dir \
             or the right process with --url",
            data_dir.display()
        )));
    }
    move_to(&made, &args.to)?;
    let (to, parts, records) = (args.to.display(), &answer["parts"], &answer["records"]);
    crate::print(&format!(
        "backup in {to}: {parts} parts with {records} records; `outrigger --data-dir {to}` starts on it\n"
    ))
}

/// A path that stays inside of the directory it is joined to.
fn inside(path: &str) -> Option<&Path> {
    let path = Path::new(path);
    let is_plain = path.components().all(|component| matches!(component, Component::Normal(_)));
    (is_plain && path.components().next().is_some()).then_some(path)
}

fn refuse_used(to: &Path) -> Result<(), Failure> {
    match fs::read_dir(to) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => {
                Err(Failure::usage(format!("{} is not empty; a backup needs a directory of its own", to.display())))
            }
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Failure::usage(format!("cannot use {}: {error}", to.display()))),
    }
}

/// Gives a finished backup its place; on another file system it is copied there.
fn move_to(made: &Path, to: &Path) -> Result<(), Failure> {
    let cannot = |error: io::Error| {
        let made = made.display();
        Failure::unavailable(format!(
            "the backup is whole, but could not be moved to {}: {error}; it is {made}",
            to.display()
        ))
    };
    match fs::rename(made, to) {
        Ok(()) => sync_dir_above(to).map_err(cannot),
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            copy(made, to, Path::new(""), &mut 0).and_then(|()| sync_dir_above(to)).map_err(cannot)?;
            fs::remove_dir_all(made).map_err(cannot)
        }
        Err(error) => Err(cannot(error)),
    }
}

/// Copies a data directory that nobody uses. What fails half way is removed.
fn copy_offline(data_dir: &Path, to: &Path) -> Result<u64, Failure> {
    let mut bytes = 0;
    let copied = copy(data_dir, to, Path::new(""), &mut bytes).and_then(|()| sync_dir_above(to));
    copied.map(|()| bytes).map_err(|error| {
        basics::carry_on(fs::remove_dir_all(to), "the error is told, and names the directory");
        Failure::unavailable(format!("cannot make the backup in {}: {error}", to.display()))
    })
}

/// Copies what is in `from`, which is `relative` in the data directory, durably.
fn copy(from: &Path, to: &Path, relative: &Path, bytes: &mut u64) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(to)?;
    let is_unchanging = UNCHANGING.iter().any(|unchanging| relative.starts_with(unchanging));
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (name, target) = (relative.join(entry.file_name()), to.join(entry.file_name()));
        if LEFT_OUT.iter().any(|left_out| name == Path::new(left_out)) {
            continue;
        }
        let meta = entry.metadata()?;
        if meta.is_dir() {
            copy(&entry.path(), &target, &name, bytes)?;
        } else if meta.is_file() {
            *bytes += meta.len();
            let is_linked = is_unchanging && fs::hard_link(entry.path(), &target).is_ok();
            if !is_linked {
                // On another file system, or on one that knows no second names.
                fs::copy(entry.path(), &target)?;
                File::open(&target)?.sync_all()?;
            }
        }
    }
    File::open(to)?.sync_all()
}

fn sync_dir_above(path: &Path) -> io::Result<()> {
    let above = match path.parent() {
        Some(above) if !above.as_os_str().is_empty() => above,
        Some(_) | None => Path::new("."),
    };
    File::open(above)?.sync_all()
}

#[cfg(test)]
mod tests;
