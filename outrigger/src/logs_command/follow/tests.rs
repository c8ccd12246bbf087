use super::*;

fn event(name: &str, id: Option<&str>, data: &str) -> Event {
    Event { name: name.to_owned(), id: id.map(str::to_owned), data: data.to_owned() }
}

#[test]
fn a_stream_goes_on_behind_the_last_event_that_came() {
    let mut follower = Follower::default();
    assert_eq!(follower.path("a b"), "/api/v1/logs/tail?q=a%20b&after=start");
    let told = follower.take(event("message", Some("5"), r#"{"body":"x"}"#));
    assert_eq!((told.record.unwrap()["body"].as_str(), told.note), (Some("x"), None));
    assert_eq!(follower.path(""), "/api/v1/logs/tail?q=&after=5");
    // A comment with an id brings no record.
    assert_eq!(follower.take(event("message", Some("8"), "")), Told::default());
    assert_eq!(follower.path(""), "/api/v1/logs/tail?q=&after=8");
    // What is no sequence is not sent back.
    follower.take(event("message", Some("9&x=1"), ""));
    assert_eq!(follower.path(""), "/api/v1/logs/tail?q=&after=8");
}

#[test]
fn what_was_left_out_is_told() {
    let mut follower = Follower::default();
    let mut told = |name: &str, data: &str| follower.take(event(name, None, data)).note;
    assert!(told("missed", r#"{"records":12,"reason":"too_slow"}"#).unwrap().starts_with("12 records are not shown"));
    assert!(told("missed", r#"{"records":null,"reason":"deadline"}"#).unwrap().contains("looked through"));
    assert!(told("end", r#"{"reason":"stopping"}"#).unwrap().contains("stopping"));
    assert!(told("end", r#"{"reason":"revoked"}"#).unwrap().contains("no longer permits"));
    assert_eq!(told("begin", r#"{"after":null}"#), None);
    assert_eq!(told("later", "{}"), None);
}
