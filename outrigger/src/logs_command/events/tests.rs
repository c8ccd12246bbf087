use super::*;

fn shown(events: &[Event]) -> Vec<String> {
    events.iter().map(|event| format!("{} {:?} {}", event.name, event.id, event.data)).collect()
}

#[test]
fn events_are_read_however_the_stream_is_cut() {
    let stream =
        "event: begin\nid: 7\ndata: {\"after\":\"7\"}\n\n:\nid: 8\n\n:\n\nid: 9\ndata: {\"body\":\"검색\"}\n\n";
    let want =
        ["begin Some(\"7\") {\"after\":\"7\"}", "message Some(\"8\") ", "message Some(\"9\") {\"body\":\"검색\"}"];
    for step in 1..stream.len() {
        let mut events = Events::default();
        let found: Vec<Event> = stream.as_bytes().chunks(step).flat_map(|bytes| events.take(bytes).unwrap()).collect();
        assert_eq!(shown(&found), want, "in steps of {step}");
        assert!(events.rest.is_empty());
    }
}

#[test]
fn an_event_without_end_is_given_up() {
    let mut events = Events::default();
    let piece = vec![b'x'; 1 << 20];
    let taken = (0..17).filter(|_| events.take(&piece).is_some()).count();
    assert_eq!(taken, 16);
}
