use super::*;

fn written(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

/// A reader that says what it is told to.
fn says(answer: Result<&'static str, &'static str>) -> impl FnOnce() -> Result<&'static str, &'static str> {
    move || answer
}

#[test]
fn a_file_that_could_not_be_read_for_a_moment_is_read_at_the_next_look() {
    let (_folder, path) = written("old");
    let (_, reload) = Reload::first(&[&path], says(Ok("old"))).unwrap();
    assert_eq!(reload.look(&[&path], says(Ok("unasked"))), Ok(None));
    std::fs::write(&path, "newer").unwrap();
    assert_eq!(reload.look(&[&path], says(Err("too many open files"))), Err("too many open files"));
    assert_eq!(reload.look(&[&path], says(Err("too many open files"))), Ok(None), "told once");
    assert_eq!(reload.look(&[&path], says(Err("input/output error"))), Err("input/output error"), "another error");
    assert_eq!(reload.look(&[&path], says(Ok("newer"))), Ok(Some("newer")), "tried again though nothing changed");
    assert_eq!(reload.look(&[&path], says(Ok("unasked"))), Ok(None));
}

#[test]
fn a_version_of_the_same_time_and_length_is_noticed() {
    let (folder, path) = written("old");
    let (_, reload) = Reload::first(&[&path], says(Ok("old"))).unwrap();
    let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
    let beside = folder.path().join("beside");
    std::fs::write(&beside, "new").unwrap();
    std::fs::File::options().write(true).open(&beside).unwrap().set_modified(modified).unwrap();
    std::fs::rename(&beside, &path).unwrap();
    assert_eq!(reload.look(&[&path], says(Ok("new"))), Ok(Some("new")));
}
