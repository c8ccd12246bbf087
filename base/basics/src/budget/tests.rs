use super::*;
use std::sync::atomic::AtomicUsize;

#[test]
fn no_more_than_the_limit_is_ever_given() {
    let budget = MemoryBudget::new(100);
    let mut first = budget.try_reserve(60).unwrap();
    assert!(budget.try_reserve(41).is_none());
    assert!(!first.try_grow_to(101));
    assert!(first.try_grow_to(100));
    first.shrink_to(10);
    assert_eq!(budget.used_bytes(), 10);
    drop(first);
    assert_eq!(budget.used_bytes(), 0);
    assert!(budget.try_reserve(u64::MAX).is_none());
}

#[test]
fn a_share_counts_against_the_whole() {
    let whole = MemoryBudget::new(100);
    let share = whole.share(80);
    let _held = whole.try_reserve(50).unwrap();
    assert!(share.try_reserve(60).is_none(), "the whole is full");
    assert_eq!(share.used_bytes(), 0, "a failed attempt leaves no trace");
    let _part = share.try_reserve(50).unwrap();
    assert_eq!(whole.used_bytes(), 100);
}

#[test]
fn waiters_are_told_when_bytes_come_back() {
    let calls = Arc::new(AtomicUsize::new(0));
    let seen = calls.clone();
    let budget = MemoryBudget::with_release_hook(10, move || {
        seen.fetch_add(1, Ordering::Relaxed);
    });
    let share = budget.share(10);
    drop(share.try_reserve(10));
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

#[test]
fn threads_never_overshoot() {
    let budget = MemoryBudget::new(1000);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..1000 {
                    let held = budget.try_reserve(300);
                    assert!(budget.used_bytes() <= 1000);
                    drop(held);
                }
            });
        }
    });
    assert_eq!(budget.used_bytes(), 0);
}

#[test]
fn what_is_split_off_is_held_and_given_back_on_its_own() {
    let budget = MemoryBudget::new(100);
    let mut whole = budget.try_reserve(80).unwrap();
    let part = whole.split_off(30);
    assert_eq!((whole.bytes(), part.bytes(), budget.used_bytes()), (50, 30, 80));
    drop(whole);
    assert_eq!(budget.used_bytes(), 30);
    let mut part = part;
    assert_eq!(part.split_off(1000).bytes(), 30);
}
