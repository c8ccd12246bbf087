use super::QueryCrew;
use query::{Crew, Piece};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;

#[test]
fn a_query_takes_hands_that_are_free_and_gives_them_back() {
    let turns = Arc::new(Semaphore::new(3));
    let crew = QueryCrew::new(turns.clone());
    assert_eq!(crew.take(2), 2);
    assert_eq!(crew.take(8), 3, "its own and the two that are left");
    assert_eq!(crew.take(8), 1, "its own");
    crew.give_back(1);
    crew.give_back(3);
    crew.give_back(2);
    assert_eq!(turns.available_permits(), 3);
}

#[test]
fn all_pieces_are_done_side_by_side() {
    let crew = QueryCrew::new(Arc::new(Semaphore::new(4)));
    let met = AtomicUsize::new(0);
    let meet = || {
        met.fetch_add(1, Ordering::SeqCst);
        while met.load(Ordering::SeqCst) < 3 {
            std::thread::yield_now();
        }
    };
    crew.run((0..3).map(|_| -> Piece<'_> { Box::new(meet) }).collect());
    assert_eq!(met.load(Ordering::SeqCst), 3);
}
