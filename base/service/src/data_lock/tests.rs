//! One directory, one process.

use super::*;

#[test]
fn a_second_taker_is_refused_and_hears_who_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("a/data");
    let held = DataLock::take(&dir).unwrap();
    let error = DataLock::take(&dir).unwrap_err();
    assert_eq!(error.class(), ErrorClass::Unavailable);
    let text = error.to_string();
    assert!(text.contains(&format!("in use by process {} (", std::process::id())), "{text}");
    assert!(text.contains(&dir.display().to_string()), "{text}");
    drop(held);
    assert!(DataLock::take(&dir).is_ok(), "what is given back can be taken");
}

#[test]
fn the_directory_and_the_lock_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let _held = DataLock::take(&dir).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    assert_eq!(mode(&dir.join("lock")), 0o600);
}

#[test]
fn a_path_that_is_a_file_is_explained() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = DataLock::take(file.path()).unwrap_err();
    assert!(matches!(error, DataLockError::Disk { .. }), "{error:?}");
}
