//! Blocks against looking at each byte.

use super::{AsciiBlock, BLOCK_BYTES, bits_from, first_run};
use crate::splitter::PLACEHOLDER_BYTE;
use proptest::prelude::*;

fn bits_of(block: &[u8], is_one: impl Fn(u8) -> bool) -> u64 {
    block.iter().enumerate().map(|(place, byte)| u64::from(is_one(*byte)) << place).sum()
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(256))]

    #[test]
    fn a_block_is_what_its_bytes_are(block in prop::collection::vec(prop_oneof![any::<u8>(), 0x20..0x7f_u8], 0..=BLOCK_BYTES)) {
        let found = AsciiBlock::of(&block);
        prop_assert_eq!(found.words, bits_of(&block, |byte| byte.is_ascii_alphanumeric()));
        prop_assert_eq!(found.digits, bits_of(&block, |byte| byte.is_ascii_digit()));
        prop_assert_eq!(found.is_plain, block.iter().all(|byte| byte.is_ascii() && *byte != PLACEHOLDER_BYTE));
        let is_three = |place: &usize| block[*place..][..3].iter().all(u8::is_ascii_alphabetic);
        let threes: u64 = (0..block.len().saturating_sub(2)).filter(is_three).map(|place| 1 << place).sum();
        prop_assert_eq!(found.three_letters(), threes);
        prop_assert_eq!(found.capitals, bits_of(&block, |byte| byte.is_ascii_uppercase()));
    }

    #[test]
    fn runs_are_longest_ones(bits in any::<u64>()) {
        let mut rest = bits;
        let mut found = 0;
        while let Some(run) = first_run(rest) {
            found |= run.clone().map(|place| 1_u64 << place).sum::<u64>();
            prop_assert!(run.end == BLOCK_BYTES || bits & (1 << run.end) == 0);
            rest = bits_from(rest, run.end);
        }
        prop_assert_eq!(found, bits);
    }
}

#[test]
fn a_run_may_reach_the_last_bit() {
    assert_eq!(first_run(u64::MAX), Some(0..64));
    assert_eq!(first_run(1 << 63), Some(63..64));
    assert_eq!(first_run(0), None);
    assert_eq!(bits_from(u64::MAX, 64), 0);
}
