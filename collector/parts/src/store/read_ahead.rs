//! The indexes of the newest parts are read before anybody asks.
//!
//! A question about a rare word goes through the index of each part that may hold it. The first one to do so would wait
//! until they have come from the disk, which takes several times as long as all the rest of the answer.

use super::{LivePart, PartStore};
use crate::manifest::PartId;
use std::cmp::Reverse;
use std::sync::Arc;

impl PartStore {
    /// Reads the indexes of the newest parts, as far as there is room for them in memory and nobody has done so yet. For
    /// times when nothing else is to be done; `is_stopped` is asked before each part.
    pub fn read_ahead(&self, is_stopped: &dyn Fn() -> bool) {
        let mut parts: Vec<Arc<LivePart>> = self.view().parts.values().flat_map(|parts| parts.to_vec()).collect();
        parts.sort_by_key(|part| Reverse(part.time_range().end));
        // The rest is for what is asked about older parts.
        let mut room = self.settings.kept_bytes / 8 * 7;
        for part in parts {
            if part.part().index_bytes() > room || is_stopped() {
                return;
            }
            room = room.saturating_sub(part.read_ahead());
        }
    }

    /// Changes whenever a part is written.
    pub fn newest_part(&self) -> Option<PartId> {
        self.view().parts.values().flat_map(|parts| parts.iter().map(|part| part.id())).max()
    }
}

#[cfg(test)]
mod tests;
