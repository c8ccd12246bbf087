use super::{check_top, counts_by_minute, same};
use basics::Timestamp;
use serde_json::json;

#[test]
fn buckets_are_counted_in_the_minute_where_they_begin() {
    let page = json!({ "buckets": [
        { "start": "2026-01-01T00:00:00Z", "count": 3 },
        { "start": "2026-01-01T00:02:00Z", "count": 5 },
    ] });
    let start = Timestamp::from_seconds(1_767_225_600);
    assert_eq!(counts_by_minute(&page, start, 4).unwrap(), [3, 0, 5, 0]);
}

#[test]
fn a_bucket_of_another_day_is_no_answer() {
    let page = json!({ "buckets": [{ "start": "2025-12-31T23:59:00Z", "count": 3 }] });
    assert!(counts_by_minute(&page, Timestamp::from_seconds(1_767_225_600), 4).is_err());
}

#[test]
fn a_wrong_answer_is_told_with_the_question() {
    let error = same("timeout", &vec![1, 2], &vec![1, 3]).unwrap_err().to_string();
    assert_eq!(error, "wrong answer to timeout: [1, 2] where [1, 3] is right");
    assert!(same("timeout", &1, &1).is_ok());
}

#[test]
fn the_top_users_are_right_with_their_counts_in_their_order_and_once() {
    // Twelve users; two of them share the tenth place.
    let counts = [12, 11, 10, 9, 8, 7, 6, 5, 4, 2, 2, 1];
    let rows = |users: [usize; 10]| {
        let rows: Vec<_> = users.iter().map(|user| json!([format!("user-{user:06}"), counts[*user]])).collect();
        json!({ "columns": ["user.id", "count"], "rows": rows })
    };
    assert!(check_top(&rows([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), &counts).is_ok());
    assert!(check_top(&rows([0, 1, 2, 3, 4, 5, 6, 7, 8, 10]), &counts).is_ok());
    assert!(check_top(&rows([0, 1, 2, 3, 4, 5, 6, 7, 8, 11]), &counts).is_err());
    assert!(check_top(&rows([1, 0, 2, 3, 4, 5, 6, 7, 8, 9]), &counts).is_err());
    let mut wrong = rows([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    wrong["rows"][0][0] = json!("user-000005");
    assert!(check_top(&wrong, &counts).is_err());
}
