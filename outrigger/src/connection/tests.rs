use super::*;

fn environment(all: &'static [(&'static str, &'static str)]) -> impl Fn(&str) -> Option<OsString> {
    move |variable| all.iter().find(|(name, _)| *name == variable).map(|(_, value)| OsString::from(value))
}

#[test]
fn what_is_typed_counts_before_the_environment_and_an_empty_variable_is_none() {
    let nothing = ConnectionArgs::default();
    assert_eq!(nothing.resolve_with(environment(&[])).url, URL_DEFAULT);
    let said = environment(&[
        ("OUTRIGGER_URL", "https://fleet:7070"),
        ("OUTRIGGER_TOKEN_FILE", "t"),
        ("OUTRIGGER_CA_FILE", ""),
    ]);
    let found = nothing.resolve_with(&said);
    assert_eq!((found.url.as_str(), found.token_file, found.ca_file), ("https://fleet:7070", Some("t".into()), None));
    let typed = ConnectionArgs { url: Some("http://here".to_owned()), ca_file: Some("ca".into()), ..nothing };
    let found = typed.resolve_with(said);
    assert_eq!((found.url.as_str(), found.ca_file), ("http://here", Some("ca".into())));
}

#[test]
fn options_for_tls_are_refused_without_it_and_variables_are_not() {
    let said = environment(&[("OUTRIGGER_CA_FILE", "ca"), ("OUTRIGGER_KEY_FILE", "key")]);
    ConnectionArgs::default().resolve_with(&said).refuse_tls_options().unwrap();
    let typed = ConnectionArgs { key_file: Some("key".into()), ..ConnectionArgs::default() };
    let told = typed.resolve_with(said).refuse_tls_options().unwrap_err().message;
    assert_eq!(told, "--key-file is for a URL that begins with https://, and this is http://127.0.0.1:7070");
}

#[test]
fn a_certificate_and_its_key_are_named_together() {
    let told = |args: ConnectionArgs| args.resolve_with(environment(&[])).tls().map(drop).unwrap_err().message;
    let certificate = ConnectionArgs { certificate_file: Some("c".into()), ..ConnectionArgs::default() };
    assert_eq!(told(certificate), "a certificate was named without its key: --key-file FILE, or OUTRIGGER_KEY_FILE");
    let key = ConnectionArgs { key_file: Some("k".into()), ..ConnectionArgs::default() };
    let want = "a key was named without its certificate: --certificate-file FILE, or OUTRIGGER_CERTIFICATE_FILE";
    assert_eq!(told(key), want);
    let gone = ConnectionArgs { ca_file: Some("/nowhere/ca.pem".into()), ..ConnectionArgs::default() };
    assert!(told(gone).starts_with("cannot read an authority from /nowhere/ca.pem: "));
}
