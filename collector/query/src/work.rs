//! What answering a question took: what was passed over unread and why, and what was read.

/// What answering a question took.
///
/// What lies in memory is always read; what lies in parts is passed over where its times, its sequences or its index say
/// that nothing in it can match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Work {
    /// Batches in memory.
    pub batches: u64,
    /// Parts of the tenant.
    pub parts: u64,
    /// Parts passed over for their times or sequences.
    pub parts_outside: u64,
    /// Parts passed over for lacking a word that each match has.
    pub parts_without_words: u64,
    /// Row groups of the other parts.
    pub groups: u64,
    /// Row groups passed over for their times or sequences.
    pub groups_outside: u64,
    /// Row groups passed over for what their index says of words and letters.
    pub groups_without_words: u64,
    /// Row groups that were opened. All others that are in no other line lie behind the end of the reading: the answer
    /// was full before their turn came.
    pub groups_opened: u64,
    /// Opened row groups whose message texts were read. In the others shapes, or columns beside the text, decided.
    pub groups_with_texts: u64,
    /// Bytes read from indexes of parts. What is kept in memory of earlier questions is not read again.
    pub index_bytes_read: u64,
    /// Bytes read from records of parts, packed as they lie on the disk.
    pub record_bytes_read: u64,
}

impl Work {
    /// Of two readings together.
    #[must_use]
    pub fn and(self, other: Work) -> Work {
        Work {
            batches: self.batches + other.batches,
            parts: self.parts + other.parts,
            parts_outside: self.parts_outside + other.parts_outside,
            parts_without_words: self.parts_without_words + other.parts_without_words,
            groups: self.groups + other.groups,
            groups_outside: self.groups_outside + other.groups_outside,
            groups_without_words: self.groups_without_words + other.groups_without_words,
            groups_opened: self.groups_opened + other.groups_opened,
            groups_with_texts: self.groups_with_texts + other.groups_with_texts,
            index_bytes_read: self.index_bytes_read + other.index_bytes_read,
            record_bytes_read: self.record_bytes_read + other.record_bytes_read,
        }
    }
}
