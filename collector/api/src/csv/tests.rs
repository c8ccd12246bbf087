use super::*;
use basics::Timestamp;

fn text(text: &str) -> Cell {
    Cell::Value(Value::Str(text.into()))
}

#[test]
fn fields_stand_in_quotes_where_they_need_them() {
    assert_eq!(cells(&[text("a"), text("b c")]), "a,b c\r\n");
    assert_eq!(
        cells(&[text("a,b"), text("say \"hi\""), text("two\nlines"), text("\r")]),
        "\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",\"\r\"\r\n"
    );
    assert_eq!(cells(&[Cell::Missing, text(""), Cell::Time(Timestamp(0))]), ",,1970-01-01T00:00:00Z\r\n");
    assert_eq!(cells(&[Cell::Value(Value::Array(vec![Value::Int(1), Value::Double(2.0)]))]), "\"[1,2.0]\"\r\n");
}

#[test]
fn no_record_looks_like_the_line_that_says_what_is_missing() {
    assert_eq!(cells(&[text("# cut short: memory")]), "\"# cut short: memory\"\r\n");
    assert_eq!(cells(&[text("x"), text("# y")]), "x,# y\r\n");
}

#[test]
fn columns_have_the_names_of_the_fields() {
    let columns = [Field::Time, Field::Attribute("my \"key\"".into()), Field::Level];
    assert_eq!(header(Some(&columns)), "time,\"my \"\"key\"\"\",level\r\n");
    assert!(header(None).starts_with("time,sequence,level,service,body,"));
}
