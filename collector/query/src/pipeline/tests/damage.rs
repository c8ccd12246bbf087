//! A part whose bytes have changed never makes a figure: what is missing is told.

use super::{PipelineRows, records, request, shown};
use crate::tests::world::{NOW, TENANT, patient_guard, record_with, text};
use crate::{CutShort, pipeline};
use log_store::{LogStore, NewLogs, PartSettings};
use model::{LogRecord, Value};
use std::path::Path;
use std::sync::Arc;
use testkit::faulty_disk::FaultyDisk;
use testkit::log_batch::log_batch_of;

#[test]
fn a_changed_byte_is_told_and_nothing_is_made_of_it() {
    let made: Vec<LogRecord> = (0..40)
        .map(|number| {
            let mut record = record_with(&[("user", text(&format!("user {}", number % 3))), ("took", Value::Int(7))]);
            record.body = text(&format!("request {number} done"));
            record.position.time.0 += number;
            record
        })
        .collect();
    let disk = FaultyDisk::new(1);
    let settings = PartSettings { group_records: 9, ..PartSettings::SEALED };
    let mut damaged = 0;
    let store = LogStore::open_with(Arc::new(disk.clone()), Path::new("/data/logs"), settings).unwrap();
    let batch = log_batch_of(&made);
    store.append(vec![NewLogs {
        tenant: TENANT,
        position: 1,
        received: NOW,
        batch,
        ordinals: None,
        reservation: None,
    }]);
    assert!(store.freeze());
    store.seal().unwrap();
    drop(store);
    let file = disk.paths().into_iter().find(|path| path.ends_with("records.parquet")).expect("a part");
    let bytes = disk.bytes_of(&file).len() as u64;
    for offset in (0..bytes).step_by(usize::try_from(bytes / 60).unwrap().max(1)) {
        for query in ["| stats sum(took) by user", "| patterns", "| sort by took", "| limit 40", "done | context 1"] {
            let disk = disk.copy();
            disk.flip(&file, offset, 3);
            let Ok(store) = LogStore::open_with(Arc::new(disk), Path::new("/data/logs"), settings) else { continue };
            let (filter, pipes) = search_lang::parse_pipeline(query, NOW).unwrap();
            let answer = pipeline(&store.snapshot(TENANT), &request(filter, pipes), &patient_guard()).unwrap();
            let is_damaged = answer.cut_short == Some(CutShort::Damaged);
            damaged += u32::from(is_damaged);
            match &answer.rows {
                PipelineRows::Table { rows, .. } => {
                    for row in rows {
                        let name = shown(&row[0]);
                        assert!(name.starts_with("\"user ") || name == "\"request <_> done\"", "{query}: {name}");
                    }
                }
                PipelineRows::Records(_) => {
                    let found = records(answer);
                    assert!(found.iter().all(|found| made.iter().any(|made| made.body == found.body)), "{query}");
                    assert_eq!(found.len() < made.len(), is_damaged, "{query} at {offset}");
                }
            }
        }
    }
    assert!(damaged > 20, "{damaged} answers told of damage");
}
