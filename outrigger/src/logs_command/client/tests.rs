use super::*;

#[test]
fn a_mistake_in_the_query_is_marked_in_place() {
    let answer = json!({ "error": { "message": "no level is called wran", "span": { "start": 7, "end": 11 }, "suggestion": "level>=warn" } });
    let failure = refusal(StatusCode::BAD_REQUEST, &answer, "level>=wran");
    let want =
        "the collector says 400: no level is called wran\n  level>=wran\n         ^^^^\n  did you mean: level>=warn";
    assert_eq!(failure.message, want);
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
