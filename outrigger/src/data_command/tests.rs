use super::*;

fn sound() -> StoreCheck {
    StoreCheck { parts: 3, records: 7, file_bytes: 100, ..StoreCheck::default() }
}

#[test]
fn a_sound_store_ends_with_zero_and_says_what_was_read() {
    assert_eq!(report(&sound()), "logs: 3 parts with 7 records in 100 bytes\nlogs: every checksum is right\n");
    assert!(verdict(&sound()).is_ok());
}

#[test]
fn damage_is_named_and_ends_with_65() {
    let damaged: Vec<_> = [(collector::PartId(5), "a byte".to_owned())].into();
    let found = StoreCheck { damaged, orphans: vec!["d/parts/9".into()], ..sound() };
    let text = report(&found);
    assert!(
        text.contains("logs: part 5 is damaged: a byte\n") && text.contains("d/parts/9 belongs to no part"),
        "{text}"
    );
    assert!(!text.contains("every checksum"), "{text}");
    let failure = verdict(&found).unwrap_err();
    assert_eq!((failure.exit_code, failure.message.as_str()), (65, "1 of 3 parts are damaged"));
}

#[test]
fn a_disk_that_does_not_answer_is_no_damage() {
    let unread: Vec<_> = [(collector::PartId(5), "no".to_owned())].into();
    assert_eq!(verdict(&StoreCheck { unread, ..sound() }).unwrap_err().exit_code, 69);
    let quarantined: Vec<_> = [(collector::PartId(5), "no".to_owned())].into();
    assert_eq!(verdict(&StoreCheck { quarantined, ..sound() }).unwrap_err().exit_code, 65);
}

#[test]
fn a_directory_without_data_is_fine_and_one_that_is_missing_is_a_mistake() {
    let dir = tempfile::tempdir().unwrap();
    let args = |dir: PathBuf| CheckDataArgs { dir: Some(dir), config: ConfigArgs { config: None } };
    assert!(check(&args(dir.path().to_owned())).is_ok());
    let missing = dir.path().join("none");
    assert_eq!(check(&args(missing.clone())).unwrap_err().exit_code, 64);
    assert!(!missing.exists(), "a look makes no directory");
}
