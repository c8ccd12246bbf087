//! Values with a unit.

use super::*;

#[track_caller]
fn duration(text: &str, want_ms: Option<u128>) {
    let got = text.parse::<ConfigDuration>().ok().map(|duration| duration.0.as_millis());
    assert_eq!(got, want_ms, "input: {text:?}");
}

#[test]
fn durations_have_a_unit() {
    duration("500ms", Some(500));
    duration("10s", Some(10_000));
    duration("5m", Some(300_000));
    duration("5min", Some(300_000));
    duration("1h30m", Some(5_400_000));
    duration("30d", Some(2_592_000_000));
    duration("0s", Some(0));
    for wrong in ["", "10", "s", "-1s", "1.5s", "10 s", "1y", "s10", "99999999999999999999s", "9999999999999999999d"] {
        duration(wrong, None);
    }
}

#[test]
fn what_is_written_reads_back_as_the_same() {
    for text in ["500ms", "90s", "5m", "1h", "30d", "0ms"] {
        assert_eq!(text.parse::<ConfigDuration>().unwrap().to_string(), text);
    }
    for text in ["64MiB", "4GiB", "1000B"] {
        assert_eq!(text.parse::<ConfigSize>().unwrap().to_string(), text);
    }
    for text in ["50%", "4GiB"] {
        assert_eq!(text.parse::<MemorySize>().unwrap().to_string(), text);
    }
    for text in ["127.0.0.1:4317", "[::1]:0", "localhost:65535"] {
        assert_eq!(text.parse::<ListenAddress>().unwrap().to_string(), text);
    }
}

#[test]
fn addresses_need_a_host_and_a_port() {
    for wrong in ["", ":", ":80", "localhost", "localhost:", "localhost:65536", "::1:80", "a b:1", "host:http"] {
        assert!(wrong.parse::<ListenAddress>().is_err(), "{wrong:?}");
    }
}

#[test]
fn a_share_of_memory_is_a_share() {
    assert_eq!("50%".parse::<MemorySize>().unwrap().bytes(8 << 30), 4 << 30);
    assert_eq!("1GiB".parse::<MemorySize>().unwrap().bytes(8 << 30), 1 << 30);
    for wrong in ["0%", "91%", "%", "50 percent"] {
        assert!(wrong.parse::<MemorySize>().is_err(), "{wrong:?}");
    }
}

#[test]
fn localhost_resolves_to_loopback_with_the_old_address_first() {
    let found = ListenAddress::new("localhost", 80).resolve().unwrap();
    assert!(found.iter().all(|address| address.ip().is_loopback()), "{found:?}");
    assert!(found[0].is_ipv4(), "{found:?}");
}
