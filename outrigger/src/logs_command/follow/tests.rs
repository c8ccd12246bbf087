use super::*;
use serde_json::json;

fn page(newest: Option<u64>, sequences: &[u64]) -> Page {
    let records = sequences.iter().map(|sequence| json!({ "sequence": sequence.to_string() })).collect();
    Page { records, newest_sequence: newest, ..Page::default() }
}

#[track_caller]
fn check(follower: &mut Follower, round: Page, want: &[u64]) {
    let arrived: Vec<u64> = follower.take(round).records.iter().map(sequence_of).collect();
    assert_eq!(arrived, want);
}

#[test]
fn what_was_there_before_is_not_new_though_it_was_not_shown() {
    // Record 9 is late: older than all that was shown.
    let mut follower = Follower::behind(&page(Some(9), &[7]));
    assert_eq!(follower.after(), Some(9));
    check(&mut follower, page(Some(9), &[]), &[]);
    check(&mut follower, page(Some(12), &[12, 10]), &[10, 12]);
    assert_eq!(follower.after(), Some(12));
}

#[test]
fn what_comes_between_two_pages_of_a_round_is_new_once() {
    let mut follower = Follower::behind(&page(Some(9), &[]));
    // The first page knew of 11; 12 came before the second one.
    check(&mut follower, page(Some(11), &[11, 12, 10]), &[10, 11]);
    check(&mut follower, page(Some(12), &[12]), &[12]);
    check(&mut follower, page(Some(12), &[]), &[]);
}

#[test]
fn everything_is_new_in_a_store_that_was_empty() {
    let mut follower = Follower::behind(&page(None, &[]));
    assert_eq!(follower.after(), None);
    check(&mut follower, page(Some(0), &[0]), &[0]);
    check(&mut follower, page(Some(1), &[1]), &[1]);
}

#[test]
fn a_restart_while_following_shows_nothing_twice() {
    let mut follower = Follower::behind(&page(Some(9), &[9]));
    check(&mut follower, page(None, &[]), &[]);
    assert_eq!(follower.after(), Some(9));
    check(&mut follower, page(None, &[10]), &[10]);
    check(&mut follower, page(Some(10), &[10]), &[]);
}

#[test]
fn a_cut_is_told_once_and_again_when_it_comes_back() {
    let mut follower = Follower::behind(&page(Some(9), &[]));
    let mut told = |reason: Option<&str>, next: Option<&str>| {
        let round = Page { cut_short: reason.map(str::to_owned), next: next.map(str::to_owned), ..page(Some(9), &[]) };
        follower.take(round).note
    };
    assert!(told(Some("deadline"), None).unwrap().contains("narrow the time"));
    assert_eq!(told(Some("deadline"), None), None);
    assert_eq!(told(None, None), None);
    assert!(told(Some("deadline"), None).is_some());
    assert!(told(None, Some("1_2")).unwrap().contains("more arrives than can be shown"));
}
