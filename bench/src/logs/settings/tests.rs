use super::LogsSettings;
use std::time::Duration;

fn parse(line: &str) -> Result<LogsSettings, String> {
    LogsSettings::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
}

#[test]
fn ten_million_records_are_sent_unless_another_number_is_given() {
    assert_eq!(parse("").unwrap().records, 10_000_000);
    let settings = parse("--records 300000 --settle 5 --query-timeout 5m --head-age 30s").unwrap();
    assert_eq!((settings.records, settings.settle), (300_000, Duration::from_secs(5)));
    assert_eq!(settings.query_timeout.as_deref(), Some("5m"));
    assert_eq!(settings.head_age.as_deref(), Some("30s"));
}

#[test]
fn a_mistake_says_what_is_allowed() {
    for line in ["--record 5", "--records", "--records many", "--records 10", "--sample 0"] {
        let mistake = parse(line).unwrap_err();
        assert!(mistake.contains("allowed: --records N"), "{mistake}");
    }
}
