use super::*;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn the_peak_is_seen_although_it_is_given_back() {
    let (kept, taken) = measure(|| {
        let passing = vec![1u8; 1_000_000];
        vec![passing[0]; 1_000]
    });
    assert_eq!(kept.len(), 1_000);
    assert_eq!(taken, Taken { peak_bytes: 1_001_000, held_bytes: 1_000, calls: 2 });
}

#[test]
fn what_was_held_before_and_what_others_take_does_not_count() {
    let before = vec![0u8; 500_000];
    let ((), taken) = measure(|| {
        let other = std::thread::spawn(|| drop(vec![1u8; 2_000_000]));
        drop(before);
        other.join().unwrap();
    });
    assert_eq!(taken.held_bytes, 0);
    assert!(taken.peak_bytes < 100_000, "{taken:?}");
}
