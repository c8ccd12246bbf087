//! What the index of a part tells about something to find, before any text is read.
//!
//! For each record of a row group the message's shape says that the message matches, that it does not, or that its
//! variables decide; whether they can is known from the words and letters of the row group. Only what is left open is
//! looked at as text. The index may leave too much open, never too little; what cannot be read of it leaves all open.

use super::mask::Mask;
use super::slice::Slice;
use crate::guard::QueryGuard;
use crate::limits::OPEN_GROUPS_MAX;
use arrow_array::Array;
use basics::Reservation;
use parts::StoredGroup;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use text_index::{Needle, ShapeMatcher, required_word_keys};

/// A needle that occurs in every text that matches.
#[derive(Debug, Clone)]
pub(crate) struct IndexTest {
    matcher: ShapeMatcher,
    /// Words of every text that matches.
    keys: Vec<u64>,
    /// A text in which the needle occurs matches.
    is_exact: bool,
    /// By part what its shapes tell. Few parts are met at a time.
    verdicts: RefCell<HashMap<usize, Rc<Verdicts>>>,
}

/// What the shapes of a part tell, by number, and the memory that it takes.
#[derive(Debug)]
struct Verdicts {
    by_shape: Vec<Verdict>,
    _memory: Reservation,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Never,
    Always,
    Depends,
}

/// What is known of the messages of some records.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    /// Those that match.
    pub(crate) passed: Mask,
    /// Those that must be looked at.
    pub(crate) open: Mask,
}

impl IndexTest {
    /// Of something that matches exactly where the needle occurs.
    pub(crate) fn exact(needle: Needle<'_>) -> IndexTest {
        IndexTest::new(needle, true)
    }

    /// Of something that matches only where the needle occurs.
    pub(crate) fn necessary(needle: Needle<'_>) -> IndexTest {
        IndexTest::new(needle, false)
    }

    fn new(needle: Needle<'_>, is_exact: bool) -> IndexTest {
        IndexTest {
            matcher: ShapeMatcher::new(needle),
            keys: required_word_keys(needle),
            is_exact,
            verdicts: RefCell::default(),
        }
    }

    /// Words that stand in a variable or a value of every record that matches; none when shapes may hold them.
    ///
    /// A message that is no string has its words nowhere, so a part's words tell nothing where there are such messages.
    pub(crate) fn variable_keys(&self) -> &[u64] {
        if self.matcher.needs_variables() { self.matcher.variable_keys() } else { &[] }
    }

    /// Words of every text that matches.
    pub(crate) fn keys(&self) -> &[u64] {
        &self.keys
    }

    /// False when no message of a row group matches, as far as can be told without looking at their shapes.
    pub(crate) fn may_be_in_messages(&self, group: &StoredGroup) -> bool {
        if group.has_other_messages() || !self.matcher.needs_variables() {
            return true;
        }
        self.may_be_in_variables(group) || self.may_be_in_unshaped(group)
    }

    /// False when no string among the attributes of a row group matches, and no id.
    pub(crate) fn may_be_in_values(&self, group: &StoredGroup) -> bool {
        group.may_hold_value_words(&self.keys).unwrap_or(true)
    }

    fn may_be_in_variables(&self, group: &StoredGroup) -> bool {
        let words = group.may_hold_message_words(self.matcher.variable_keys());
        words.unwrap_or(true) && group.may_hold_letters(self.matcher.variable_trigrams()).unwrap_or(true)
    }

    fn may_be_in_unshaped(&self, group: &StoredGroup) -> bool {
        group.has_unshaped() && group.may_hold_message_words(&self.keys).unwrap_or(true)
    }

    /// What is known of messages that are strings.
    pub(crate) fn messages(&self, slice: Slice<'_>, strings: Mask, guard: &QueryGuard) -> Known {
        let all_open = Known { passed: Mask::EMPTY, open: strings };
        let batch = slice.columns().batch();
        let Some(group) = batch.group() else { return all_open };
        let in_variables = self.may_be_in_variables(group);
        let in_unshaped = self.may_be_in_unshaped(group);
        if self.matcher.needs_variables() && !in_variables && !in_unshaped {
            return Known { passed: Mask::EMPTY, open: Mask::EMPTY };
        }
        let (Some(shapes), Some(verdicts)) = (batch.shapes(), self.verdicts(group, guard)) else { return all_open };
        let start = slice.rows().start;
        let mut known = Known { passed: Mask::EMPTY, open: Mask::EMPTY };
        let numbers = shapes.values();
        let nulls = shapes.nulls().filter(|nulls| nulls.null_count() > 0);
        if nulls.is_none() {
            return self.by_shape(&numbers[slice.rows()], &verdicts, strings, in_variables);
        }
        for row in strings.rows() {
            let at = start + row;
            let is_open = if nulls.is_some_and(|nulls| nulls.is_null(at)) {
                in_unshaped
            } else {
                // A number that no shape has is damage that the checksum did not see; the text decides.
                match verdicts.by_shape.get(numbers[at] as usize).copied().unwrap_or(Verdict::Depends) {
                    Verdict::Never => false,
                    Verdict::Always if self.is_exact => {
                        known.passed.set(row);
                        false
                    }
                    Verdict::Always => true,
                    Verdict::Depends => in_variables,
                }
            };
            if is_open {
                known.open.set(row);
            }
        }
        known
    }

    /// The same where every message has a shape: most row groups are so.
    fn by_shape(&self, numbers: &[u32], verdicts: &Verdicts, strings: Mask, in_variables: bool) -> Known {
        let (mut always, mut depends) = (Mask::EMPTY, Mask::EMPTY);
        for (word, numbers) in numbers.chunks(u64::BITS as usize).enumerate() {
            let (mut is_always, mut is_open) = (0, 0);
            for (bit, number) in numbers.iter().enumerate() {
                // A number that no shape has is damage that the checksum did not see; the text decides.
                let verdict = verdicts.by_shape.get(*number as usize).copied().unwrap_or(Verdict::Depends);
                is_always |= u64::from(verdict == Verdict::Always) << bit;
                is_open |= u64::from(verdict == Verdict::Depends) << bit;
            }
            always.set_word(word, is_always);
            depends.set_word(word, is_open);
        }
        let (always, depends) = (always.and(strings), depends.and(strings));
        let depends = if in_variables { depends } else { Mask::EMPTY };
        match self.is_exact {
            true => Known { passed: always, open: depends },
            false => Known { passed: Mask::EMPTY, open: always.or(depends) },
        }
    }

    /// `None` when the index cannot be read, or when there is no memory for what it tells: the texts decide then.
    fn verdicts(&self, group: &StoredGroup, guard: &QueryGuard) -> Option<Rc<Verdicts>> {
        let key = group.part_key();
        if let Some(known) = self.verdicts.borrow().get(&key) {
            return Some(known.clone());
        }
        let shapes = group.shape_count().ok()?;
        let memory = guard.reserve(u64::from(shapes)).ok()?;
        let count = shapes as usize;
        // What can lie nowhere but in variables depends on them, whatever the shape.
        let mut by_shape =
            vec![if self.matcher.is_only_in_variables() { Verdict::Depends } else { Verdict::Never }; count];
        if !self.matcher.is_only_in_variables() {
            let answer = group.find_shapes(&self.matcher).ok()?;
            for (numbers, verdict) in [(answer.always, Verdict::Always), (answer.depends, Verdict::Depends)] {
                for number in numbers {
                    if let Some(place) = by_shape.get_mut(number as usize) {
                        *place = verdict;
                    }
                }
            }
        }
        let verdicts = Rc::new(Verdicts { by_shape, _memory: memory });
        let mut known = self.verdicts.borrow_mut();
        // As many parts as have row groups open; those before them are done with, or asked again.
        if known.len() >= OPEN_GROUPS_MAX {
            known.clear();
        }
        known.insert(key, verdicts.clone());
        Some(verdicts)
    }
}
