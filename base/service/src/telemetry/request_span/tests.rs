//! Which `traceparent` is carried on.

use super::*;

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, value.parse().unwrap());
    }
    headers
}

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[test]
fn a_callers_place_in_its_trace_is_read() {
    let context = caller_context(&headers(&[("traceparent", PARENT), ("tracestate", "vendor=a,other=b")])).unwrap();
    assert_eq!(context.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(context.span_id().to_string(), "b7ad6b7169203331");
    assert!(context.is_sampled() && context.is_remote());
    assert_eq!(context.trace_state().header(), "vendor=a,other=b");
    let quiet = caller_context(&headers(&[("traceparent", &PARENT.replace("-01", "-00"))])).unwrap();
    assert!(!quiet.is_sampled());
}

#[test]
fn only_what_the_w3c_wrote_is_a_trace_parent() {
    for later in [
        "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-ever",
    ] {
        assert!(parse_trace_parent(later).is_some(), "{later}");
    }
    for wrong in [
        "",
        "00",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
        "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "0-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ] {
        assert!(parse_trace_parent(wrong).is_none(), "{wrong}");
    }
}

#[test]
fn two_trace_parents_are_none_and_a_huge_state_is_left_behind() {
    assert!(caller_context(&headers(&[("traceparent", PARENT), ("traceparent", PARENT)])).is_none());
    let huge = format!("vendor={}", "x".repeat(600));
    let context = caller_context(&headers(&[("traceparent", PARENT), ("tracestate", &huge)])).unwrap();
    assert_eq!(context.trace_state().header(), "");
}
