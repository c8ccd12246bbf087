use super::*;
use std::os::unix::fs::MetadataExt;

#[test]
fn a_path_that_leads_out_of_the_data_directory_is_not_followed() {
    assert_eq!(inside("backups/one"), Some(Path::new("backups/one")));
    for bad in ["", "/etc", "../x", "backups/../../x", "."] {
        assert_eq!(inside(bad), None, "{bad}");
    }
}

#[test]
fn files_that_never_change_get_a_second_name_and_all_others_are_copied() {
    let dir = tempfile::tempdir().unwrap();
    let (from, to) = (dir.path().join("data"), dir.path().join("copy"));
    for (path, text) in [
        ("lock", "1"),
        ("tenants", "t"),
        ("logs/manifest", "m"),
        ("logs/parts/01/index", "i"),
        ("backups/b/tenants", "old"),
    ] {
        fs::create_dir_all(from.join(path).parent().unwrap()).unwrap();
        fs::write(from.join(path), text).unwrap();
    }
    assert_eq!(copy_offline(&from, &to).unwrap(), 3);
    let inode = |path: PathBuf| fs::metadata(path).unwrap().ino();
    assert_eq!(inode(from.join("logs/parts/01/index")), inode(to.join("logs/parts/01/index")));
    assert_ne!(inode(from.join("logs/manifest")), inode(to.join("logs/manifest")), "the manifest is written to");
    assert_eq!(fs::read(to.join("tenants")).unwrap(), b"t");
    assert!(!to.join("lock").exists() && !to.join("backups").exists());
    assert!(refuse_used(&to).unwrap_err().message.contains("not empty"));
    assert!(refuse_used(&dir.path().join("new")).is_ok());
}

#[test]
fn a_backup_that_fails_half_way_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().join("copy");
    let error = copy_offline(&dir.path().join("nowhere"), &to).unwrap_err();
    assert!(error.message.contains("cannot make the backup"), "{}", error.message);
    assert!(!to.exists());
}
