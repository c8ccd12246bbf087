use super::*;

#[test]
fn a_panic_is_contained_while_it_is_and_not_behind() {
    assert!(!is_panic_contained());
    assert_eq!(contain_panic(is_panic_contained), Some(true));
    assert_eq!(contain_panic(|| -> u8 { panic!("on purpose") }), None);
    assert!(!is_panic_contained());
    let within = contain_panic(|| {
        let inner = contain_panic(|| -> u8 { panic!("on purpose") });
        (inner, is_panic_contained())
    });
    assert_eq!(within, Some((None, true)));
}
