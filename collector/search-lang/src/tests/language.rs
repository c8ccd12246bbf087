use super::NOW;
use super::show::show;

#[track_caller]
fn check(query: &str, want: &str) {
    match crate::parse(query, NOW) {
        Ok(filter) => assert_eq!(show(&filter), want, "query: {query}"),
        Err(mistake) => panic!("query {query}: {mistake} at {:?}", mistake.span),
    }
}

#[test]
fn words_and_phrases_are_found_anywhere() {
    check("", "all");
    check(" \t\n", "all");
    check("timeout", r#""timeout""#);
    check("disk full", r#"("disk" & "full")"#);
    check(r#""disk full""#, r#""disk full""#);
    check("/api/v1/users?x=[1]", r#""/api/v1/users?x=[1]""#);
    check("user_id node-23 검색", r#"("user_id" & "node-23" & "검색")"#);
    check("500", r#""500""#);
}

#[test]
fn quotes_escape_only_quotes_and_backslashes() {
    check(r#""say \"hi\"""#, r#""say \"hi\"""#);
    check(r#""a\\b C:\Users""#, r#""a\\b C:\\Users""#);
    check(r#"C:\Users"#, r#""C:\\Users""#);
}

#[test]
fn stars_open_a_word_at_its_ends() {
    check("time*", r#""time"*"#);
    check("*time", r#"*"time""#);
    check("*time*", r#"*"time"*"#);
    check(r#"*"disk fu"*"#, r#"*"disk fu"*"#);
    check("*", "all");
    check("**", "all");
    check(r#""*""#, r#""*""#);
    check("path:/api*", r#"[path] has "/api"*"#);
}

#[test]
fn and_binds_tighter_than_or_and_not_tighter_than_both() {
    check("a b OR c", r#"(("a" & "b") | "c")"#);
    check("a AND (b OR c)", r#"("a" & ("b" | "c"))"#);
    check("a OR b AND NOT c OR d", r#"("a" | ("b" & not "c") | "d")"#);
    check("NOT a b", r#"(not "a" & "b")"#);
    check("-a -(b c)", r#"(not "a" & not ("b" & "c"))"#);
    check("!a !level:error", r#"(not "a" & not level is "error")"#);
    check("NOT NOT a", r#""a""#);
    check("a && b || c", r#"(("a" & "b") | "c")"#);
    check("((a))", r#""a""#);
    check("a(b)c", r#"("a" & "b" & "c")"#);
}

#[test]
fn operators_are_words_in_lower_case_and_in_quotes() {
    check("a or b", r#"("a" & "or" & "b")"#);
    check(r#"a "OR" b"#, r#"("a" & "OR" & "b")"#);
    check("ORDER ANDROID", r#"("ORDER" & "ANDROID")"#);
    check("- --release a->b", r#"("-" & "--release" & "a->b")"#);
}

#[test]
fn a_field_has_is_or_is_compared() {
    check("user:anna", r#"[user] has "anna""#);
    check("user:*", "[user] exists");
    check(r#"user:"anna lee""#, r#"[user] has "anna lee""#);
    check("user=anna", r#"[user] is "anna""#);
    check(r#"user="anna lee""#, r#"[user] is "anna lee""#);
    check("user==anna", r#"[user] is "anna""#);
    check("user!=anna", r#"not [user] is "anna""#);
    check(r#"user="""#, r#"[user] is """#);
    check("code>5 code>=5.5 code<-1 code<=1e3", "([code] > 5 & [code] >= 5.5 & [code] < -1 & [code] <= 1000.0)");
    check("code:>5", "[code] > 5");
    check("version>v1.2", r#"[version] > "v1.2""#);
    check(r#"zip>"5""#, r#"[zip] > "5""#);
    check("code:-5", r#"[code] has "-5""#);
    check("user=5&x=7", r#"[user] is "5&x=7""#);
}

#[test]
fn spaces_may_stand_around_comparisons() {
    check("level >= warn", "level >= warn");
    check("level >=warn", "level >= warn");
    check("code> 5 x", r#"([code] > 5 & "x")"#);
    check("user = anna", r#"[user] is "anna""#);
    check("a <b>", r#"("a" & "<b>")"#);
    check("a => b", r#"("a" & "=>" & "b")"#);
}

#[test]
fn ranges_take_their_ends_in_or_leave_them_out() {
    check("code:[400 TO 499]", "([code] >= 400 & [code] <= 499)");
    check("code:{400 TO 500}", "([code] > 400 & [code] < 500)");
    check("code:[400 TO 500}", "([code] >= 400 & [code] < 500)");
    check("code:[ 400 TO * ]", "[code] >= 400");
    check("code:{* TO 5}", "[code] < 5");
    check("code:[* TO *]", "[code] exists");
    check(r#"name:["a b" TO c]"#, r#"([name] >= "a b" & [name] <= "c")"#);
    check("level:[warn TO fatal]", "(level >= warn & level <= fatal)");
    check("time:[-1h TO now]", "(time >= 2026-11-24T09:30:00Z & time <= 2026-11-24T10:30:00Z)");
}

#[test]
fn a_group_gives_its_field_to_every_value() {
    check("level:(warn OR error)", r#"(level is "warn" | level is "error")"#);
    check(r#"user:(anna -"b c" d*)"#, r#"([user] has "anna" & not [user] has "b c" & [user] has "d"*)"#);
    check("code:(>=500 OR [400 TO 404] OR 7)", r#"([code] >= 500 | ([code] >= 400 & [code] <= 404) | [code] has "7")"#);
    check("user=(anna OR bob)", r#"([user] is "anna" | [user] is "bob")"#);
    check("user!=(anna OR bob)", r#"not ([user] is "anna" | [user] is "bob")"#);
    check("host:(a:80 OR (b:80 c))", r#"([host] has "a:80" | ([host] has "b:80" & [host] has "c"))"#);
}

#[test]
fn some_names_are_fields_of_the_record_unless_quoted() {
    check("service:checkout", r#"service has "checkout""#);
    check(r#""service":checkout"#, r#"[service] has "checkout""#);
    check("body:x event_name=login scope_name:app", r#"(body has "x" & eventname is "login" & scopename has "app")"#);
    check("service.name=checkout", r#"[service.name] is "checkout""#);
    check(r#""my key" = 5"#, r#"[my key] is "5""#);
    check(
        "k8s.pod/name:web @timestamp:* user-agent:curl",
        r#"([k8s.pod/name] has "web" & [@timestamp] exists & [user-agent] has "curl")"#,
    );
    check("사용자:이름", r#"[사용자] has "이름""#);
}

#[test]
fn levels_are_named_as_people_do() {
    check("level:error", r#"level is "error""#);
    check("level:WARNING", r#"level is "warn""#);
    check("level=err", r#"level is "error""#);
    check("level!=info", r#"not level is "info""#);
    check("level>=warn", "level >= warn");
    check(r#"level:"Attention""#, r#"level has "Attention""#);
    check(r#"level="Attention""#, r#"level is "Attention""#);
    check("level:wa*", r#"level has "wa"*"#);
    check("level:*", "level exists");
}

#[test]
fn ids_are_asked_for_whole_or_by_their_beginning() {
    let id = "4BF92F3577B34DA6A3CE929D0E0E4736";
    check(&format!("trace_id:{id}"), r#"traceid is "4bf92f3577b34da6a3ce929d0e0e4736""#);
    check(&format!("trace_id=\"{id}\""), r#"traceid is "4bf92f3577b34da6a3ce929d0e0e4736""#);
    check("span_id:00f067aa0ba902b7", r#"spanid is "00f067aa0ba902b7""#);
    check("trace_id:4bf9*", r#"traceid has "4bf9"*"#);
    check("trace_id:*", "traceid exists");
}

#[test]
fn times_are_moments_or_distances() {
    check("time>=-1h", "time >= 2026-11-24T09:30:00Z");
    check("time<2026-11-24T10:00", "time < 2026-11-24T10:00:00Z");
    check(r#"time > "2026-11-24 10:00""#, "time > 2026-11-24T10:00:00Z");
    check("time>=now-1d", "time >= 2026-11-23T10:30:00Z");
}

#[test]
fn what_looks_like_an_address_a_time_or_a_path_is_text() {
    check("http://x/y", r#""http://x/y""#);
    check("10.0.0.7:8080", r#""10.0.0.7:8080""#);
    check("12:30:45", r#""12:30:45""#);
    check("std::io::Error", r#""std::io::Error""#);
    check("::1 fe80::1", r#"("::1" & "fe80::1")"#);
    check("<html> [error] {x} a=>b", r#"("<html>" & "[error]" & "{x}" & "a=>b")"#);
    check("path:/api/v1 url:http://x/y", r#"([path] has "/api/v1" & [url] has "http://x/y")"#);
    check("localhost:8080", r#"[localhost] has "8080""#);
}

#[test]
fn names_of_fields_are_read_alone() {
    let names = |text: &str| -> Option<Vec<String>> {
        let fields = crate::parse_fields(text).ok()?;
        Some(fields.iter().map(crate::field_name).collect())
    };
    assert_eq!(names(" user, \"my key\" ,body.a.b,level").unwrap(), ["user", "\"my key\"", "body.a.b", "level"]);
    for wrong in ["", " ", "a b", "a,", ",a", "a | limit 1", "\"a", "5", &"a,".repeat(100)] {
        assert_eq!(names(wrong), None, "{wrong}");
    }
    assert!(crate::parse_field("a,b").is_err());
    assert_eq!(crate::parse_field("service").ok(), Some(model::Field::Service));
}

#[test]
fn filters_are_told_as_people_write_them() {
    for query in [
        "timeout",
        "user:anna",
        "user=anna",
        "node-23 level>=warn",
        "a OR b",
        "\"disk full\"",
        "user=\"Anna Lee\"",
        "user:*",
    ] {
        let filter = crate::parse(query, basics::Timestamp(0)).unwrap();
        assert_eq!(crate::render(&filter).unwrap(), query);
    }
    // What would be read otherwise stands in quotes.
    let filter = crate::parse("\"in\" \"OR\" \"a:b\"", basics::Timestamp(0)).unwrap();
    assert_eq!(crate::render(&filter).unwrap(), "\"in\" \"OR\" \"a:b\"");
}
