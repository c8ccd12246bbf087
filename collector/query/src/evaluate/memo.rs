//! What a test said of the distinct strings of a row group's columns.
//!
//! A row group is read in slices, and most of its columns hold few distinct strings. So a test is put to each of them
//! once, and every slice only looks the answers up.

use super::prefilter::Sight;
use super::value_test::{ValueTest, WORK_PER_VALUE};
use crate::guard::{QueryGuard, Stop};
use crate::limits::{DISTINCT_PER_CANDIDATE, MEMO_COLUMNS_MAX};
use arrow_array::{Array, StringArray};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// The answers of one test. A copy of it knows nothing.
#[derive(Debug, Default)]
pub(crate) struct Memo {
    /// By the row group and the place of the column's strings in memory, which is its own as long as the row group is
    /// open; and no row group is ever opened under the number of another one.
    known: RefCell<HashMap<(u64, usize), Rc<Passing>>>,
}

/// Which of some strings pass.
#[derive(Debug)]
pub(crate) struct Passing {
    bits: Vec<u64>,
    is_empty: bool,
}

impl Clone for Memo {
    fn clone(&self) -> Self {
        Memo::default()
    }
}

impl Memo {
    /// Which of the distinct strings pass; `None` when it is less work to ask about the strings of so many candidates.
    pub(crate) fn passing(
        &self,
        test: &impl ValueTest,
        batch: u64,
        strings: &StringArray,
        candidates: usize,
        guard: &QueryGuard,
    ) -> Result<Option<Rc<Passing>>, Stop> {
        let key = (batch, strings.value_offsets().as_ptr().addr());
        if let Some(known) = self.known.borrow().get(&key) {
            return Ok(Some(known.clone()));
        }
        if candidates.saturating_mul(DISTINCT_PER_CANDIDATE) < strings.len() {
            return Ok(None);
        }
        let passing = Rc::new(Passing::of(test, strings, guard)?);
        let mut known = self.known.borrow_mut();
        if known.len() >= MEMO_COLUMNS_MAX {
            known.clear();
        }
        known.insert(key, passing.clone());
        Ok(Some(passing))
    }
}

impl Passing {
    fn of(test: &impl ValueTest, strings: &StringArray, guard: &QueryGuard) -> Result<Passing, Stop> {
        let mut passing = Passing { bits: vec![0; strings.len().div_ceil(64)], is_empty: true };
        test.visit_possible(strings, guard, &mut |number, sight| {
            let passes = match sight {
                Sight::Certain => true,
                Sight::Possible => {
                    let text = strings.value(number);
                    guard.spend(WORK_PER_VALUE + text.len())?;
                    test.text(text)
                }
            };
            if passes {
                passing.bits[number / 64] |= 1 << (number % 64);
                passing.is_empty = false;
            }
            Ok(())
        })?;
        Ok(passing)
    }

    /// True when none passes.
    pub(crate) fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// True when the string of this number passes.
    pub(crate) fn holds(&self, number: i32) -> bool {
        let Ok(number) = usize::try_from(number) else { return false };
        self.bits.get(number / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }
}
