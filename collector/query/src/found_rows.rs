//! Reads the records that were found, in their order.
//!
//! They are the newest, and so lie in few row groups, some thousands of records apart. Of a row group only they are read,
//! all of them at a time.

use crate::guard::{QueryGuard, Stop};
use crate::limits::OPEN_GROUPS_MAX;
use crate::newest::Found;
use crate::sources::{Picked, Sources};
use parts::Batch;
use std::collections::HashMap;
use std::sync::Arc;

/// Where the found records are.
#[derive(Debug)]
pub(crate) struct FoundRows<'s> {
    sources: &'s Sources,
    /// By source the records that were found in it, rising.
    rows: HashMap<usize, Vec<usize>>,
    /// The sources that are open, the one asked for last at the end.
    picked: Vec<(usize, Picked)>,
}

impl<'s> FoundRows<'s> {
    pub(crate) fn new(sources: &'s Sources, found: &[Found]) -> FoundRows<'s> {
        let mut rows: HashMap<usize, Vec<usize>> = HashMap::new();
        for found in found {
            rows.entry(found.source).or_default().push(found.row);
        }
        rows.values_mut().for_each(|rows| rows.sort_unstable());
        FoundRows { sources, rows, picked: Vec::new() }
    }

    /// The batch with a found record, and the record's number in it.
    pub(crate) fn open(&mut self, found: &Found, guard: &QueryGuard) -> Result<(Arc<Batch>, usize), Stop> {
        let rows = &self.rows[&found.source];
        let place = self.picked.iter().position(|(source, _)| *source == found.source);
        match place {
            Some(place) => {
                let last = self.picked.remove(place);
                self.picked.push(last);
            }
            None => {
                if self.picked.len() >= OPEN_GROUPS_MAX {
                    self.picked.remove(0);
                }
                let picked = self.sources.picked(found.source, rows, guard).or_else(|_| {
                    self.picked.clear();
                    self.sources.picked(found.source, rows, guard)
                })?;
                self.picked.push((found.source, picked));
            }
        }
        let (_, picked) = self.picked.last().expect("one was pushed");
        let place = rows.binary_search(&found.row).expect("it was noted when it was found");
        Ok((picked.batch.clone(), picked.row(found.row, place)))
    }

    /// Gives up what is open but for the source asked for last.
    pub(crate) fn close_others(&mut self) {
        let others = self.picked.len().saturating_sub(1);
        self.picked.drain(..others);
    }
}
