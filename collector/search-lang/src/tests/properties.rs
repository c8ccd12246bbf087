//! What holds for any text and any filter.

use super::NOW;
use super::render::{render, render_pipeline};
use model::{Filter, Pipe};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use testkit::{generate, naive};

/// Texts near the language: its tokens in any order, and characters of several bytes.
fn near_query() -> impl Strategy<Value = String> {
    let tokens = &[
        "a",
        "disk",
        "field",
        "level",
        "time",
        "trace_id",
        "service",
        "body",
        "warn",
        "-1h",
        "5",
        "4bf9",
        ":",
        "=",
        "==",
        "!=",
        ">",
        ">=",
        "<",
        "<=",
        "=~",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "\"",
        "\\",
        "*",
        "-",
        "!",
        " ",
        " ",
        " ",
        "\t",
        " TO ",
        " AND ",
        " OR ",
        " NOT ",
        "&&",
        "||",
        "//",
        "::",
        "é",
        "검색",
        "\u{3000}",
        "\u{301}",
        "“",
        "😀",
        "\0",
        ".",
        "_",
        "@",
        "'",
        "/",
        "/a.b/",
        "\\/",
        "(?i)",
        " in (",
        ",",
        "10.0.0.0/8",
        "::1",
        "body.",
        "| ",
        " | stats count() by ",
        "1m",
        "where ",
        "top 5 by ",
        "sort ",
        "fields ",
        "limit 5",
        "context before 2",
        "parse regex /(?P<x>a)/",
        "patterns",
        " as ",
    ][..];
    vec(select(tokens), 0..24).prop_map(|tokens| tokens.concat())
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(4096))]

    #[test]
    fn any_text_is_parsed_or_its_mistake_has_a_place(text in near_query()) {
        crate::fuzz::search_lang(text.as_bytes());
    }

    #[test]
    fn any_bytes_are_parsed_or_their_mistake_has_a_place(data in vec(any::<u8>(), 0..64)) {
        crate::fuzz::search_lang(&data);
    }

    #[test]
    fn a_query_with_one_character_changed_is_parsed_or_refused(
        filter in generate::filter(), at in any::<proptest::sample::Index>(), put in near_query(),
    ) {
        let mut query: Vec<char> = render(&filter).unwrap_or_default().chars().collect();
        let at = at.index(query.len() + 1);
        query.splice(at..(at + 1).min(query.len()), put.chars().take(1));
        crate::fuzz::search_lang(query.into_iter().collect::<String>().as_bytes());
    }
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(1024))]

    #[test]
    fn a_filter_written_as_a_query_means_the_same(filter in generate::filter(), record in generate::log_record()) {
        let Some(query) = render(&filter) else { return Ok(()) };
        let parsed = crate::parse(&query, NOW).map_err(|mistake| TestCaseError::fail(format!("{query}: {mistake}")))?;
        prop_assert_eq!(naive::matches(&parsed, &record), naive::matches(&filter, &record), "{}", query);
    }

    #[test]
    fn what_a_query_compiles_to_is_written_and_read_back_unchanged(filter in generate::filter()) {
        let Some(query) = render(&filter) else { return Ok(()) };
        let parsed = crate::parse(&query, NOW).map_err(|mistake| TestCaseError::fail(format!("{query}: {mistake}")))?;
        let again = render(&parsed).map(|query| crate::parse(&query, NOW));
        prop_assert_eq!(again, Some(Ok(parsed)), "{}", query);
    }

    #[test]
    fn pipes_written_as_a_query_are_read_back_unchanged(filter in generate::filter(), pipes in generate::pipes()) {
        let Some(query) = render_pipeline(&filter, &pipes) else { return Ok(()) };
        let parsed = crate::parse_pipeline(&query, NOW);
        let parsed = parsed.map_err(|mistake| TestCaseError::fail(format!("{query}: {mistake}")))?;
        let again = render_pipeline(&parsed.0, &parsed.1).map(|query| crate::parse_pipeline(&query, NOW));
        // A filter has several forms that mean the same; all else of a pipe has one.
        prop_assert_eq!(parsed.1.len(), pipes.len());
        for (parsed, own) in parsed.1.iter().zip(&pipes) {
            prop_assert!(parsed == own || matches!((parsed, own), (Pipe::Where(_), Pipe::Where(_))), "{} {:?}", query, parsed);
        }
        prop_assert_eq!(again, Some(Ok(parsed)), "{}", query);
    }

    #[test]
    fn a_query_without_pipes_means_the_same_where_they_may_follow(filter in generate::filter()) {
        let Some(query) = render(&filter) else { return Ok(()) };
        let alone: Result<Filter, _> = crate::parse(&query, NOW);
        prop_assert_eq!(crate::parse_pipeline(&query, NOW), alone.map(|filter| (filter, vec![])), "{}", query);
    }
}
