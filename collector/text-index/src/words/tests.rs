use super::*;

#[track_caller]
fn check(text: &str, want: &[&str]) {
    assert_eq!(words(text).collect::<Vec<_>>(), want, "input: {text:?}");
}

#[test]
fn runs_end_at_every_separator() {
    check("read_timeout: “node-23” 10.0.0.7", &["read", "timeout", "node", "23", "10", "0", "0", "7"]);
    check("", &[]);
    check(" _ ", &[]);
    check("naïve\u{301}x", &["naïve\u{301}x"]);
}

#[test]
fn han_kana_and_hangul_are_words_one_by_one() {
    check("500번 timeout이", &["500", "번", "timeout", "이"]);
    check("로그검색", &["로", "그", "검", "색"]);
    check("API鍵のキー", &["API", "鍵", "の", "キ", "ー"]);
}
