//! Who we are to a collector, whatever the environment says.

use super::*;

fn authorization(bearer: &Bearer, from_environment: Option<&str>) -> Option<String> {
    let mut request = Request::new(());
    if let Some(value) = from_environment {
        request.metadata_mut().insert("authorization", value.parse().unwrap());
    }
    let request = bearer.clone().call(request).unwrap();
    request.metadata().get("authorization").map(|value| value.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn our_token_stands_above_one_that_the_environment_lends() {
    let own = Endpoint::local("http://127.0.0.1:4317", &Secret::new("otr_own".to_owned())).unwrap();
    assert_eq!(authorization(&own.bearer, Some("Bearer of-an-application")).unwrap(), "Bearer otr_own");
    assert_eq!(authorization(&own.bearer, None).unwrap(), "Bearer otr_own");
    assert_eq!(authorization(&Bearer(None), Some("Bearer of-an-application")), None);
}

#[tokio::test]
async fn a_token_is_not_shown_and_one_that_cannot_be_sent_is_refused() {
    let own = Endpoint::local("http://127.0.0.1:4317", &Secret::new("otr_canary".to_owned())).unwrap();
    assert!(!format!("{own:?}").contains("canary"));
    let error = Endpoint::local("http://127.0.0.1:4317", &Secret::new("a\nb".to_owned())).unwrap_err();
    assert!(matches!(error, TelemetryError::Token));
    assert!(!error.to_string().contains("a\nb"));
}

#[tokio::test]
async fn the_way_to_ourselves_is_without_tls() {
    let error = Endpoint::local("https://127.0.0.1:4317", &Secret::new("otr_own".to_owned())).unwrap_err();
    assert!(error.to_string().contains("https://127.0.0.1:4317"), "{error}");
}

#[test]
fn without_a_file_the_authorities_of_the_system_are_trusted() {
    match std::fs::read("/etc/ssl/certs/ca-certificates.crt") {
        Ok(of_debian) => assert_eq!(authorities(None).unwrap(), of_debian),
        // Elsewhere they lie elsewhere; what is found, if anything, is certificates.
        Err(_) => assert!(authorities(None).map_or(true, |pem| pem.windows(5).any(|window| window == b"-----"))),
    }
}
