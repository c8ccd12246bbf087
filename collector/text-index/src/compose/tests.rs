use super::compose;
use proptest::prelude::*;
use std::borrow::Cow;

#[test]
fn what_is_composed_is_given_back_and_the_case_stays() {
    assert!(matches!(compose("Café 검색"), Cow::Borrowed("Café 검색")));
    assert_eq!(compose("Cafe\u{301}"), "Café");
    assert_eq!(compose("\u{212a}"), "K", "a singleton is replaced");
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(256))]

    #[test]
    fn a_composed_text_is_the_reference_s(text in testkit::generate::text()) {
        let want: String = testkit::naive::composed(&text).into_iter().collect();
        prop_assert_eq!(&compose(&text), &want);
        prop_assert_eq!(compose(&want), want.as_str());
    }
}
