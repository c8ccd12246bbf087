use super::*;

/// What is written of an export that comes in steps, and whether it is whole.
fn exported(text: &str, format: Format, step: usize) -> (String, Option<String>) {
    let mut end = End::default();
    let shown: Vec<u8> = text.as_bytes().chunks(step).flat_map(|bytes| end.take(bytes, format)).collect();
    (String::from_utf8(shown).unwrap(), end.verdict(format).err().map(|failure| failure.message))
}

#[track_caller]
fn check(text: &str, format: Format, shown: &str, mistake: Option<&str>) {
    for step in 1..=text.len().max(1) {
        let (written, failure) = exported(text, format, step);
        assert_eq!(written, shown, "in steps of {step}");
        assert_eq!(failure.is_some(), mistake.is_some(), "{failure:?}");
        assert!(failure.unwrap_or_default().contains(mistake.unwrap_or_default()));
    }
}

#[test]
fn the_last_line_is_not_among_the_records() {
    let record = "{\"body\":\"{\\\"summary\\\":1}\"}\n";
    let whole = "{\"summary\":{\"cut_short\":null}}\n";
    check(&format!("{record}{record}{whole}"), Format::Ndjson, &format!("{record}{record}"), None);
    check(whole, Format::Ndjson, "", None);
    let cut = "{\"summary\":{\"cut_short\":\"memory\",\"next\":\"5_1\"}}\n";
    check(&format!("{record}{cut}"), Format::Ndjson, record, Some("memory"));
    let csv = "time,body\r\n1,\"a\nb\"\r\n";
    check(csv, Format::Csv, csv, None);
    check(&format!("{csv}# cut short: stopping; go on with cursor=5_1\r\n"), Format::Csv, csv, Some("(stopping)"));
}

#[test]
fn an_export_without_its_last_line_broke_off() {
    let record = "{\"body\":\"x\"}\n";
    check(record, Format::Ndjson, record, Some("broke off"));
    check("", Format::Ndjson, "", Some("broke off"));
}
