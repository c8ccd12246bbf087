use super::*;

fn args(name: &str, tenants: &[&str]) -> NewTokenArgs {
    NewTokenArgs {
        name: name.to_owned(),
        scopes: vec![Scope::Ingest, Scope::Query],
        tenants: tenants.iter().map(|tenant| (*tenant).to_owned()).collect(),
    }
}

#[test]
fn the_explanation_holds_lines_for_the_token_file_and_not_the_token() {
    let made = new_token(&request(args("gateway", &["shop"])).unwrap());
    let text = explanation(&made);
    assert!(text.contains("\ntokens:\n  - name: \"gateway\"\n    hashes: [\"sha256:"), "{text}");
    assert!(text.contains("scopes: [ingest, query]\n    tenants: [\"shop\"]\n"), "{text}");
    assert!(!text.contains(made.token.expose().as_str()));
}

#[test]
fn the_lines_of_the_explanation_are_a_token_file() {
    let made = new_token(&request(args("gateway", &["*"])).unwrap());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tokens.yaml");
    std::fs::write(&path, explanation(&made)).unwrap();
    assert_eq!(service::auth::TokenFile::open(&path).unwrap().count(), 1);
}

#[test]
fn names_that_cannot_be_are_refused() {
    assert_eq!(request(args("", &["shop"])).unwrap_err().exit_code, 64);
    assert_eq!(request(args("a\u{1b}b", &["shop"])).unwrap_err().exit_code, 64);
    let failure = request(args("a", &["shop", "Shop/2"])).unwrap_err();
    assert!(failure.message.contains("a-z, 0-9") && failure.message.contains("Shop/2"), "{}", failure.message);
    assert!(request(args("a", &["_self", "*", "shop-2"])).is_ok());
}
