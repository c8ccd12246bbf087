use super::*;

#[test]
fn a_set_knows_its_sequences_and_no_others() {
    let hidden = HiddenSequences::new(vec![30, 10, 20, 10], TombstoneId(1)).and(&[5, 20, 40], TombstoneId(2));
    assert_eq!((hidden.len(), hidden.newest()), (5, 2));
    let found: Vec<u64> = (0..50).filter(|sequence| hidden.hides(*sequence)).collect();
    assert_eq!(found, [5, 10, 20, 30, 40]);
    assert_eq!(hidden.within(10..30), [10, 20]);
    assert!(hidden.meets(40..41) && !hidden.meets(41..u64::MAX) && !hidden.meets(11..20));
    assert_eq!(hidden.count_among(&[1, 5, 40, 41]), 2);
    assert!(HiddenSequences::default().is_empty() && !HiddenSequences::default().meets(0..u64::MAX));
}
