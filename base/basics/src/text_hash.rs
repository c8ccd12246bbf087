//! Hashing for tables in memory that are asked millions of times.
//!
//! Faster on short texts than the standard one, and seeded anew for each table, so that texts cannot be chosen to fall
//! on one place of it. Never for what is stored: a seed lives as long as its table.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Makes hashers of one seed (XXH3).
#[derive(Debug, Clone)]
pub struct TextHash {
    seed: u64,
}

/// What a [`TextHash`] hashes with.
#[derive(Debug)]
pub struct TextHasher(u64);

impl TextHash {
    /// The hash of a text alone.
    pub fn of(&self, text: &str) -> u64 {
        xxh3_64_with_seed(text.as_bytes(), self.seed)
    }
}

impl Default for TextHash {
    fn default() -> Self {
        // The seed that the standard tables are given.
        TextHash { seed: HashMap::<(), ()>::new().hasher().hash_one(0_u64) }
    }
}

impl BuildHasher for TextHash {
    type Hasher = TextHasher;

    fn build_hasher(&self) -> TextHasher {
        TextHasher(self.seed)
    }
}

impl Hasher for TextHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxh3_64_with_seed(bytes, self.0);
    }

    /// What ends a text in a list of texts: it need only part what would run together.
    fn write_u8(&mut self, byte: u8) {
        self.0 = self.0.rotate_left(8) ^ u64::from(byte);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests;
