use super::*;
use service::config::{Mistakes, default_yaml, parse};

fn env(name: &str) -> Option<String> {
    (name == "PORT").then(|| "14317".to_owned())
}

fn read(text: &str) -> Result<OutriggerConfig, Mistakes> {
    parse("outrigger.yaml", text, &env)
}

/// Holds the mistakes of a text against beginnings of lines.
#[track_caller]
fn check(text: &str, wanted: &[&str]) {
    let mistakes = read(text).expect_err("the text has mistakes").to_string();
    let found: Vec<&str> = mistakes.lines().collect();
    assert_eq!(found.len(), wanted.len(), "{mistakes}");
    for (found, wanted) in found.iter().zip(wanted) {
        assert!(found.starts_with(wanted), "{wanted:?} does not begin {found:?}");
    }
}

#[test]
fn the_printed_defaults_are_the_defaults() {
    let text = default_yaml::<OutriggerConfig>();
    let config = read(&text).unwrap_or_else(|mistakes| panic!("{mistakes}\nin\n{text}"));
    let as_json = |config: &OutriggerConfig| serde_json::to_value(config).unwrap();
    assert_eq!(as_json(&config), as_json(&OutriggerConfig::default()), "{text}");
    for key in
        ["data_dir: ./outrigger-data", "budget: 50%", "listen: 127.0.0.1:4317", "# token_file: ", "self_logs: true"]
    {
        assert!(text.contains(key), "{key:?} is not in\n{text}");
    }
}

#[test]
fn a_file_of_every_section_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let file = file.display();
    let text = format!(
        "data_dir: /var/lib/outrigger\nmemory: {{ budget: 2GiB }}\n\
         security:\n  token_file: {file}\n  allowed_hosts: [telemetry.example]\n  allowed_origins: [https://grafana.example]\n  \
         client_certificates:\n  - {{ subject: \"dns:gateway.example\", scopes: [ingest, query], tenants: [shop, _self] }}\n\
         tls: {{ certificate_file: {file}, key_file: {file}, client_authority_file: {file} }}\n\
         telemetry: {{ self_logs: false, log: {{ level: warn, format: json }} }}\n\
         collector:\n  otlp: {{ grpc: {{ listen: \"0.0.0.0:${{env:PORT}}\" }}, request_size: 8MiB }}\n  wal: {{ budget: 8GiB }}\n"
    );
    let config = read(&text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    assert_eq!(config.memory.budget, MemorySize::Bytes(2 << 30));
    assert_eq!(config.collector.otlp.grpc.listen.to_string(), "0.0.0.0:14317");
    assert!(config.has_credentials() && !config.telemetry.self_logs);
}

#[test]
fn twelve_mistakes_of_different_kinds_are_reported_at_once_each_with_its_place() {
    let text = "\
data_dir: ''
memory: { budget: 1MiB }
colector: {}
telemetry: { log: { level: loud } }
security:
  token_file: /does/not/exist
  allowed_origins: [grafana]
collector:
  otlp:
    grpc: { listen: localhost }
    request_size: 64Mb
    request_size: 1MiB
  http: { listen: \"${env:WEB}\" }
  wal: { segment_size: 64MiB, budget: 100MiB }
  query: { timeout: 30, concurrency: many }
";
    check(
        text,
        &[
            "outrigger.yaml:1:11: data_dir: ",
            "outrigger.yaml:2:11: memory.budget: 1MiB is too little; allowed: at least 64MiB",
            "outrigger.yaml:3:1: colector: unknown key, did you mean `collector`?; allowed: collector, data_dir, ",
            "outrigger.yaml:4:28: telemetry.log.level: \"loud\" is none of the allowed values; allowed: error, warn, info",
            "outrigger.yaml:6:3: security.token_file: cannot read /does/not/exist: ",
            "outrigger.yaml:7:21: security.allowed_origins[0]: \"grafana\" is no origin; allowed: https://host",
            "outrigger.yaml:10:21: collector.otlp.grpc.listen: \"localhost\" has no port; allowed: host:port",
            "outrigger.yaml:11:19: collector.otlp.request_size: \"64Mb\" is not a size",
            "outrigger.yaml:12:5: collector.otlp.request_size: ",
            "outrigger.yaml:13:19: collector.http.listen: the environment variable WEB is not set",
            "outrigger.yaml:14:31: collector.wal.budget: 100MiB is less than four segments of 64MiB (with collector.wal.segment_size in line 14)",
            "outrigger.yaml:15:21: collector.query.timeout: \"30\" has no unit",
            "outrigger.yaml:15:38: collector.query.concurrency: \"many\" is not a whole number",
        ],
    );
}

#[test]
fn a_listener_that_is_open_to_the_network_is_refused_with_the_line_to_add() {
    let text = "collector:\n  otlp:\n    grpc: { listen: \"0.0.0.0:4317\" }\n  http: { listen: \"[::]:7070\" }\n";
    let mistakes = read(text).unwrap_err().to_string();
    let lines: Vec<&str> = mistakes.lines().collect();
    assert_eq!(lines.len(), 2, "{mistakes}");
    assert!(
        lines[0].starts_with("outrigger.yaml:3:13: collector.otlp.grpc.listen: 0.0.0.0:4317 can be reached"),
        "{mistakes}"
    );
    assert!(lines[0].contains("security: { token_file: /etc/outrigger/tokens.yaml }"), "{mistakes}");
    assert!(lines[1].contains("collector.http.listen") && lines[1].contains("127.0.0.1:7070, or"), "{mistakes}");
}

#[test]
fn halves_of_pairs_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let file = file.display();
    check(
        &format!("tls: {{ certificate_file: {file} }}"),
        &["outrigger.yaml:1:8: tls.certificate_file: half of a pair"],
    );
    check(
        &format!("tls: {{ client_authority_file: {file} }}"),
        &["outrigger.yaml:1:8: tls.client_authority_file: without TLS"],
    );
    check(
        "security:\n  client_certificates: [{ subject: 'cn:x', scopes: [ingest], tenants: [Shop] }]\n",
        &[
            "outrigger.yaml:2:3: security.client_certificates: certificates of clients are not asked for",
            "outrigger.yaml:2:27: security.client_certificates[0].subject: \"cn:x\" is no subject; allowed: dns:NAME",
            "outrigger.yaml:2:72: security.client_certificates[0].tenants[0]: \"Shop\" is no tenant",
        ],
    );
    check(
        "collector: { wal: { segment_size: 1048577B } }",
        &["outrigger.yaml:1:21: collector.wal.segment_size: 1048577B is not a whole number of pages"],
    );
}

#[test]
fn quotas_are_off_until_they_are_set_and_mistakes_in_them_are_told() {
    assert!(default_yaml::<OutriggerConfig>().contains("    tenants: {}\n"));
    let text = "\
collector:
  quotas:
    each_tenant: { bytes_per_second: 1MiB }
    tenants: { shop: { records_per_second: 500, burst_records: 5000 }, gateway: {}, bank: }
";
    let quotas = read(text).unwrap_or_else(|mistakes| panic!("{mistakes}")).collector.quotas;
    assert_eq!(quotas.each_tenant.bytes_per_second.map(|size| size.0), Some(MIB));
    assert_eq!(quotas.tenants["shop"].burst_records, Some(5_000));
    assert!(quotas.tenants["gateway"].bytes_per_second.is_none() && quotas.tenants["bank"].burst_bytes.is_none());
    check(
        "\
collector:
  quotas:
    each_tenant: { bytes_per_second: 0B, burst_bytes: 1MiB, rate: 5 }
    tenants:
      Shop: { bytes_per_second: 1MiB }
      _self: { bytes_per_second: 1MiB }
      bank: { burst_bytes: 1MiB, records_per_second: 0 }
      mill: { burst_records: 7, bytes_per_second: fast }
",
        &[
            "outrigger.yaml:3:38: collector.quotas.each_tenant.bytes_per_second: \"0B\" is out of range; allowed: a size such as 64KiB, 16MiB, 4GiB of at least 1KiB",
            "outrigger.yaml:3:61: collector.quotas.each_tenant.rate: unknown key; allowed: burst_bytes, burst_records, bytes_per_second, records_per_second",
            "outrigger.yaml:5:7: collector.quotas.tenants.Shop: \"Shop\" is no tenant; allowed: 1 to 64 of",
            "outrigger.yaml:6:7: collector.quotas.tenants._self: the process's own telemetry is never held",
            "outrigger.yaml:7:15: collector.quotas.tenants.bank.burst_bytes: a burst alone has no effect; allowed: together with bytes_per_second",
            "outrigger.yaml:7:54: collector.quotas.tenants.bank.records_per_second: 0 is out of range; allowed: a whole number of at least 1",
            "outrigger.yaml:8:15: collector.quotas.tenants.mill.burst_records: a burst alone has no effect",
            "outrigger.yaml:8:51: collector.quotas.tenants.mill.bytes_per_second: \"fast\" is not a size",
        ],
    );
}

#[test]
fn the_schema_describes_every_key_of_the_defaults() {
    let schema = crate::config_command::schema_text();
    let parsed: serde_json::Value = serde_json::from_str(&schema).unwrap();
    for section in ["collector", "data_dir", "memory", "security", "telemetry", "tls"] {
        assert!(parsed["properties"][section].is_object(), "{section}");
    }
}

#[test]
fn the_page_of_the_documentation_holds_every_key_with_its_default() {
    const BEGIN: &str = "<!-- defaults: begin -->\n";
    const END: &str = "<!-- defaults: end -->\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operations/configuration.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (written, after) = rest.split_once(END).unwrap();
    let wanted = format!("```yaml\n{}```\n", default_yaml::<OutriggerConfig>());
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, format!("{before}{BEGIN}{wanted}{END}{after}")).unwrap();
    } else {
        assert_eq!(written, wanted, "write the page with UPDATE_EXPECT=1, then read the difference");
    }
}
