use super::*;

const CLASSES: [ErrorClass; 9] = [
    ErrorClass::Invalid,
    ErrorClass::TooLarge,
    ErrorClass::Forbidden,
    ErrorClass::NotFound,
    ErrorClass::Quota,
    ErrorClass::Overloaded,
    ErrorClass::Unavailable,
    ErrorClass::Corrupt,
    ErrorClass::Internal,
];

fn headers(name: http::HeaderName, values: &[&str]) -> HeaderMap {
    values.iter().map(|value| (name.clone(), HeaderValue::from_str(value).unwrap())).collect()
}

#[test]
fn a_class_has_a_status_that_clients_repeat_exactly_when_that_helps() {
    for class in CLASSES {
        let is_repeated = matches!(status_of(class).as_u16(), 429 | 502 | 503 | 504);
        assert_eq!(is_repeated, class.is_retryable(), "{class:?}");
    }
}

#[test]
fn the_code_in_the_body_is_that_of_the_same_refusal_over_grpc() {
    for (status, code) in [(400, 3), (401, 16), (403, 7), (404, 12), (405, 3), (413, 8), (415, 3), (429, 8), (431, 3)] {
        assert_eq!(rpc_code_of(StatusCode::from_u16(status).unwrap()), code, "{status}");
    }
    assert_eq!(
        (rpc_code_of(StatusCode::SERVICE_UNAVAILABLE), rpc_code_of(StatusCode::INTERNAL_SERVER_ERROR)),
        (14, 13)
    );
}

#[test]
fn the_content_type_is_read_without_parameters_and_in_any_case() {
    for (text, want) in [
        ("application/json", Some(Format::Json)),
        ("Application/JSON ; charset=utf-8", Some(Format::Json)),
        ("application/x-protobuf", Some(Format::Protobuf)),
        ("application/x-protobuf;proto=x", Some(Format::Protobuf)),
        ("application/protobuf", None),
        ("application/json-seq", None),
        ("text/plain", None),
        ("", None),
    ] {
        assert_eq!(format_of(&headers(CONTENT_TYPE, &[text])), want, "{text}");
    }
    assert_eq!(format_of(&HeaderMap::new()), None);
}

#[test]
fn one_coding_is_taken_and_no_pile_of_them() {
    assert_eq!(coding_of(&HeaderMap::new()), Some(Coding::Identity));
    assert_eq!(coding_of(&headers(CONTENT_ENCODING, &["gzip"])), Some(Coding::Gzip));
    for pile in [&["gzip, gzip"][..], &["gzip", "zstd"], &["br"], &["deflate"]] {
        assert_eq!(coding_of(&headers(CONTENT_ENCODING, pile)), None, "{pile:?}");
    }
}

#[test]
fn paths_are_those_of_the_specification_and_known_aliases() {
    for path in ["/v1/logs", "/otlp/v1/logs"] {
        assert!(matches!(target_of(path), Some(Target::Logs)), "{path}");
    }
    for path in ["/v1/traces", "/v1/metrics", "/api/v1/otlp/v1/metrics", "/v1development/profiles"] {
        assert!(matches!(target_of(path), Some(Target::NotTaken(_))), "{path}");
    }
    for path in ["/", "/v1/logs/", "/V1/LOGS", "/v1/log", "/v1"] {
        assert!(target_of(path).is_none(), "{path}");
    }
}

#[test]
fn a_refusal_of_the_front_is_a_status_in_the_format_of_the_request() {
    let json = refused_by_front(&service::Refusal::NoCredential, &headers(CONTENT_TYPE, &["application/json"]));
    assert_eq!(json.status(), 401);
    assert_eq!(json.headers()[WWW_AUTHENTICATE], "Bearer");
    assert_eq!(json.headers()[CONTENT_TYPE], JSON);
    let protobuf = refused_by_front(&service::Refusal::Tenant, &headers(CONTENT_TYPE, &["application/x-protobuf"]));
    assert_eq!(protobuf.status(), 403);
    assert_eq!(protobuf.headers()[CONTENT_TYPE], PROTOBUF);
    assert!(!protobuf.headers().contains_key(WWW_AUTHENTICATE));
    assert_eq!(refused_by_front(&service::Refusal::Path, &HeaderMap::new()).headers()[CONTENT_TYPE], JSON);
}
