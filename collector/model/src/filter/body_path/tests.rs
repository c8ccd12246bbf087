use super::*;

#[test]
fn a_path_has_so_many_names_and_no_more() {
    let names = |count: usize| vec!["a"; count].join(".");
    assert!(BodyPath::new(names(BODY_PATH_NAMES_MAX)).is_some());
    assert_eq!(BodyPath::new(names(BODY_PATH_NAMES_MAX + 1)), None);
    assert_eq!(BodyPath::new("a.b").map(|path| path.as_str().to_owned()), Some("a.b".to_owned()));
}
