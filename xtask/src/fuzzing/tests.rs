use super::*;

#[track_caller]
fn check(line: &str, want: Option<(&str, u64)>) {
    let words: Vec<String> = line.split_whitespace().map(str::to_string).collect();
    let want = want.map(|(target, seconds)| Request { target: target.to_string(), seconds });
    assert_eq!(parse(&words).ok(), want, "line: {line}");
}

#[test]
fn a_target_and_its_time_are_read() {
    check("inflate", Some(("inflate", SECONDS)));
    check("inflate --seconds 5", Some(("inflate", 5)));
    check("inflate --seconds soon", None);
    check("inflate 5", None);
    check("", None);
}

/// The files below a folder of the repository.
fn files_below(folder: &str) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![crate::repository().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files
}

#[test]
fn every_target_is_built_has_seeds_and_is_replayed_by_the_test_command() {
    let manifest = fs::read_to_string(crate::repository().join(MANIFEST)).unwrap();
    let tests: Vec<String> = files_below("collector")
        .into_iter()
        .chain(files_below("base"))
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| fs::read_to_string(path).unwrap())
        .filter(|text| text.contains("fuzz_corpus::"))
        .collect();
    let targets: Vec<String> = files_below("tests/fuzz/targets")
        .iter()
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    assert!(targets.len() >= 13, "{targets:?}");
    assert_eq!(targets.len(), manifest.matches("[[bin]]").count(), "{targets:?}");
    for target in targets {
        assert!(manifest.contains(&format!("path = \"targets/{target}.rs\"")), "{target} is not in {MANIFEST}");
        assert!(
            files_below("tests/fuzz/corpus").iter().any(|path| path.parent().unwrap().ends_with(&target)),
            "{target} has no seed"
        );
        let name = format!("\"{target}\"");
        assert!(tests.iter().any(|text| text.contains(&name)), "no test replays the seeds of {target}");
    }
}
