use super::NOW;
use basics::ErrorClass;

/// `query` marks the mistaken place with `«»`.
#[track_caller]
fn check(query: &str, message: &str, suggestion: Option<&str>) {
    let plain = query.replace(['«', '»'], "");
    let mistake = crate::parse(&plain, NOW).expect_err(&format!("{plain} is mistaken"));
    let (before, rest) = plain.split_at(mistake.span.start);
    let (inside, behind) = rest.split_at(mistake.span.len());
    assert_eq!(format!("{before}«{inside}»{behind}"), query, "{mistake}");
    assert!(mistake.message.contains(message), "{:?} says {message:?}", mistake.message);
    assert_eq!(mistake.suggestion.as_deref(), suggestion, "{mistake}");
    assert_eq!(mistake.class(), ErrorClass::Invalid);
}

#[test]
fn an_unknown_level_is_answered_with_the_levels() {
    check("level>=«wran»", "trace, debug, info, warn, error, fatal", Some("warn"));
    check("a level:«eror» b", "trace, debug", Some("error"));
    check("level:(warn OR «loud»)", "trace, debug", None);
    check("level>«17»", "trace, debug", None);
    check("level=«\"\"»", "trace, debug", None);
}

#[test]
fn what_is_opened_must_be_closed() {
    check("a «\"disk full»", "never closed", Some("\"disk full\""));
    check("a «(b OR c»", "never closed", Some("(b OR c)"));
    check("a «(»", "never closed", Some("\"(\""));
    check("«(a (b OR c)»", "never closed", Some("(a (b OR c))"));
    check("a b«)»", "closes nothing", Some("\")\""));
    check("main«()»", "nothing stands between the parentheses", Some("\"()\""));
    check("code:«[400 TO 499»", "a range reads", Some("\"[400 TO 499\""));
    check("tag:«[error]»", "a range reads", Some("\"[error\""));
}

#[test]
fn an_operator_needs_something_on_both_sides() {
    check("a «OR»", "nothing stands behind OR", Some("\"OR\""));
    check("a «AND» OR b", "nothing stands behind AND", Some("\"AND\""));
    check("«OR» a", "nothing stands before OR", Some("\"OR\""));
    check("a («AND» b)", "nothing stands before AND", Some("\"AND\""));
    check("«NOT»", "nothing stands behind NOT", Some("\"NOT\""));
    check("a «NOT» OR b", "nothing stands behind NOT", Some("\"NOT\""));
    check("«>=» b", ">= has no field to its left", Some("\">=\""));
    check("«||» b", "nothing stands before ||", Some("\"||\""));
}

#[test]
fn a_field_needs_a_value() {
    check("«error:» disk full", "error:* finds records that have the field", Some("\"error:\""));
    check("(«error:»)", "a value is missing", Some("\"error:\""));
    check("«code>=»", "a value is missing", Some("\"code>=\""));
    check("«abc==»", "a value is missing", Some("\"abc==\""));
    check("user:«\"\"»", "nothing stands between the quotes", None);
    check("«\"\"»", "nothing stands between the quotes", None);
}

#[test]
fn stars_are_no_whole_values() {
    check("user=«anna*»", "= and in ask for whole values", Some("\"anna*\""));
    check("user=«a*a»", "= and in ask for whole values", Some("\"a*a\""));
    check("«a*b*c*d*e*f*g*h*i*j*k*l*m*n*o*p*q*r»", "at most 16 stars", None);
    check("code>«5*»", "a comparison has no stars", Some("\"5*\""));
    check("time:«2026*»", "this is no time", None);
}

#[test]
fn a_regular_expression_says_where_it_is_mistaken() {
    check(r"a /x«(»y/", "unclosed group", Some("\"/x(y/\""));
    check(r"path:/a\/b«(»/", "unclosed group", Some("\"/a/b(/\""));
    check(r"/a«{3,1}»/", "range", Some("\"/a{3,1}/\""));
    check(r"/«\p{Nothing}»x/", "Unicode property", Some("\"/\\\\p{Nothing}x/\""));
    check(r"«/\w{900}/»", "becomes too large", None);
    check(&format!("«/{}/»", "x".repeat(1025)), "at most 1024 bytes", None);
    check("time:«/x/»", "a time is compared", None);
    check(&format!("{}«/x/»", "/x/ ".repeat(16)), "at most 16 regular expressions", None);
    let nested = |depth: usize| format!("/{}x{}/", "(".repeat(depth), ")".repeat(depth));
    assert!(crate::parse(&nested(49), NOW).is_ok());
    assert!(crate::parse(&nested(60), NOW).is_err_and(|mistake| mistake.message.contains("nested parentheses")));
}

#[test]
fn single_quotes_are_closed() {
    check("a «'Timeout»", "never closed", Some("\"'Timeout\""));
    check("user:«''»", "nothing stands between the quotes", None);
}

#[test]
fn lists_have_commas_and_whole_values() {
    check("user in «()»", "a list reads", Some("user \"in\""));
    check("user in «(a b»)", "a list reads", Some("user \"in\""));
    check("user in «(a,»", "a list reads", Some("user \"in\""));
    check("user in «(a,)»", "a list reads", Some("user \"in\""));
    check("user in (a, «b*»)", "whole values", Some("\"b*\""));
    check("level in (warn, «eror»)", "trace, debug", Some("error"));
    check("time in («now»)", "a time is compared", None);
    check("trace_id in («4bf9»)", "32 hexadecimal digits", Some("4bf9*"));
    let many = |count: usize| vec!["a"; count].join(",");
    assert!(crate::parse(&format!("x in ({})", many(4096)), NOW).is_ok());
    check(&format!("x in ({},«a»)", many(4096)), "at most 4096 values", None);
}

#[test]
fn addresses_are_checked() {
    check("ip:«10.0.0.0/33»", "0 to 32", Some("10.0.0.0/32"));
    check("ip:«2001:db8::/129»", "0 to 128", Some("2001:db8::/128"));
    check("ip:«[10.0.0.9 TO 10.0.0.1]»", "no address lies in this range", Some("[10.0.0.1 TO 10.0.0.9]"));
    check("ip:«[10.0.0.9 TO ::1]»", "one end of this range is an IPv4 address", None);
    check("ip:«{255.255.255.255 TO *]»", "no address lies in this range", Some("\"255.255.255.255\""));
}

#[test]
fn a_path_has_not_too_many_names() {
    let path = |names: usize| format!("body.{}", vec!["a"; names].join("."));
    assert!(crate::parse(&format!("{}:x", path(16)), NOW).is_ok());
    check(&format!("«{}:»x", path(17)), "at most 16 names", None);
}

#[test]
fn times_and_ids_are_checked() {
    check("time>=«tomorrow»", "this is no time", None);
    check("time:«2026-11-24»", "time>=2026-11-24", None);
    check("trace_id:«4bf9»", "32 hexadecimal digits", Some("4bf9*"));
    check("span_id=«xyz»", "16 hexadecimal digits", None);
}

#[test]
fn what_is_not_in_the_language_is_said_so() {
    check("path«=~»\"a.*\"", "a regular expression reads path:/a.*b/", Some("path:/a.*b/"));
    check("path«!~»\"a.*\"", "reads NOT path:/a.*b/", Some("NOT path:/a.*b/"));
    check("code:«[400 TO abc]»", "one end of this range is a number", None);
}

#[test]
fn pipes_in_a_search_are_sent_to_the_query() {
    let message = "`outrigger query` and /api/v1/logs/query";
    check("error «| stats» count()", message, None);
    check("«|top» 5 by user", message, None);
    check("(a «|  where» b)", message, None);
    check("a -b «| patterns»", message, None);
    for text in ["a | b", "a || where", "a|stats", "a \"|\" stats", "a | statistics", "a | sort-by", "a stats |"] {
        assert_eq!(crate::parse(text, NOW).err(), None, "{text}");
    }
}

#[test]
fn a_query_has_ceilings() {
    let deep = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    assert!(crate::parse(&deep(64), NOW).is_ok());
    let too_deep = crate::parse(&deep(65), NOW).expect_err("65 deep");
    assert_eq!((too_deep.span, too_deep.message.as_str()), (64..65, "parentheses are at most 64 deep"));
    assert!(crate::parse(&"a ".repeat(1024), NOW).is_ok());
    let too_many = crate::parse(&"a ".repeat(1025), NOW).expect_err("1025 words");
    assert_eq!((too_many.span.clone(), too_many.class()), (2048..2049, ErrorClass::Invalid));
    assert!(crate::parse(&"é".repeat(8192), NOW).is_ok());
    let too_long = crate::parse(&format!("a{}", "é".repeat(8192)), NOW).expect_err("16,385 bytes");
    assert_eq!((too_long.span.clone(), too_long.class()), (16_383..16_385, ErrorClass::TooLarge));
}

#[test]
fn long_chains_are_answered_at_once() {
    assert!(crate::parse(&format!("{}a", "NOT ".repeat(4095)), NOW).is_ok());
    assert!(crate::parse(&"NOT ".repeat(4096), NOW).is_err());
    assert!(crate::parse(&"NOT ".repeat(20_000), NOW).is_err());
    assert!(crate::parse(&"(".repeat(16 * 1024), NOW).is_err());
    assert!(crate::parse(&format!("{}a", "-(".repeat(64)), NOW).is_err());
    for part in [
        "\"",
        "\\\"",
        "a:",
        "*",
        "a:[",
        "<",
        "a OR ",
        "- ",
        "x:(",
        "\"a\" ",
        "=",
        "a\u{3000}",
        "'",
        "/",
        "/ ",
        "/a",
        "\\/",
        "x in (",
        "a*",
        "body.",
        "| ",
        "|",
        "a | where b ",
        "a:/b/ ",
    ] {
        crate::fuzz::search_lang(part.repeat(16 * 1024 / part.len()).as_bytes());
    }
}

#[test]
fn a_mistake_reads_as_one_sentence() {
    let mistake = crate::parse("level>=wran", NOW).expect_err("no such level");
    let want = "no level is called so; the levels are trace, debug, info, warn, error, fatal; did you mean `warn`?";
    assert_eq!(mistake.to_string(), want);
}
