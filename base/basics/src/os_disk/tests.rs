use super::*;

#[test]
fn bytes_written_in_many_slices_read_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    let file = OsDisk.open(&path, OpenMode::CreateNew).unwrap();
    let chunk = [7u8; 3];
    let mut slices: Vec<IoSlice<'_>> = (0..3000).map(|_| IoSlice::new(&chunk)).collect();
    file.write_all_at(&mut slices, 5).unwrap();
    file.sync_data().unwrap();
    assert_eq!(file.len().unwrap(), 9005);
    let mut back = vec![1u8; 9005];
    file.read_exact_at(&mut back, 0).unwrap();
    assert_eq!(&back[..5], &[0; 5]);
    assert!(back[5..].iter().all(|byte| *byte == 7));
    let past = file.read_exact_at(&mut [0; 2], 9004).unwrap_err();
    assert_eq!(past.kind(), io::ErrorKind::UnexpectedEof);
}

#[test]
fn a_new_file_is_private_and_never_replaces_another() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let sub = dir.path().join("a/b");
    OsDisk.create_dir_all(&sub).unwrap();
    let path = sub.join("file");
    drop(OsDisk.open(&path, OpenMode::CreateNew).unwrap());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(OsDisk.open(&path, OpenMode::CreateNew).is_err());
    OsDisk.sync_dir(&sub).unwrap();
    assert_eq!(OsDisk.list(&sub).unwrap(), [DiskEntry { name: "file".into(), is_dir: false, bytes: 0 }]);
    assert!(OsDisk.free_bytes(&sub).unwrap() > 0);
}
