//! What holds for any text and any filter.

use super::NOW;
use super::show::sign;
use crate::scanner::quote;
use model::{Field, Filter, Level, Literal, Term, TextTarget};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use testkit::{generate, naive};

/// A query for a filter; `None` where the language has no words for it.
fn render(filter: &Filter) -> Option<String> {
    match filter {
        Filter::All => Some("*".to_owned()),
        Filter::And(parts) => joined(parts, " AND ", "*"),
        Filter::Or(parts) => joined(parts, " OR ", "NOT *"),
        Filter::Not(inner) => Some(format!("NOT ({})", render(inner)?)),
        Filter::Text { target: TextTarget::Anywhere, term } => Some(starred(term)),
        Filter::Text { target: TextTarget::Field(field), term } => {
            has_words(field, term).then(|| format!("{}:{}", name(field), starred(term)))
        }
        Filter::Equals { field, value } => {
            is_askable(field, value).then(|| format!("{}={}", name(field), quote(value)))
        }
        Filter::Exists(field) => Some(format!("{}:*", name(field))),
        Filter::Compare { field, comparison, literal } => {
            Some(format!("{}{}{}", name(field), sign(*comparison), render_literal(literal)))
        }
    }
}

fn joined(parts: &[Filter], between: &str, empty: &str) -> Option<String> {
    if parts.is_empty() {
        return Some(empty.to_owned());
    }
    let parts: Option<Vec<String>> = parts.iter().map(|part| Some(format!("({})", render(part)?))).collect();
    Some(parts?.join(between))
}

fn starred(term: &Term) -> String {
    let star = |is_open: bool| if is_open { "*" } else { "" };
    format!("{}{}{}", star(term.is_open_start), quote(&term.text), star(term.is_open_end))
}

fn name(field: &Field) -> String {
    match field {
        Field::Attribute(key) => quote(key),
        known => crate::field::name_of(known),
    }
}

fn is_hexadecimal(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A level's name asks for the level, and an id is asked for whole, whatever a filter could express beyond.
fn has_words(field: &Field, term: &Term) -> bool {
    let is_open = term.is_open_start || term.is_open_end;
    match field {
        Field::Level => is_open || Level::parse(&term.text).is_none(),
        Field::TraceId => is_open || is_hexadecimal(&term.text, 32),
        Field::SpanId => is_open || is_hexadecimal(&term.text, 16),
        _ => true,
    }
}

fn is_askable(field: &Field, value: &str) -> bool {
    match field {
        Field::Level => !value.is_empty() && Level::parse(value).is_none_or(|level| level.name() == value),
        Field::TraceId => is_hexadecimal(value, 32),
        Field::SpanId => is_hexadecimal(value, 16),
        _ => true,
    }
}

fn render_literal(literal: &Literal) -> String {
    match literal {
        Literal::Number(number) => format!("{number:?}"),
        Literal::Int(number) => number.to_string(),
        Literal::Text(text) => quote(text),
        Literal::Time(time) => time.to_string(),
        Literal::Level(level) => level.to_string(),
    }
}

/// Texts near the language: its tokens in any order, and characters of several bytes.
fn near_query() -> impl Strategy<Value = String> {
    let tokens = &[
        "a", "disk", "field", "level", "time", "trace_id", "service", "body", "warn", "-1h", "5", "4bf9", ":", "=",
        "==", "!=", ">", ">=", "<", "<=", "=~", "(", ")", "[", "]", "{", "}", "\"", "\\", "*", "-", "!", " ", " ", " ",
        "\t", " TO ", " AND ", " OR ", " NOT ", "&&", "||", "//", "::", "é", "검색", "\u{3000}", "\u{301}", "“", "😀",
        "\0", ".", "_", "@",
    ][..];
    vec(select(tokens), 0..24).prop_map(|tokens| tokens.concat())
}

fn cases(times: u32) -> ProptestConfig {
    ProptestConfig::with_cases(times * ProptestConfig::default().cases)
}

proptest! {
    #![proptest_config(cases(16))]

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
    #![proptest_config(cases(4))]

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
}
