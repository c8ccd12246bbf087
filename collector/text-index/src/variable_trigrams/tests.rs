use super::*;

fn of(variables: &[&str]) -> VariableTrigrams {
    let mut trigrams = VariableTrigrams::new();
    variables.iter().for_each(|variable| trigrams.insert(variable));
    trigrams
}

#[test]
fn letters_in_a_row_are_found_in_any_case() {
    let trigrams = of(&["x1TIMEout7", "4ab", "9\u{212a}elvin"]);
    for word in ["time", "timeout", "eou", "ab", "1ti", "kelvin"] {
        assert!(trigrams.may_hold_all(&trigrams_of(word)), "{word}");
    }
    for word in ["times", "xti", "tab", "out7out"] {
        let is_held = trigrams.may_hold_all(&trigrams_of(word));
        assert_eq!(is_held, word == "out7out", "{word}");
    }
}

#[test]
fn they_are_read_as_they_were_written_and_each_flipped_bit_is_found() {
    let trigrams = of(&["abc1", "zzz2", "aaa3"]);
    let mut bytes = Vec::new();
    trigrams.write_to(&mut bytes);
    assert_eq!(bytes.len(), VariableTrigrams::STORED_BYTES);
    assert_eq!(VariableTrigrams::read(&bytes).unwrap(), trigrams);
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(VariableTrigrams::read(&damaged).is_err(), "bit {bit}");
    }
    assert!(VariableTrigrams::read(&bytes[..bytes.len() - 1]).is_err());
    assert!(VariableTrigrams::read(&[]).is_err());
}
