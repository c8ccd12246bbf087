use super::*;

#[test]
fn counts_of_several_test_programs_add_up_and_failures_are_named() {
    let mut tally = Tally::default();
    for line in [
        "running 2 tests",
        "test a ... ok",
        "test wal::tests::b ... FAILED",
        "test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
        "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.10s",
        "the test result: ok. 99 passed",
    ] {
        tally.read(line);
    }
    assert_eq!(tally, Tally { passed: 13, failed: 1, failures: vec!["wal::tests::b".to_string()], ..Tally::default() });
}

#[track_caller]
fn check_compiled(line: &str, want: Option<&str>) {
    assert_eq!(compiled_outside_crate(line), want, "line: {line}");
}

#[test]
fn only_an_outside_crate_that_was_compiled_is_named() {
    let outside = "registry+https://github.com/rust-lang/crates.io-index#bytes@1.12.2";
    let artifact = |package: &str, fresh: bool| {
        format!(r#"{{"reason":"compiler-artifact","package_id":"{package}","features":["std"],"fresh":{fresh}}}"#)
    };
    check_compiled(&artifact(outside, false), Some(outside));
    check_compiled(&artifact(outside, true), None);
    check_compiled(&artifact("path+file:///x/outrigger#0.1.0", false), None);
    check_compiled(r#"{"reason":"build-finished","success":true}"#, None);
}

#[test]
fn the_tree_names_outside_packages_with_their_features() {
    assert_eq!(outside_package("bytes v1.12.2 default,std"), Some("bytes v1.12.2 default,std".to_string()));
    assert_eq!(
        outside_package("clap_derive v4.6.9 (proc-macro) default").as_deref(),
        Some("clap_derive v4.6.9 (proc-macro) default")
    );
    assert_eq!(outside_package("api v0.1.0 (/x/collector/api) "), None);
    assert_eq!(outside_package(""), None);
}
