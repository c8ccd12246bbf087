use super::*;
use basics::Timestamp;

#[track_caller]
fn check(query: &str, want: &[&str]) {
    let (filter, pipes) = search_lang::parse_pipeline(query, Timestamp::from_seconds(1_795_516_200)).unwrap();
    let mut fields = of_pipes(&pipes);
    of_filter(&filter, &mut fields);
    let names: Vec<String> = fields.iter().map(search_lang::field_name).collect();
    assert_eq!(names, want, "{query}");
}

#[test]
fn what_a_query_asks_for_is_named_once() {
    check(
        "a user:x (code>5 OR body.id:7) user=y ip:10.0.0.0/8 x in (a, b) y:/z/ z:*",
        &["user", "code", "body.id", "ip", "x", "y", "z"],
    );
    check("level:error service:x time>=-1h trace_id:* body:x", &[]);
    check("NOT user:x -code:5 a!=b", &[]);
}

#[test]
fn pipes_name_fields_of_records_until_they_make_some() {
    check("| top 5 by user", &["user"]);
    check(
        "| where a>5 | sort by b | limit 3 | stats count(c), p95(d) as e, rate() by f, 1m | where e>5 | sort by n",
        &["a", "b", "c", "d", "f"],
    );
    check("| fields a, service | where b:x", &["a"]);
    check("| fields -a", &[]);
    check("| parse json from msg | top 5 by code", &["msg"]);
    check("| patterns | where count>5", &[]);
}
