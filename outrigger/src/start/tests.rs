use service::metrics::document;

/// The metrics of every crate that has some, in the order of the page.
fn metrics_page() -> String {
    document(&[
        ("collector", &collector::Metric::ALL.map(collector::Metric::def)),
        ("process", &service::telemetry::Metric::ALL.map(service::telemetry::Metric::def)),
    ])
}

#[test]
fn the_page_of_the_documentation_lists_every_metric() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operations/metrics.md");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, metrics_page()).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(written, metrics_page(), "write the page with UPDATE_EXPECT=1, then read the difference");
}
