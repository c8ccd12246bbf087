//! The dictionary of attribute keys of a batch.
//!
//! Records of one program carry the same keys in the same order, so the key that followed last time is compared
//! first; only when the guess fails is the index asked. The index is a tree: no choice of keys makes it slow.

use crate::protobuf::text;
use std::collections::BTreeMap;

/// Numbers keys in order of appearance.
#[derive(Default)]
pub(super) struct KeyTable {
    numbers: BTreeMap<Box<str>, u32>,
    /// The key that followed each key last time, by number of that key plus one; at 0 the first of a record.
    followers: Vec<u32>,
    /// The place in `followers` of the key that came last.
    last_place: usize,
}

/// No key has this number.
const UNKNOWN: u32 = u32::MAX;

impl KeyTable {
    /// The next key is the first one of a record.
    #[inline]
    pub(super) fn start_record(&mut self) {
        self.last_place = 0;
    }

    /// The number of `key` in `keys`, which gets it at its end when it is new.
    #[inline]
    pub(super) fn number_of(&mut self, key: &[u8], keys: &mut Vec<Box<str>>) -> u32 {
        let guess = self.followers.get(self.last_place).copied().unwrap_or(UNKNOWN);
        let place = guess as usize;
        if keys.get(place).is_some_and(|known| known.as_bytes() == key) {
            self.last_place = place + 1;
            return guess;
        }
        self.look_up(key, keys)
    }

    fn look_up(&mut self, key: &[u8], keys: &mut Vec<Box<str>>) -> u32 {
        let key = text::lossy(key);
        let number = match self.numbers.get(&*key) {
            Some(number) => *number,
            None => {
                let number = u32::try_from(keys.len()).expect("a request is too short to hold 2^32 keys");
                let key: Box<str> = key.into();
                keys.push(key.clone());
                self.numbers.insert(key, number);
                number
            }
        };
        if self.followers.len() <= keys.len() {
            self.followers.resize(keys.len() + 1, UNKNOWN);
        }
        if let Some(follower) = self.followers.get_mut(self.last_place) {
            *follower = number;
        }
        self.last_place = number as usize + 1;
        number
    }
}
