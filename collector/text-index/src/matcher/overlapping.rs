//! All occurrences of a needle, overlapping ones too, in time linear in the text (Knuth, Morris and Pratt, 1977).
//!
//! Slower per byte than `memmem`, so it serves only texts in which many occurrences have been passed over.

/// For each prefix of the needle, the length of its longest proper border: a beginning that is its end as well.
#[derive(Debug, Clone)]
pub(super) struct Overlapping {
    border: Box<[usize]>,
}

impl Overlapping {
    pub(super) fn new(needle: &[u8]) -> Overlapping {
        let mut border = vec![0; needle.len()];
        let mut matched = 0;
        for index in 1..needle.len() {
            while matched > 0 && needle[index] != needle[matched] {
                matched = border[matched - 1];
            }
            matched += usize::from(needle[index] == needle[matched]);
            border[index] = matched;
        }
        Overlapping { border: border.into() }
    }

    /// True when `accept` takes the start of any occurrence. The needle is the one given to [`Overlapping::new`].
    pub(super) fn any(&self, needle: &[u8], text: &[u8], accept: impl Fn(usize) -> bool) -> bool {
        debug_assert_eq!(needle.len(), self.border.len(), "one table per needle");
        if needle.is_empty() {
            return accept(0);
        }
        let mut matched = 0;
        for (index, byte) in text.iter().enumerate() {
            while matched > 0 && *byte != needle[matched] {
                matched = self.border[matched - 1];
            }
            matched += usize::from(*byte == needle[matched]);
            if matched == needle.len() {
                if accept(index + 1 - matched) {
                    return true;
                }
                matched = self.border[matched - 1];
            }
        }
        false
    }
}
