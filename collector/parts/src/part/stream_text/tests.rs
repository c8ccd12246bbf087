use super::*;
use proptest::prelude::*;

/// A double's bits are told apart, which `==` would not.
fn exact(stream: &Stream) -> String {
    format!("{stream:?}")
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(256))]

    #[test]
    fn a_stream_reads_back_as_it_was(stream in testkit::generate::stream(), dropped in 0..3u32, keys in 0..3usize) {
        let keys: Vec<Box<str>> = (0..keys).map(|key| format!("k{key}").into()).collect();
        let entity = EntityRef {
            schema_url: "s".into(), entity_type: "host".into(), id_keys: keys.clone(), description_keys: keys.clone(),
        };
        let stream = Stream {
            resource_dropped_attributes: dropped,
            scope_dropped_attributes: dropped,
            resource_schema_url: "https://a/1".into(),
            scope_schema_url: "".into(),
            entity_refs: if keys.is_empty() { vec![] } else { vec![entity] },
            ..stream
        };
        let texts = write(&stream);
        prop_assert_eq!(read(&texts.resource, &texts.scope).map(|read| exact(&read)), Some(exact(&stream)));
    }
}

#[test]
fn an_empty_stream_is_two_empty_maps() {
    let texts = write(&Stream::default());
    assert_eq!((texts.resource.as_str(), texts.scope.as_str()), ("{}", "{}"));
    assert_eq!(read("{}", "{}"), Some(Stream::default()));
}

#[test]
fn what_is_no_stream_is_refused() {
    for (resource, scope) in
        [("", "{}"), ("{}", ""), ("[]", "{}"), ("{}", r#"{"name":5}"#), ("{}", r#"{"entities":[1]}"#)]
    {
        assert_eq!(read(resource, scope), None, "{resource} {scope}");
    }
}
