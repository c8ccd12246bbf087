use super::*;
use crate::tests::world::NOW;

fn show(node: &Node) -> String {
    let joined = |parts: &[Node]| parts.iter().map(show).collect::<Vec<_>>().join(" ");
    match node {
        Node::All => "all".to_owned(),
        Node::Nothing => "nothing".to_owned(),
        Node::And(parts) => format!("(and {})", joined(parts)),
        Node::Or(parts) => format!("(or {})", joined(parts)),
        Node::Not(inner) => format!("(not {})", show(inner)),
        Node::Condition(condition) => match condition {
            Condition::Time { .. } => "time",
            Condition::Level(_) => "level",
            Condition::Anywhere(_) => "anywhere",
            Condition::Text(..) => "text",
            Condition::Equals(..) => "equals",
            Condition::OneOf(..) => "list",
            Condition::IpRange(..) => "address",
            Condition::IpInText(..) => "addresses",
            Condition::Exists(_) => "exists",
            Condition::CompareNumber(..) => "number",
            Condition::CompareText(..) => "string",
        }
        .to_owned(),
    }
}

#[track_caller]
fn check(query: &str, want: &str) {
    let filter = search_lang::parse(query, NOW).unwrap();
    assert_eq!(show(&compile(&filter).unwrap()), want, "query: {query}");
}

#[test]
fn cheap_conditions_come_first() {
    check("x user=anna level>=warn body:y", "(and level equals text anywhere)");
    check("x OR user:anna OR code>5", "(or number text anywhere)");
    check("(x OR y) NOT body:z service=shop", "(and equals (not text) (or anywhere anywhere))");
}

#[test]
fn what_is_always_so_is_settled_before_any_record_is_seen() {
    check("", "all");
    check("time:* x", "anywhere");
    check("NOT *", "nothing");
    check("x NOT *", "nothing");
    check("x OR *", "all");
    check("x OR NOT *", "anywhere");
    check("NOT (x (NOT y))", "(not (and anywhere (not anywhere)))");
}

#[test]
fn a_literal_of_another_kind_is_in_no_relation() {
    let compare = |field, literal| Filter::Compare { field, comparison: Comparison::Less, literal };
    for filter in [
        compare(Field::Time, Literal::Int(5)),
        compare(Field::Level, Literal::Text("x".into())),
        compare(Field::Body, Literal::Time(NOW)),
        compare(Field::Service, Literal::Level(model::Level::Warn)),
        Filter::Equals { field: Field::Time, value: "x".into() },
        Filter::Or(vec![]),
    ] {
        assert_eq!(show(&compile(&filter).unwrap()), "nothing", "{filter:?}");
    }
    assert_eq!(show(&compile(&Filter::And(vec![])).unwrap()), "all");
}

#[test]
fn plain_times_bound_what_is_read() {
    let range = |query: &str| time_range(&search_lang::parse(query, NOW).unwrap());
    let minute = 60_000_000_000;
    let before = |minutes: i64| Timestamp(NOW.0 - minutes * minute);
    assert_eq!(range("x time>=-5m time<now"), TimeRange { start: before(5), end: NOW });
    assert_eq!(range("time>-5m"), TimeRange { start: Timestamp(before(5).0 + 1), end: Timestamp::MAX });
    assert_eq!(range("time<=-5m"), TimeRange { start: Timestamp::MIN, end: Timestamp(before(5).0 + 1) });
    assert!(range("time>-1m time<-5m").is_empty());
    for unbounded in ["x", "x OR time>-5m", "NOT time>-5m", "level>=warn"] {
        assert_eq!(range(unbounded), TimeRange::ALL, "{unbounded}");
    }
}
