//! What answering a question took, as JSON.

use query::Work;
use serde_json::{Value as Json, json};

/// For `explain`: what was passed over and why, and what was read.
pub(crate) fn render(work: &Work) -> Json {
    let Work { parts, parts_outside, parts_without_words, groups, groups_outside, groups_without_words, .. } = *work;
    let behind = groups.saturating_sub(groups_outside + groups_without_words + work.groups_opened);
    json!({
        "batches_in_memory": work.batches,
        "parts": {
            "all": parts,
            "skipped_by_time": parts_outside,
            "skipped_by_words": parts_without_words,
        },
        "row_groups": {
            "all": groups,
            "skipped_by_time": groups_outside,
            "skipped_by_words": groups_without_words,
            "not_reached": behind,
            "read": work.groups_opened,
            "read_without_texts": work.groups_opened - work.groups_with_texts,
        },
        "bytes_read": { "index": work.index_bytes_read, "records": work.record_bytes_read },
    })
}
