use super::*;

fn stream(key: &str, value: Value) -> Stream {
    Stream { resource: vec![(key.into(), value)], ..Stream::default() }
}

#[track_caller]
fn check(left: Stream, right: Stream, are_one: bool) {
    let mut table = StreamTable::default();
    let first = table.intern(left);
    let second = table.intern(right);
    assert_eq!(Arc::ptr_eq(&first.stream, &second.stream), are_one);
    assert_eq!(second.new_bytes == 0, are_one);
}

#[test]
fn streams_are_one_when_nothing_tells_them_apart() {
    check(stream("a", Value::Int(1)), stream("a", Value::Int(1)), true);
    check(stream("a", Value::Double(f64::NAN)), stream("a", Value::Double(f64::NAN)), true);
    check(stream("a", Value::Double(0.0)), stream("a", Value::Double(-0.0)), false);
    check(stream("a", Value::Int(5)), stream("a", Value::Double(5.0)), false);
    check(stream("a", Value::Int(5)), stream("a", Value::Str("5".into())), false);
}

#[test]
fn a_text_does_not_run_into_its_neighbour() {
    let named = |name: &str, version: &str| Stream {
        scope_name: name.into(),
        scope_version: version.into(),
        ..Stream::default()
    };
    check(named("ab", "c"), named("a", "bc"), false);
    check(named("", "a"), named("a", ""), false);
    let in_scope = Stream { scope: vec![("a".into(), Value::Int(1))], ..Stream::default() };
    check(stream("a", Value::Int(1)), in_scope, false);
    let entity = |ids: &[&str], descriptions: &[&str]| Stream {
        entity_refs: vec![EntityRef {
            id_keys: ids.iter().map(|key| (*key).into()).collect(),
            description_keys: descriptions.iter().map(|key| (*key).into()).collect(),
            ..EntityRef::default()
        }],
        ..Stream::default()
    };
    check(entity(&["a"], &[]), entity(&[], &["a"]), false);
}

#[test]
fn streams_that_nobody_holds_are_forgotten() {
    let mut table = StreamTable::default();
    for number in 0..100_000 {
        table.intern(stream("pod", Value::Int(number)));
    }
    assert!(table.known.len() <= 2 * CLEAN_ENTRIES_MIN, "{} entries", table.known.len());
}
