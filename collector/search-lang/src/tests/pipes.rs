use super::NOW;
use super::render::render_pipeline;

/// A pipeline in the form in which it is written everywhere.
#[track_caller]
fn check(query: &str, want: &str) {
    let (filter, pipes) = crate::parse_pipeline(query, NOW).unwrap_or_else(|mistake| panic!("{query}: {mistake}"));
    assert_eq!(render_pipeline(&filter, &pipes).unwrap(), want, "query: {query}");
}

/// `query` marks the mistaken place with `«»`.
#[track_caller]
fn refuse(query: &str, message: &str, suggestion: Option<&str>) {
    let plain = query.replace(['«', '»'], "");
    let mistake = crate::parse_pipeline(&plain, NOW).expect_err(&format!("{plain} is mistaken"));
    let (before, rest) = plain.split_at(mistake.span.start);
    let (inside, behind) = rest.split_at(mistake.span.len());
    assert_eq!(format!("{before}«{inside}»{behind}"), query, "{mistake}");
    assert!(mistake.message.contains(message), "{:?} says {message:?}", mistake.message);
    assert_eq!(mistake.suggestion.as_deref(), suggestion, "{mistake}");
}

#[test]
fn figures_are_made_over_groups() {
    check("| stats count()", "* | stats count()");
    check(
        "error | stats count() as n, sum(bytes), p95(body.took) as slow by service, 1m",
        r#"error | stats count() as "n", sum("bytes"), quantile(0.95, body.took) as "slow" by service, 60s"#,
    );
    check(
        "* | stats median(x),p50(x),p99(x),quantile(0.123,x),count(x),count_distinct(x),avg(x),min(x),max(x),rate() by 1h30m",
        r#"* | stats quantile(0.5, "x"), quantile(0.5, "x"), quantile(0.99, "x"), quantile(0.123, "x"), count("x"), count_distinct("x"), avg("x"), min("x"), max("x"), rate() by 1h1800s"#,
    );
    refuse("* | stats «cuont»()", "a figure reads count()", Some("count"));
    refuse("* | stats «count»", "count is followed by parentheses", Some("count()"));
    refuse("* | stats sum(«)»", "a field's name is missing", None);
    refuse("* | stats sum(a «b»)", "a parenthesis is missing", None);
    refuse("* | stats quantile(«95», a)", "a number from 0 to 1", None);
    refuse("* | stats count() as «level»", "a field of the record", Some("\"level\""));
    refuse("* | stats count() by «1y»", "a step of time", Some("1m"));
    refuse("* | stats count() by 1m, «5m»", "steps of one width", None);
    refuse("* | stats count() by 1m «x»", "the pipe stats ends before this", None);
    refuse(&format!("* | stats {}«count»()", "count(), ".repeat(64)), "at most 64 parts", None);
}

#[test]
fn the_other_pipes_have_short_forms() {
    check("a | top 10 by user", r#"a | top 10 by "user""#);
    check("a | top 10 body.user.id", r#"a | top 10 by body.user.id"#);
    check("a | patterns | patterns 20", r#"a | patterns  | patterns 20"#);
    check("a | fields user, -trace_id, \"my key\"", r#"a | fields "user", -trace_id, "my key""#);
    check("a | sort by count desc, user asc, time", r#"a | sort by "count" desc, "user", time"#);
    check("a | sort user", r#"a | sort by "user""#);
    check("a | limit 5", r#"a | limit 5"#);
    check(
        "a | context 5 | context before 2 after 10 | context after 1",
        r#"a | context 5 | context before 2 after 10 | context after 1"#,
    );
    check("a | parse json | parse logfmt from msg", r#"a | parse json | parse logfmt from "msg""#);
    check(
        r"a | parse regex /u=(?P<user>[a-z]+)\/|x/ from body",
        r#"a | parse regex /u=(?P<user>[a-z]+)\/|x/ from body"#,
    );
    check("a | where count>5 OR b c|d |limit 1", r#"a | where count>5 OR (b "c|d") | limit 1"#);
    refuse("a | top «by» user", "top reads", None);
    refuse("a | top «0» by x", "from 1 to 10000", None);
    refuse("a | limit «1000001»", "from 1 to 1000000", Some("1000000"));
    refuse("a | context «lots»", "context reads", None);
    refuse("a | fields «,»", "fields is followed by names", None);
    refuse("a | sort by «|» limit 5", "sort is followed by names", None);
    refuse("a | parse «jsn»", "parse reads", Some("json"));
    refuse("a | parse regex «x»", "between slashes", None);
    refuse("a | parse regex «/x/»", "no group", None);
    refuse("a | parse regex /x«(»?P<y>a/", "unclosed group", Some("\"/x(?P<y>a/\""));
    refuse("a | «stat» count()", "no pipe is called so", Some("stats"));
    refuse("a «|»", "a pipe begins with one of", None);
    refuse("a | wher«e»", "where is followed by a filter", None);
}

#[test]
fn a_bar_within_a_word_or_quotes_is_text_and_one_at_its_beginning_is_a_pipe() {
    check("a|b \"|\" /a|b/ x || y", r#"("a|b" "|" /a|b/ x) OR y"#);
    refuse("(a «|» limit 5)", "outside of parentheses", Some("\"|\""));
    refuse("a «OR» | limit 5", "nothing stands behind OR", Some("\"OR\""));
    refuse("a -(«|» x)", "missing before this pipe", Some("\"|\""));
    refuse("a | limit 5«)»", "the pipe limit ends before this", None);
    refuse("a | where b«)»", "closes nothing", Some("\")\""));
    refuse(&format!("a{} «|» limit 1", " | limit 1".repeat(16)), "at most 16 pipes", None);
    assert!(crate::parse("a | b", NOW).is_ok(), "where no pipe can follow, a bar is a word");
}

/// docs/search.md, where `query` holds that they mean what the page says.
#[test]
fn the_examples_of_the_page_are_parsed() {
    let page = include_str!("../../../../docs/search.md");
    let blocks = page.split("```pipes\n").skip(1).filter_map(|behind| behind.split_once("```"));
    let lines: Vec<&str> = blocks.flat_map(|(block, _)| block.lines()).filter(|line| !line.starts_with(' ')).collect();
    assert!(lines.len() > 10, "{lines:?}");
    for line in lines {
        let parsed = crate::parse_pipeline(line, NOW);
        assert!(parsed.as_ref().is_ok_and(|(_, pipes)| !pipes.is_empty()), "{line}: {parsed:?}");
    }
}
