use super::*;
use serde_json::json;

fn explained(groups: u64) -> Value {
    json!({
        "batches_in_memory": 1,
        "parts": { "all": 3, "skipped_by_time": 1, "skipped_by_words": 1 },
        "row_groups": { "all": groups, "skipped_by_time": 0, "skipped_by_words": 2, "not_reached": 0, "read": 1, "read_without_texts": 1 },
        "bytes_read": { "index": 2_048, "records": 3_145_728 },
    })
}

#[test]
fn an_explanation_is_told_in_lines() {
    let text = told(&explained(3), 500, 1.25);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "explain: 500 records were tested in 1.2 ms");
    assert_eq!(lines[2], "explain: on disk: 3 parts, 1 passed over by their times, 1 by their words");
    assert_eq!(lines[5], "explain: read from files: 2.0 KiB of indexes, 3.0 MiB of records");
}

#[test]
fn the_pages_of_an_answer_are_explained_together() {
    let both = sum(Some(explained(3)), Some(explained(4))).unwrap();
    assert_eq!((both["row_groups"]["all"].as_u64(), both["batches_in_memory"].as_u64()), (Some(7), Some(2)));
    assert_eq!(sum(None, Some(explained(3))), Some(explained(3)));
    assert_eq!(sum(None, None), None);
}
