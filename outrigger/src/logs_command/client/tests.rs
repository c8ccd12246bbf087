use super::*;

#[test]
fn a_mistake_in_the_query_is_marked_in_place() {
    let answer = json!({ "error": { "message": "no level is called wran", "span": { "start": 7, "end": 11 }, "suggestion": "level>=warn" } });
    let failure = refusal(StatusCode::BAD_REQUEST, &answer, "level>=wran");
    let want =
        "the collector says 400: no level is called wran\n  level>=wran\n         ^^^^\n  did you mean: level>=warn";
    assert_eq!(failure.message, want);
}

fn client(token_file: Option<&Path>) -> Result<ApiClient, Failure> {
    let url = "http://127.0.0.1:4318".to_owned();
    let token_file = token_file.map(Path::to_owned);
    ApiClient::new(&Connection { url, token_file, ..Connection::default() })
}

#[test]
fn a_url_is_of_http_or_https() {
    for url in ["127.0.0.1:7070", "ftp://127.0.0.1", "collector", "http://a b", ""] {
        let connection = Connection { url: url.to_owned(), ..Connection::default() };
        let want = format!("{url:?} is no URL; examples: http://127.0.0.1:7070, https://collector.example:7070");
        assert_eq!(ApiClient::new(&connection).map(drop).unwrap_err().message, want);
    }
    let with_password = Connection { url: "http://kim:secret@127.0.0.1".to_owned(), ..Connection::default() };
    let told = ApiClient::new(&with_password).map(drop).unwrap_err().message;
    assert!(told.contains("--token-file") && !told.contains("secret"), "{told}");
}

#[track_caller]
fn check_refusal(client: &ApiClient, status: u16, answer: Value, want: &str) {
    assert_eq!(client.refusal(StatusCode::from_u16(status).unwrap(), &answer, "x").message, want);
}

#[tokio::test]
async fn a_port_for_otlp_is_told_from_one_for_searches() {
    let want = |status: u16| {
        format!(
            "127.0.0.1:4318 takes OTLP and answers no searches ({status})\n  searches are answered where the collector has \
             collector.http.listen, 127.0.0.1:7070 unless configured: --url http://127.0.0.1:7070, or OUTRIGGER_URL"
        )
    };
    let client = client(None).unwrap();
    let answer = json!({ "code": 12, "message": "there is no /api/v1/logs/search; OTLP logs go to /v1/logs" });
    check_refusal(&client, 404, answer, &want(404));
    check_refusal(&client, 401, json!({ "code": 16, "message": "a token is needed" }), &want(401));
    let other = json!({ "error": { "message": "there is no such page" } });
    check_refusal(&client, 404, other, "the collector says 404: there is no such page");
}

#[tokio::test]
async fn who_lacks_a_token_hears_how_the_command_line_takes_one() {
    let refused =
        || json!({ "error": { "class": "forbidden", "message": "a token is needed: send `authorization: ...`" } });
    check_refusal(
        &client(None).unwrap(),
        401,
        refused(),
        "127.0.0.1:4318 wants a token (401)\n  name a file that holds one with --token-file FILE, or in OUTRIGGER_TOKEN_FILE; \
         `outrigger token new NAME --scope query` makes one",
    );
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("kim.token");
    std::fs::write(&file, "otr_abc\n").unwrap();
    let failure = client(Some(&file)).unwrap().refusal(StatusCode::UNAUTHORIZED, &refused(), "x");
    assert!(failure.message.starts_with("127.0.0.1:4318 does not know the token in "), "{}", failure.message);
    assert!(failure.message.contains("kim.token") && !failure.message.contains("otr_abc"), "{}", failure.message);
}

#[test]
fn a_file_without_a_token_is_not_sent() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("tokens.yaml");
    for text in ["", " \n", "tokens:\n  - name: kim\n", "Bearer otr_abc", "otr_\u{e9}"] {
        std::fs::write(&file, text).unwrap();
        let Err(failure) = client(Some(&file)) else { panic!("{text:?} is no token") };
        assert!(failure.message.contains("holds no token: a token is one word"), "{}", failure.message);
    }
}

#[test]
fn a_mark_behind_wide_letters_stands_under_its_place() {
    assert_eq!(marked("검색 level>=x", 14, 15), "\n  검색 level>=x\n              ^");
    assert_eq!(marked("x", 5, 9), "", "a place outside the text marks nothing");
}

#[test]
fn an_answer_becomes_a_page() {
    let page = page_of(json!({
        "records": [{ "sequence": "7" }, { "sequence": "6" }],
        "next": "1_2",
        "cut_short": null,
        "newest_sequence": "18446744073709551615",
    }));
    assert_eq!((page.records.len(), page.newest_sequence), (2, Some(u64::MAX)));
    assert_eq!((page.next.as_deref(), page.cut_short), (Some("1_2"), None));
    let page = page_of(json!({ "records": [], "next": null, "cut_short": "replaying", "newest_sequence": null }));
    assert_eq!((page.newest_sequence, page.cut_short.as_deref()), (None, Some("replaying")));
}
