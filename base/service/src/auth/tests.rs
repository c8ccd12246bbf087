//! Which credential makes which caller.

use std::path::Path;

use http::HeaderValue;
use rcgen::SanType;

use super::*;
use crate::tls::tests::Authority;

/// A token file with the entries of these requests, and their tokens.
fn token_file(folder: &Path, requests: &[TokenRequest]) -> (Arc<TokenFile>, Vec<String>) {
    let made: Vec<NewToken> = requests.iter().map(new_token).collect();
    let entries: String = made.iter().map(|token| token.entry.as_str()).collect();
    let path = folder.join("tokens.yaml");
    std::fs::write(&path, format!("tokens:\n{entries}")).unwrap();
    let tokens = made.iter().map(|token| token.token.expose().clone()).collect();
    (Arc::new(TokenFile::open(&path).unwrap()), tokens)
}

fn request(name: &str, scopes: &[Scope], tenants: &[&str]) -> TokenRequest {
    let tenants = tenants.iter().map(|tenant| (*tenant).to_owned()).collect();
    TokenRequest { name: name.to_owned(), scopes: scopes.to_vec(), tenants }
}

fn connection(client_certificate: Option<&[u8]>) -> ConnectionInfo {
    let peer = "192.0.2.7:5000".parse().unwrap();
    ConnectionInfo { peer, is_tls: client_certificate.is_some(), client_certificate: client_certificate.map(Arc::from) }
}

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    lines
        .iter()
        .map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
        .collect()
}

/// `name@tenant scopes`, or the name of the refusal.
fn who(auth: &Auth, lines: &[(&'static str, &str)], certificate: Option<&[u8]>) -> String {
    match auth.authenticate(&headers(lines), &connection(certificate)) {
        Ok(caller) => {
            let scopes: Vec<&str> =
                Scope::ALL.iter().filter(|scope| caller.scopes.has(**scope)).map(|scope| scope.name()).collect();
            format!("{}@{} {}", caller.name, caller.tenant, scopes.join(","))
        }
        Err(refusal) => refusal.name().to_owned(),
    }
}

#[test]
fn a_token_brings_its_name_its_scopes_and_its_first_tenant() {
    let folder = tempfile::tempdir().unwrap();
    let requests = [
        request("gateway", &[Scope::Ingest], &["acme", "beta"]),
        request("grafana", &[Scope::Query], &["acme"]),
        request("operator", &[Scope::Query, Scope::Admin], &["*"]),
        request("plain", &[Scope::Ingest], &[]),
    ];
    let (file, tokens) = token_file(folder.path(), &requests);
    let auth = Auth::new(Some(file), Vec::new());
    assert!(auth.is_configured());
    let by = |index: usize| {
        let token: &String = &tokens[index];
        who(&auth, &[("authorization", &format!("Bearer {token}"))], None)
    };
    assert_eq!(by(0), "gateway@acme ingest");
    assert_eq!(by(1), "grafana@acme query");
    assert_eq!(by(2), "operator@default query,admin");
    assert_eq!(by(3), "plain@default ingest");
    assert_eq!(who(&auth, &[], None), "no_credential");
}

#[test]
fn a_caller_may_only_go_on_while_its_token_still_permits_it() {
    let folder = tempfile::tempdir().unwrap();
    let (file, tokens) = token_file(folder.path(), &[request("grafana", &[Scope::Query], &["acme", "beta"])]);
    let auth = Auth::new(Some(Arc::clone(&file)), Vec::new());
    let bearer = format!("Bearer {}", tokens[0]);
    let caller = auth.authenticate(&headers(&[("authorization", &bearer)]), &connection(None)).unwrap();
    assert!(caller.may_still(Scope::Query) && !caller.may_still(Scope::Ingest));
    let whole = std::fs::read_to_string(file.path()).unwrap();
    // Another file each time: two changes of one may come too fast for its time to tell them apart.
    let replace = |text: &str| {
        let next = file.path().with_extension("next");
        std::fs::write(&next, text).unwrap();
        std::fs::rename(next, file.path()).unwrap();
        assert!(file.reload_if_changed().unwrap());
    };
    for (was, is, why) in [
        ("acme", "other", "another tenant"),
        ("query", "ingest", "another scope"),
        (
            "sha256:",
            "sha256:0000000000000000000000000000000000000000000000000000000000000000\", \"sha256:",
            "one hash more",
        ),
    ] {
        replace(&whole.replace(was, is));
        assert_eq!(caller.may_still(Scope::Query), why == "one hash more", "{why}");
    }
    replace("tokens: []\n");
    assert!(!caller.may_still(Scope::Query), "the token has gone");
    let local = Auth::new(None, Vec::new()).authenticate(&HeaderMap::new(), &connection(None)).unwrap();
    assert!(local.may_still(Scope::Query), "who proved nothing has nothing to lose");
}

#[test]
fn a_header_chooses_among_the_tenants_of_the_token_and_never_beyond() {
    let folder = tempfile::tempdir().unwrap();
    let requests = [
        request("gateway", &[Scope::Ingest], &["acme", "beta"]),
        request("operator", &[Scope::Query], &["*"]),
        request("watcher", &[Scope::Query], &["default", "_self"]),
    ];
    let (file, tokens) = token_file(folder.path(), &requests);
    let auth = Auth::new(Some(file), Vec::new());
    let by = |index: usize, tenant: &str| {
        let bearer = format!("Bearer {}", tokens[index]);
        who(&auth, &[("authorization", &bearer), ("x-scope-orgid", tenant)], None)
    };
    assert_eq!(by(0, "beta"), "gateway@beta ingest");
    assert_eq!(by(1, "gamma"), "operator@gamma query");
    assert_eq!(by(2, "_self"), "watcher@_self query");
    for (index, tenant) in
        [(0, "gamma"), (0, "_self"), (0, ""), (0, "../acme"), (0, "ACME"), (0, "acme|beta"), (1, "_self")]
    {
        assert_eq!(by(index, tenant), "tenant", "{index} {tenant:?}");
    }
}

#[test]
fn a_token_is_found_however_its_sender_writes_the_header() {
    let folder = tempfile::tempdir().unwrap();
    let (file, tokens) = token_file(folder.path(), &[request("a", &[Scope::Ingest], &[])]);
    let auth = Auth::new(Some(file), Vec::new());
    let token = &tokens[0];
    for value in
        [format!("Bearer {token}"), format!("bearer {token}"), format!("BEARER  {token} "), format!("Bearer%20{token}")]
    {
        assert_eq!(who(&auth, &[("authorization", &value)], None), "a@default ingest", "{value}");
    }
    let cut = &token[..token.len() - 1];
    let last_changed = format!("{cut}{}", if token.ends_with('A') { 'B' } else { 'A' });
    let wrong = [
        format!("Bearer {cut}"),
        format!("Bearer {last_changed}"),
        format!("Bearer {token}x"),
        format!("Basic {token}"),
        token.clone(),
        "Bearer".to_owned(),
        String::new(),
        format!("Bearer {token}{}", " ".repeat(crate::limits::CREDENTIAL_BYTES_MAX)),
    ];
    for value in wrong {
        assert_eq!(who(&auth, &[("authorization", &value)], None), "unknown_credential", "{value}");
    }
}

#[test]
fn digests_are_the_same_only_when_every_byte_is() {
    let digest = digest("otr_x");
    assert!(is_same(&digest, &digest));
    for index in 0..digest.len() {
        let mut other = digest;
        other[index] ^= 1;
        assert!(!is_same(&digest, &other), "byte {index}");
    }
}

#[test]
fn without_credentials_everybody_on_loopback_is_the_local_caller() {
    let auth = Auth::new(None, Vec::new());
    assert!(!auth.is_configured());
    let all = "ingest,query,queue,cache,admin";
    assert_eq!(who(&auth, &[], None), format!("anonymous@default {all}"));
    assert_eq!(
        who(&auth, &[("x-scope-orgid", "_self")], None),
        format!("anonymous@_self {all}"),
        "to look at our own records"
    );
    assert_eq!(who(&auth, &[("x-scope-orgid", "acme")], None), "tenant");
    assert_eq!(who(&auth, &[("authorization", "Bearer of-another-server")], None), format!("anonymous@default {all}"));
}

#[test]
fn nobody_but_the_process_itself_sends_as_self() {
    let folder = tempfile::tempdir().unwrap();
    let (file, tokens) = token_file(folder.path(), &[request("poser", &[Scope::Ingest, Scope::Query], &["_self"])]);
    for auth in [Auth::new(Some(file), Vec::new()), Auth::new(None, Vec::new())] {
        let own = format!("Bearer {}", auth.own_token().expose());
        let caller = auth.authenticate(&headers(&[("authorization", &own)]), &connection(None)).unwrap();
        assert_eq!((caller.tenant.as_str(), caller.proof), ("_self", Proof::Own));
        assert!(caller.is_own());
        assert_eq!(caller.require(Scope::Ingest), Ok(()));
        assert_eq!(caller.require(Scope::Query), Err(Refusal::Scope(Scope::Query)), "it sends and does no more");

        let poser = [("authorization", format!("Bearer {}", tokens[0])), ("x-scope-orgid", "_self".to_owned())];
        let lines: Vec<_> = poser.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let caller = auth.authenticate(&headers(&lines), &connection(None)).unwrap();
        assert_eq!(caller.tenant.as_str(), "_self");
        assert_eq!(caller.require(Scope::Ingest), Err(Refusal::Scope(Scope::Ingest)));
        assert_eq!(caller.require(Scope::Query), Ok(()), "but whoever may can read");
    }
    let (one, two) = (Auth::new(None, Vec::new()), Auth::new(None, Vec::new()));
    assert_ne!(one.own_token().expose(), two.own_token().expose(), "each process has a token of its own");
    assert!(!format!("{one:?}").contains(one.own_token().expose()));
}

fn rule(subject: &str, scopes: &[Scope], tenants: Tenants) -> CertificateRule {
    CertificateRule { subject: subject.to_owned(), scopes: scopes.iter().copied().collect(), tenants }
}

#[test]
fn a_certificate_is_mapped_by_its_subject_names_and_unmapped_ones_may_nothing() {
    let fleet = Authority::new("fleet");
    let acme = || Tenants::Listed(vec!["acme".parse().unwrap()]);
    let rules = vec![
        rule("dns:gateway.test", &[Scope::Ingest], acme()),
        rule("uri:spiffe://fleet/reader", &[Scope::Query], Tenants::Any),
        rule("ip:192.0.2.9", &[Scope::Query], acme()),
        rule("email:ops@fleet.test", &[Scope::Admin], acme()),
    ];
    let auth = Auth::new(None, rules);
    assert!(auth.is_configured());
    let by = |name: SanType| {
        let leaf = fleet.issue_with(|params| params.subject_alt_names.push(name));
        who(&auth, &[], Some(&leaf.der()))
    };
    assert_eq!(by(SanType::DnsName("gateway.test".try_into().unwrap())), "dns:gateway.test@acme ingest");
    assert_eq!(
        by(SanType::URI("spiffe://fleet/reader".try_into().unwrap())),
        "uri:spiffe://fleet/reader@default query"
    );
    assert_eq!(by(SanType::IpAddress("192.0.2.9".parse().unwrap())), "ip:192.0.2.9@acme query");
    assert_eq!(by(SanType::Rfc822Name("ops@fleet.test".try_into().unwrap())), "email:ops@fleet.test@acme admin");
    assert_eq!(by(SanType::DnsName("other.test".try_into().unwrap())), "unmapped_certificate");
    assert_eq!(by(SanType::DnsName("gateway.test.evil.test".try_into().unwrap())), "unmapped_certificate");
    let by_common_name =
        fleet.issue_with(|params| params.distinguished_name.push(rcgen::DnType::CommonName, "gateway.test"));
    assert_eq!(who(&auth, &[], Some(&by_common_name.der())), "unmapped_certificate", "a common name proves nothing");
    assert_eq!(who(&auth, &[], Some(b"no certificate")), "unmapped_certificate");
    assert_eq!(who(&auth, &[], None), "no_credential");
}

#[test]
fn a_token_counts_before_the_certificate_it_comes_with() {
    let folder = tempfile::tempdir().unwrap();
    let (file, tokens) = token_file(folder.path(), &[request("app", &[Scope::Ingest], &["beta"])]);
    let fleet = Authority::new("fleet");
    let leaf = fleet.issue("mesh.test");
    let auth = Auth::new(Some(file), vec![rule("dns:mesh.test", &[Scope::Query], Tenants::Any)]);
    let bearer = format!("Bearer {}", tokens[0]);
    assert_eq!(who(&auth, &[("authorization", &bearer)], Some(&leaf.der())), "app@beta ingest");
    assert_eq!(who(&auth, &[("authorization", "Bearer wrong")], Some(&leaf.der())), "unknown_credential");
    assert_eq!(who(&auth, &[], Some(&leaf.der())), "dns:mesh.test@default query");
}
