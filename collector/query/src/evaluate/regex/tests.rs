use super::*;
use crate::search;
use crate::tests::world::{
    check, patient_guard, record, record_with, request_of, sealed_snapshot_of, snapshot_of, text,
};
use model::{Filter, LogRecord, TextTarget, TraceId, Value};
use proptest::prelude::*;
use proptest::sample::select;
use testkit::generate;

proptest! {
    #![proptest_config(testkit::random_cases::cases(4096))]

    #[test]
    fn what_is_taken_for_required_stands_in_each_match(regex in generate::regex(), text in generate::text()) {
        let required = Required::of(&regex);
        let literal = required.longest();
        for found in compile(&regex).unwrap().find_iter(&text) {
            prop_assert!(found.as_str().contains(literal), "{} needs {:?}, found {:?}", regex, literal, found.as_str());
        }
    }

    #[test]
    fn no_text_is_read_wrongly_for_a_required_literal(regex in "[ab(){}|*+?\\[\\]\\\\.^$dwxpQE0-9,:<>P-]{0,12}", text in "[ab0-9x{}()|]{0,12}") {
        let required = Required::of(&regex);
        let literal = required.longest();
        if let Ok(compiled) = compile(&regex) {
            for found in compiled.find_iter(&text) {
                prop_assert!(found.as_str().contains(literal), "{} needs {:?}, found {:?}", regex, literal, found.as_str());
            }
        }
    }

    /// The language's own estimate lets nothing through that becomes too large here.
    #[test]
    fn what_the_language_takes_can_be_compiled(
        parts in proptest::collection::vec((select(PARTS), select(TIMES)), 1..8), times in 1..60usize,
    ) {
        let inside: String = parts.into_iter().flat_map(|(what, times)| [what, times]).collect();
        for regex in [inside.clone(), format!("({inside}){{{times}}}"), format!("(?:{inside}|x)*"), format!("(?i){inside}")] {
            if search_lang::parse(&format!("/{regex}/"), crate::tests::world::NOW).is_ok() {
                prop_assert!(compile(&regex).is_ok(), "{}", regex);
            }
        }
    }
}

const PARTS: &[&str] = &[
    "a",
    r"\w",
    r"\d",
    r"\pL",
    "[^x]",
    ".",
    r"\S",
    "b",
    "(?i:k)",
    "검",
    "[a-z]",
    r"\b",
    "foo",
    r"[\p{Greek}\d]",
    r"\W",
    r"\p{Lu}",
];
const TIMES: &[&str] = &["", "", "*", "+", "?", "{3}", "{20}", "{99}", "{1,17}", "{5,}", "{0,50}"];

#[test]
fn the_longest_piece_that_every_match_holds_is_found() {
    for (regex, want) in [
        (r"timeout after \d+ms", "timeout"),
        (r"conn(ection)? refused", "refused"),
        ("ab|cd", ""),
        ("(?i)timeout", ""),
        ("abc+d", "ab"),
        (r"10\.0\.0\.\d", "10.0.0."),
        ("x{3}yz", "yz"),
        (r"\x41bc", "Abc"),
        ("[]a]bcd", "bcd"),
        ("[[:alpha:]]x", "x"),
        ("한글abc", "abc"),
        (r"a\a|", ""),
        ("(?:abc|abd)xy", "xy"),
        (r#"say "hello""#, "hello"),
        ("(", ""),
    ] {
        assert_eq!(Required::of(regex).longest(), want, "{regex}");
    }
}

#[test]
fn what_the_index_is_asked_is_in_each_text_that_matches() {
    for (regex, want) in [
        // A mark may follow what has no ASCII behind it.
        ("timeout", &["*timeou*"][..]),
        ("time[a-z]* .*took [0-9]+ms", &["*took", "*tim*", "*m*"]),
        ("disk full on (vda)[0-9]", &["*disk", "full", "*vda*", "on"]),
        ("took$", &["*took*"]),
        ("took(?m)$", &["*too*"]),
        ("(took)+x", &["*too*"]),
        ("(?:took )?x", &[]),
        ("took|disk", &[]),
        ("éabcé", &["*ab*"]),
        (r#"a"bc"d."#, &["bc", "*a"]),
        ("aa-aa.-aa", &["*aa-a*", "*-a*"]),
        ("(ab)x.(ab)x", &["*ab*"]),
    ] {
        let required = Required::of(regex);
        let star = |is_open| if is_open { "*" } else { "" };
        let shown = |needle: &text_index::Needle<'_>| {
            format!("{}{}{}", star(needle.is_open_start), needle.text, star(needle.is_open_end))
        };
        assert_eq!(required.needles().iter().map(shown).collect::<Vec<_>>(), want, "{regex}");
    }
}

const SAID: &[&str] = &[
    "timeout",
    "took",
    "took ",
    "Took",
    "disk",
    " ",
    " ",
    "  ",
    "-",
    "=",
    "\"",
    "\\",
    "5",
    "12ms",
    "250",
    "node-7",
    "x",
    "caf\u{e9}",
    "cafe\u{301}",
    "\u{301}",
    "\u{338}",
    "\u{212a}",
    "k",
    "too\u{301}k",
    "\u{1a}",
    "\u{ac80}",
    "\n",
    "deadbeef-dead-beef-cafe-abcdefabcde1",
];
const ASKED: &[&str] = &[
    "timeout",
    "took",
    "too",
    "disk",
    "time",
    "out",
    "k",
    "e",
    "=",
    "-",
    " ",
    " ",
    "node-",
    "ms",
    "5",
    "250",
    "\"",
    "\\\\",
    "x",
    "caf\u{e9}",
    "\u{301}",
    "\u{ac80}",
    "[a-z]",
    "[a-z]*",
    "[0-9]+",
    ".",
    ".*",
    r"\d",
    r"\w+",
    r"\s",
    "(took)+",
    "(took )?",
    "(?:time|took)",
    "(disk|took) ",
    "(?i:TOOK)",
    "(?i:k)",
    "^",
    "$",
    r"\b",
    r"\B",
    "(?m:$)",
    "beef",
    "dead-",
];

proptest! {
    #![proptest_config(testkit::random_cases::cases(1024))]

    #[test]
    fn an_expression_finds_the_same_with_the_index_and_without(
        messages in proptest::collection::vec(proptest::collection::vec(select(SAID), 0..7), 1..24),
        regexes in proptest::collection::vec(proptest::collection::vec(select(ASKED), 1..5), 1..12),
    ) {
        let records: Vec<LogRecord> = messages.iter().map(|said| record(&said.concat())).collect();
        let (head, part) = (snapshot_of(&records), sealed_snapshot_of(&records));
        for regex in regexes.iter().map(|asked| asked.concat()) {
            let Ok(compiled) = compile(&regex) else { continue };
            let want = records.iter().filter(|record| match &record.body {
                Value::Str(text) => compiled.is_match(text),
                _ => unreachable!("all are strings"),
            });
            let want = want.count() as u64;
            let filter = Filter::Regex { target: TextTarget::Field(model::Field::Body), regex: regex.as_str().into() };
            for snapshot in [&head, &part] {
                let answer = search(snapshot, &request_of(filter.clone()), &patient_guard()).unwrap();
                prop_assert_eq!(answer.matched, want, "{}", &regex);
            }
        }
    }
}

#[test]
fn an_expression_is_looked_for_where_a_term_would_be() {
    let records = [
        record("timeout after 250ms"),
        record("Timeout after 9ms"),
        record_with(&[("a", text("timeout after 1ms"))]),
        record_with(&[("a", Value::Array(vec![text("timeout after 12ms")]))]),
        record_with(&[("timeout after 1ms", text("x"))]),
        record("timeout after ms"),
    ];
    check(r"/timeout after \d+ms/", &records, &[0, 2, 3]);
    check(r"a:/after \d{2}ms$/", &records, &[3]);
    check(r"/(?i)timeout after \d+ms/", &records, &[0, 1, 2, 3]);
    check(r"body:/^timeout/ NOT /\d/", &records, &[5]);
}

#[test]
fn numbers_and_ids_are_matched_by_their_text() {
    let records = [
        record_with(&[("code", Value::Int(503))]),
        record_with(&[("code", Value::Double(50.5))]),
        record_with(&[("code", Value::Bytes(Box::new([53])))]),
        LogRecord { trace_id: TraceId::new([0x4b; 16]), ..record("x") },
        LogRecord { body: Value::Int(51), ..record("") },
    ];
    check(r"code:/^5\d/", &records, &[0, 1]);
    check("trace_id:/^(4b)+$/", &records, &[3]);
    check(r"/^5\d$/", &records, &[4]);
}

#[test]
fn nothing_is_folded_or_composed() {
    let records = [record("caf\u{e9}"), record("cafe\u{301}"), record("a/b")];
    check("/caf\u{e9}/", &records, &[0]);
    check("/cafe\u{301}/", &records, &[1]);
    check(r"/a\/b/", &records, &[2]);
}

#[test]
fn an_expression_that_is_mistaken_or_too_large_is_refused_however_it_came_here() {
    let ask = |regex: &str| {
        let filter = Filter::Regex { target: TextTarget::Anywhere, regex: regex.into() };
        search(&snapshot_of(&[record("x")]), &request_of(filter), &patient_guard()).map(|answer| answer.matched)
    };
    assert_eq!(ask("(x"), Err(QueryError::RegexRefused));
    assert_eq!(ask(r"\w{900}"), Err(QueryError::RegexRefused));
    assert_eq!(ask(&"x".repeat(REGEX_BYTES_MAX + 1)), Err(QueryError::RegexRefused));
    assert_eq!(ask("x"), Ok(1));
    let many = |count: usize| {
        let one = Filter::Regex { target: TextTarget::Anywhere, regex: "x".into() };
        let request = request_of(Filter::Or(vec![one; count]));
        search(&snapshot_of(&[record("x")]), &request, &patient_guard()).map(|answer| answer.matched)
    };
    assert_eq!(many(16), Ok(1));
    assert_eq!(many(17), Err(QueryError::FilterTooLarge));
}
