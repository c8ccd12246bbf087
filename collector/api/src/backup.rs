//! `POST /api/v1/backup`: a copy of all data, made on the collector's own disk.
//!
//! The caller names no place: a path that comes over a network would let whoever has a token write where the process may.

use crate::error::ApiError;
use crate::routes::{Access, ApiState};
use axum::Json;
use axum::extract::State;
use basics::{ErrorClass, error_chain};
use ingest::{BACKUPS_DIR, BackupError, DataBackup};
use log_store::StoreBackup;
use serde::Serialize;
use service::Scope;
use service::telemetry::AUDIT_TARGET;
use std::sync::Arc;
use std::time::Duration;

/// How long what was acknowledged may take to get into the store. Records are searchable within a tenth of a second.
const STORED_WITHIN: Duration = Duration::from_secs(10);
const LOOK_INTERVAL: Duration = Duration::from_millis(10);

/// What was made.
#[derive(Debug, Serialize)]
pub(crate) struct Backup {
    directory: String,
    parts: u64,
    records: u64,
    bytes: u64,
}

pub(crate) async fn by_post(State(state): State<ApiState>, access: Access) -> Result<Json<Backup>, ApiError> {
    access.require(Scope::Admin)?;
    let Some(backup) = state.backup.clone() else {
        return Err(ApiError::new(ErrorClass::NotFound, "this collector keeps nothing on disk"));
    };
    let name = format!("backup-{}", state.clock.now().0 / 1_000_000);
    let target = backup.target();
    wait_until_stored(&backup, target).await?;
    access.require_still(Scope::Admin)?;
    let (given, caller) = (name.clone(), access.name().to_owned());
    let task = state.pool.threads().spawn(move || backup.write(&given, target));
    match task.await {
        Ok(Ok(made)) => {
            let StoreBackup { parts, records, file_bytes, .. } = made;
            tracing::info!(target: AUDIT_TARGET, caller = caller.as_str(), name = name.as_str(), parts, records, file_bytes, "backup made");
            Ok(Json(Backup { directory: format!("{BACKUPS_DIR}/{name}"), parts, records, bytes: file_bytes }))
        }
        Ok(Err(error)) => Err(refused(&error)),
        Err(error) => {
            tracing::error!(error = %error, "a backup panicked");
            Err(ApiError::new(ErrorClass::Internal, "the backup failed; this is a bug, and it stands in the log"))
        }
    }
}

async fn wait_until_stored(backup: &Arc<DataBackup>, target: u64) -> Result<(), ApiError> {
    let waited = tokio::time::timeout(STORED_WITHIN, async {
        while !backup.has_stored(target) {
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    });
    waited.await.map_err(|_| {
        let message =
            "what was acknowledged is not searchable yet (a replay after a restart, or an overload); try again";
        ApiError::new(ErrorClass::Overloaded, message)
    })
}

fn refused(error: &BackupError) -> ApiError {
    let causes = error_chain(error);
    tracing::warn!(error = causes.as_str(), "a backup could not be made");
    match error {
        BackupError::Busy | BackupError::Replaying | BackupError::NameTaken { .. } => {
            ApiError::new(ErrorClass::Overloaded, error.to_string())
        }
        // Their words name paths.
        BackupError::Store(_) | BackupError::Log(_) | BackupError::Disk { .. } => {
            ApiError::new(ErrorClass::Unavailable, "the backup could not be written; the log of the process says why")
        }
    }
}
