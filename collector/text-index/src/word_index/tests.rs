use super::*;

fn opened(texts: &[&str]) -> WordIndex {
    let words = WordIndex::encode(texts, 3).unwrap();
    WordIndex::open(&words.packed, words.plain_bytes).unwrap()
}

#[track_caller]
fn check(index: &WordIndex, words: &[&str], want: &[u32]) {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    assert_eq!(index.numbers_with_all(&words).unwrap(), want, "{words:?}");
}

#[test]
fn texts_are_found_by_their_words() {
    let index = opened(&["Disk full", "disk_OK", "", "cafe\u{301} 검색이", "full disk"]);
    check(&index, &["disk"], &[0, 1, 4]);
    check(&index, &["disk", "full"], &[0, 4]);
    check(&index, &["full", "ok"], &[]);
    check(&index, &["absent"], &[]);
    check(&index, &["café", "검색", "색이"], &[3]);
    check(&index, &["검"], &[]);
}

#[test]
fn bytes_that_are_no_index_are_damage_and_no_panic() {
    let good = WordIndex::encode(&["a b", "c"], 3).unwrap();
    assert!(WordIndex::open(&good.packed, good.plain_bytes - 1).is_err());
    assert!(WordIndex::open(&[], 0).is_err());
    let plain = zstd::bulk::decompress(&good.packed, good.plain_bytes).unwrap();
    for at in 0..plain.len() {
        let mut damaged = plain.clone();
        damaged[at] ^= 0x10;
        let packed = zstd::bulk::compress(&damaged, 1).unwrap();
        if let Ok(index) = WordIndex::open(&packed, damaged.len()) {
            basics::carry_on(index.numbers_with_all(&["a".to_owned()]), "no panic is all that is asked here");
        }
    }
}
