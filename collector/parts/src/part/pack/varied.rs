//! Whether nearly all strings of a column differ.

use super::values::{Kind, Values};
use basics::TextHash;

/// At most so many of a column's strings are looked at.
const SAMPLE: usize = 2_048;
/// Of fewer strings a dictionary costs nothing that matters.
const SAMPLE_MIN: usize = 256;
/// Places for their hashes: so many that few of them meet by chance.
const SAMPLE_PLACES: usize = SAMPLE * 16;

/// True when, in a sample, at least seven in eight strings of a column differ from all others. Of 16,384 records whose
/// strings are drawn at random that begins where they are drawn from some 9,500.
pub(super) fn is_varied(values: &Values<'_>) -> bool {
    let Kind::Texts(texts) = values.kind else { return false };
    let count = values.count_there(0..values.len());
    if count < SAMPLE_MIN {
        return false;
    }
    let hash = TextHash::default();
    let mut places = vec![false; SAMPLE_PLACES];
    let (mut looked_at, mut different) = (0, 0);
    for row in values.there(0..values.len()).step_by(count.div_ceil(SAMPLE)) {
        let place = usize::try_from(hash.of(texts.value(row)) % SAMPLE_PLACES as u64).expect("there are few places");
        looked_at += 1;
        different += usize::from(!std::mem::replace(&mut places[place], true));
    }
    different * 8 >= looked_at * 7
}

#[cfg(test)]
mod tests;
