use super::*;
use base64::Engine;
use http_body_util::BodyExt;

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

fn details(reply: &Response<ReplyBody>) -> Status {
    let value = reply.headers()[GRPC_STATUS_DETAILS].to_str().unwrap();
    Status::from_protobuf(&STANDARD_NO_PAD.decode(value).unwrap()).unwrap()
}

/// OTLP's table: of these a client repeats the call whatever else is said.
fn is_repeated_by_clients(code: Code) -> bool {
    matches!(code as u8, 1 | 4 | 10 | 11 | 14 | 15)
}

#[test]
fn a_class_has_a_code_that_clients_repeat_exactly_when_that_helps() {
    for class in CLASSES {
        let code = code_of(class);
        // RESOURCE_EXHAUSTED is repeated only with a hint, which goes with retryable classes alone.
        let is_repeated = is_repeated_by_clients(code) || (code == Code::ResourceExhausted && class.is_retryable());
        assert_eq!(is_repeated, class.is_retryable(), "{class:?}");
    }
}

#[test]
fn a_status_travels_in_the_headers_and_in_their_details() {
    let reply = status(Code::Unavailable, "come back", Some(Detail::RetryInfo(Duration::from_secs(3))));
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.headers()[GRPC_STATUS], "14");
    assert_eq!(reply.headers()[GRPC_MESSAGE], "come back");
    let want =
        Status { code: 14, message: "come back".to_owned(), details: vec![Detail::RetryInfo(Duration::from_secs(3))] };
    assert_eq!(details(&reply), want);
    assert!(!status(Code::ResourceExhausted, "too large", None).headers().contains_key(GRPC_STATUS_DETAILS));
}

#[test]
fn a_message_in_any_language_fits_a_header() {
    let reply = status(Code::InvalidArgument, "100 % “검색”\n", None);
    assert_eq!(reply.headers()[GRPC_MESSAGE], "100 %25 %E2%80%9C%EA%B2%80%EC%83%89%E2%80%9D%0A");
    let endless = "검".repeat(100_000);
    let reply = status(Code::InvalidArgument, &endless, Some(Detail::BadRequest(vec![])));
    let header_bytes: usize = reply.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    assert!(header_bytes < 8 * 1024, "clients take 8 KiB: {header_bytes}");
    assert_eq!(details(&reply).message, "검".repeat(MESSAGE_CHARS_MAX));
}

#[tokio::test]
async fn a_success_is_one_message_and_a_status_behind_it() {
    let reply = unary(b"abc");
    assert_eq!((reply.status().as_u16(), &reply.headers()[CONTENT_TYPE]), (200, &GRPC));
    assert!(!reply.headers().contains_key(GRPC_STATUS));
    let body = reply.into_body().collect().await.unwrap();
    assert_eq!(body.trailers().unwrap()[GRPC_STATUS], "0");
    assert_eq!(body.to_bytes(), Bytes::from_static(b"\0\0\0\0\x03abc"));
}

#[test]
fn the_front_says_who_is_unknown_and_who_may_not() {
    for (refusal, want) in [
        (service::Refusal::NoCredential, "16"),
        (service::Refusal::UnknownCredential, "16"),
        (service::Refusal::Scope(service::Scope::Ingest), "7"),
        (service::Refusal::Tenant, "7"),
        (service::Refusal::Path, "3"),
        (service::Refusal::Internal, "13"),
    ] {
        assert_eq!(refused_by_front(&refusal).headers()[GRPC_STATUS], want, "{refusal:?}");
    }
}
