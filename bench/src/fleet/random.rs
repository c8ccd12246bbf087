//! Chance that is the same on every machine.

/// SplitMix64.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Random {
        Random(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Any of `choices`, all alike.
    pub(super) fn pick(&mut self, choices: usize) -> usize {
        usize::try_from(self.next() % choices as u64).unwrap_or(0)
    }

    /// From 0 up to but not including 1.
    pub(super) fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Any of `choices`, low ones more often: half of all draws fall into the lowest quarter.
    pub(super) fn skewed(&mut self, choices: usize) -> usize {
        let fraction = self.fraction();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below `choices`")]
        let drawn = (fraction * fraction * choices as f64) as usize;
        drawn.min(choices - 1)
    }

    pub(super) fn bytes16(&mut self) -> [u8; 16] {
        let (high, low) = (self.next(), self.next() | 1);
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&high.to_be_bytes());
        bytes[8..].copy_from_slice(&low.to_be_bytes());
        bytes
    }
}
