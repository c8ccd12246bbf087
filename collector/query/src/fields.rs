//! Which fields the records that match have: names, types, and how many have them.
//!
//! The newest records that match are looked at, up to a number of them; the answer says whether there may be more. Each
//! is taken whole, so that a field is counted where a condition on it would find it: an attribute of the record, else of
//! its scope, else of its resource.
//!
//! Of a structured body the values that are no objects are counted, by the name that finds them. A record whose part
//! turns out to be damaged is not counted.

use crate::cut_short::CutShort;
use crate::error::QueryError;
use crate::evaluate::{Question, RowValues};
use crate::guard::{QueryGuard, Stop};
use crate::limits::{ENTRY_BYTES, SLICE_RECORDS};
use crate::newest::{Found, Newest};
use crate::pipeline::{Base, Counts, Held, Parse, Road, Sink, View, name_of};
use crate::plan::{Scan, Window};
use crate::sources::Sources;
use crate::work::Work;
use log_store::{LogColumns, LogSnapshot};
use model::{BodyPath, Field, Filter, LogRecord, ParseSyntax, TimeRange, Value, ValueKind};
use std::collections::HashMap;

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldsRequest {
    /// What must match.
    pub filter: Filter,
    /// When it must have been.
    pub range: TimeRange,
    /// Most records that are looked at: the newest ones.
    pub records_max: usize,
}

/// What was found.
#[derive(Debug, Default)]
pub struct FieldsAnswer {
    /// The fields, those that most records have first, and equally frequent ones by their names.
    pub fields: Vec<FieldFacts>,
    /// How many records were looked at.
    pub records: u64,
    /// True when older records match as well, or may: the shares are those of the newest ones.
    pub is_sample: bool,
    /// How many records were put to the filter.
    pub scanned: u64,
    /// Why the answer is made of a part of these records only.
    pub cut_short: Option<CutShort>,
    /// What it took.
    pub work: Work,
}

/// One field.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldFacts {
    /// The field.
    pub field: Field,
    /// How many records have it.
    pub records: u64,
    /// How many records have it with a value of each kind; kinds that none has are left out.
    pub kinds: Vec<(ValueKind, u64)>,
}

const KINDS: usize = 8;

/// The fields of a record that are neither attributes nor parts of its body.
const OWN_FIELDS: [Field; 7] =
    [Field::Body, Field::Service, Field::Level, Field::TraceId, Field::SpanId, Field::EventName, Field::ScopeName];

/// Counts the fields of the newest records that match.
///
/// A deadline or a memory ceiling cuts the answer short; cancellation ends it with [`QueryError::Cancelled`].
pub fn fields(snapshot: &LogSnapshot, request: &FieldsRequest, guard: &QueryGuard) -> Result<FieldsAnswer, QueryError> {
    fields_in_slices(snapshot, request, guard, SLICE_RECORDS)
}

pub(crate) fn fields_in_slices(
    snapshot: &LogSnapshot,
    request: &FieldsRequest,
    guard: &QueryGuard,
    slice_records: usize,
) -> Result<FieldsAnswer, QueryError> {
    let question = Question::compile(&request.filter)?;
    let range = request.range.intersect(question.time_range());
    let window = Window { range, before: None, after_sequence: None };
    let sources = Sources::new(snapshot, &window, &question);
    let mut answer = FieldsAnswer::default();
    let mut table = Table::new()?;
    let mut stopped = None;
    if let Err(stop) = count(&question, &sources, window, request, slice_records, &mut table, &mut answer, guard) {
        stopped = Some(stop.cut_short()?);
    }
    answer.is_sample |= stopped.is_some();
    answer.cut_short = CutShort::first(snapshot.is_replaying(), sources.has_damage(), stopped);
    answer.work = sources.work();
    answer.fields = table.into_facts();
    Ok(answer)
}

#[expect(clippy::too_many_arguments, reason = "the parts of one question that are borrowed apart")]
fn count(
    question: &Question,
    sources: &Sources,
    window: Window,
    request: &FieldsRequest,
    slice_records: usize,
    table: &mut Table,
    answer: &mut FieldsAnswer,
    guard: &QueryGuard,
) -> Result<(), Stop> {
    let mut held = Held::new(sources, guard)?;
    let mut scan = Scan::new(sources, question, window, slice_records);
    let mut sink = Sink::Newest(Newest::new(request.records_max));
    let mut counts = Counts::default();
    let road = Road { question, sources, steps: &[] };
    let gathered = road.gather(&mut scan, &mut sink, &mut counts, &mut held, guard);
    answer.scanned = counts.scanned;
    gathered?;
    let Sink::Newest(newest) = sink else { return Ok(()) };
    answer.is_sample = newest.has_left_out() || scan.is_unfinished();
    let (mut found, _found_memory) = newest.into_sorted(None);
    // Each source is opened once.
    found.sort_unstable_by_key(|found| (found.source, found.row));
    let mut rest = &found[..];
    while let Some(first) = rest.first() {
        let length = rest.partition_point(|found| found.source == first.source);
        let (of_source, behind) = rest.split_at(length);
        rest = behind;
        let counted = table.count_source(sources, of_source, &mut held, guard);
        // What was counted of a source that is damaged is made of blanks.
        let batch = sources.batch(first.source, guard)?;
        if sources.is_damaged(first.source, &batch) {
            table.forget_pending();
        } else {
            answer.records += table.settle_pending();
        }
        counted?;
    }
    Ok(())
}

/// Fields and how often they were seen.
struct Table {
    places: HashMap<Field, usize>,
    found: Vec<Entry>,
    /// Records of the source that is being read.
    pending_records: u64,
    /// Number of the record that is being looked at; no two have one.
    record: u64,
    json: Parse,
    logfmt: Parse,
}

struct Entry {
    field: Field,
    kinds: [u64; KINDS],
    /// Those of the source that is being read.
    pending: [u64; KINDS],
    /// The last record that had it: a name that comes twice counts once.
    record: u64,
}

impl Table {
    fn new() -> Result<Table, QueryError> {
        Ok(Table {
            places: HashMap::new(),
            found: Vec::new(),
            pending_records: 0,
            record: 0,
            json: Parse::new(&ParseSyntax::Json, None)?,
            logfmt: Parse::new(&ParseSyntax::Logfmt, None)?,
        })
    }

    fn count_source(
        &mut self,
        sources: &Sources,
        found: &[Found],
        held: &mut Held<'_>,
        guard: &QueryGuard,
    ) -> Result<(), Stop> {
        for found in found {
            let batch = sources.batch(found.source, guard)?;
            held.read_from(found.source);
            let record = LogColumns::of(&batch).record(found.row);
            self.count_record(&record, held, guard)?;
            self.pending_records += 1;
        }
        Ok(())
    }

    fn count_record(&mut self, record: &LogRecord, held: &mut Held<'_>, guard: &QueryGuard) -> Result<(), Stop> {
        self.record += 1;
        let view = view_of(record);
        for field in OWN_FIELDS {
            let value = view.values(&field).into_iter().next();
            guard.spend(1)?;
            if let Some(value) = value {
                self.note(field, &value, held)?;
            }
        }
        let stream = &record.stream;
        for (key, value) in record.attributes.iter().chain(&stream.scope).chain(&stream.resource) {
            guard.spend(key.len())?;
            self.note(Field::Attribute(key.clone()), value, held)?;
        }
        for path in self.body_fields(record, guard)? {
            // Of two that have one name, it is the one that a condition finds.
            let field = Field::BodyPath(path);
            if let Some(value) = first_value(record, &field) {
                self.note(field, &value, held)?;
            }
        }
        Ok(())
    }

    /// The names of what `parse` would make of the body.
    fn body_fields(&self, record: &LogRecord, guard: &QueryGuard) -> Result<Vec<BodyPath>, Stop> {
        let mut view = view_of(record);
        self.json.run(&mut view, guard)?;
        if view.made.is_empty() {
            self.logfmt.run(&mut view, guard)?;
        }
        let made = view.made.iter().filter_map(|(field, _)| match &**field {
            Field::Attribute(name) => BodyPath::new(&**name),
            _ => None,
        });
        Ok(made.collect())
    }

    fn note(&mut self, field: Field, value: &Value, held: &mut Held<'_>) -> Result<(), Stop> {
        let place = match self.places.get(&field) {
            Some(place) => *place,
            None => {
                let name = match &field {
                    Field::Attribute(key) => key.len(),
                    Field::BodyPath(path) => path.as_str().len(),
                    _ => 0,
                };
                held.take(ENTRY_BYTES + (2 * size_of::<Entry>() + 3 * name) as u64)?;
                self.places.insert(field.clone(), self.found.len());
                self.found.push(Entry { field, kinds: [0; KINDS], pending: [0; KINDS], record: 0 });
                self.found.len() - 1
            }
        };
        let entry = &mut self.found[place];
        if entry.record != self.record {
            entry.record = self.record;
            entry.pending[value.kind() as usize] += 1;
        }
        Ok(())
    }

    fn settle_pending(&mut self) -> u64 {
        for entry in &mut self.found {
            for (count, pending) in entry.kinds.iter_mut().zip(std::mem::take(&mut entry.pending)) {
                *count += pending;
            }
        }
        std::mem::take(&mut self.pending_records)
    }

    fn forget_pending(&mut self) {
        self.found.iter_mut().for_each(|entry| entry.pending = [0; KINDS]);
        self.pending_records = 0;
    }

    fn into_facts(self) -> Vec<FieldFacts> {
        let facts = self.found.into_iter().map(|entry| {
            let kinds = (0..=u8::MAX).map_while(ValueKind::from_byte).zip(entry.kinds);
            FieldFacts {
                field: entry.field,
                records: entry.kinds.iter().sum(),
                kinds: kinds.filter(|(_, count)| *count > 0).collect(),
            }
        });
        let mut facts: Vec<FieldFacts> = facts.filter(|facts| facts.records > 0).collect();
        facts.sort_by_cached_key(|facts| (std::cmp::Reverse(facts.records), name_of(&facts.field)));
        facts
    }
}

/// The value of a field, as a condition on it would find it.
pub(crate) fn first_value(record: &LogRecord, field: &Field) -> Option<Value> {
    view_of(record).values(field).into_iter().next()
}

fn view_of(record: &LogRecord) -> View<'_> {
    View { base: Base::Record(record), position: Some(record.position), made: Vec::new(), hidden: Vec::new() }
}

#[cfg(test)]
mod tests;
