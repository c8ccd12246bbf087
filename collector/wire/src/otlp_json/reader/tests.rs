use super::Reader;
use crate::WireError;
use crate::limits::JSON_DEPTH_MAX;

/// The string that is the whole text, or what is wrong with it.
fn string(json: &[u8]) -> Result<(Vec<u8>, u32), String> {
    let mut reader = Reader::new(json);
    let read = |reader: &mut Reader<'_>| -> Result<Vec<u8>, WireError> {
        let text = reader.string()?.into_owned();
        reader.end()?;
        Ok(text)
    };
    let text = read(&mut reader).map_err(|error| error.to_string())?;
    Ok((text, reader.replaced_texts()))
}

#[track_caller]
fn check_string(json: &str, want: &str, replaced_texts: u32) {
    assert_eq!(string(json.as_bytes()), Ok((want.as_bytes().to_vec(), replaced_texts)), "text: {json}");
}

#[track_caller]
fn check_refused(json: &str, want: &str) {
    let mut reader = Reader::new(json.as_bytes());
    let result = reader.skip_value().and_then(|()| reader.end());
    let message = result.expect_err(json).to_string();
    assert!(message.contains(want), "{json}: {message}");
}

#[test]
fn strings_are_unescaped() {
    check_string(r#""plain é""#, "plain é", 0);
    check_string(r#"  "\"\\\/\b\f\n\r\t"  "#, "\"\\/\u{8}\u{c}\n\r\t", 0);
    check_string(r#""\u0041\u00e9\uAC80\ud83d\ude00!""#, "Aé검😀!", 0);
    check_string(r#""""#, "", 0);
    check_string("null", "", 0);
}

#[test]
fn half_a_surrogate_pair_is_replaced_and_counted_once_for_its_string() {
    check_string(r#""a\ud83d""#, "a\u{fffd}", 1);
    check_string(r#""\ud83dx\ude00""#, "\u{fffd}x\u{fffd}", 1);
    check_string(r#""\ud83d\ud83d\ude00""#, "\u{fffd}😀", 1);
    check_string(r#""\ud83d\u0041""#, "\u{fffd}A", 1);
    check_string(r#""\ud83d\n""#, "\u{fffd}\n", 1);
}

#[test]
fn bytes_that_are_not_utf_8_are_handed_on() {
    assert_eq!(string(b"\"a\xff\\n\xc3\""), Ok((b"a\xff\n\xc3".to_vec(), 0)));
}

#[test]
fn broken_strings_are_refused() {
    check_refused("\"abc", "not ended");
    check_refused("\"abc\\", "not ended");
    check_refused("\"\\u12", "not ended");
    check_refused("\"\\ud83d\\u12", "not ended");
    check_refused("\"\\u12x4\"", "hexadecimal");
    check_refused("\"\\x\"", "unknown escape");
    check_refused("\"a\nb\"", "control character");
}

#[test]
fn any_sound_value_is_passed_over() {
    for json in
        ["1", "-1.5e+7", "1e999", "true", "false", "null", "\"\"", "[]", "{}", " [ 1 , [ ] , { \"a\" : [ { } ] } ] "]
    {
        let mut reader = Reader::new(json.as_bytes());
        reader.skip_value().and_then(|()| reader.end()).expect(json);
    }
}

#[test]
fn broken_structure_is_refused_with_its_place() {
    check_refused("", "at byte 0");
    check_refused("{} x", "behind the end of the object at byte 3");
    check_refused("[1,]", "expected a value at byte 3");
    check_refused("[,1]", "expected a value");
    check_refused("[1 2]", "expected a comma");
    check_refused("[1", "expected a comma");
    check_refused("{\"a\":1,}", "expected a key");
    check_refused("{,}", "expected a key");
    check_refused("{\"a\" 1}", "expected a colon");
    check_refused("{\"a\":}", "expected a value");
    check_refused("{a:1}", "expected a key");
    check_refused("{\"a\":1]", "expected a comma or the end of the object");
    check_refused("[1}", "expected a comma or the end of the array");
    check_refused("tru", "expected a value");
    check_refused("nulL", "expected a value");
    check_refused("01", "expected a number");
    check_refused("NaN", "expected a value");
    check_refused(&format!("[{}]", "1".repeat(10_000)), "too many digits");
}

#[test]
fn nesting_ends_at_the_limit() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let limit = JSON_DEPTH_MAX as usize;
    let mut reader = Reader::new(b"");
    assert!(reader.skip_value().is_err());
    let text = nested(limit);
    let mut reader = Reader::new(text.as_bytes());
    reader.skip_value().and_then(|()| reader.end()).unwrap();
    check_refused(&nested(limit + 1), "nested too deeply");
}
