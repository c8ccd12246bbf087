//! Pipes that look at one row at a time: `where`, `parse`, `fields`.

use super::fields::{Choice, leave_out};
use super::held::Held;
use super::parse::Parse;
use super::view::{Base, Row, View, bytes_of_made, touch, touch_anywhere, touch_position};
use crate::error::QueryError;
use crate::evaluate::RowQuestion;
use crate::guard::{QueryGuard, Stop};
use crate::limits::ANSWER_COPIES;
use log_store::LogColumns;
use model::{Field, Filter, Pipe, TextTarget};

/// Such a pipe, made ready.
#[derive(Debug)]
pub(crate) enum Step {
    Where(RowQuestion, Reads),
    Parse(Parse),
    Fields(Choice),
}

/// Which columns are read, so that damage is known before anything is made of them.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    fields: Vec<Field>,
    has_anywhere: bool,
    has_position: bool,
}

impl Step {
    /// `None` for a pipe that looks at more than one row.
    pub(crate) fn new(pipe: &Pipe) -> Result<Option<Step>, QueryError> {
        Ok(Some(match pipe {
            Pipe::Where(filter) => Step::Where(RowQuestion::compile(filter)?, Reads::of_filter(filter)),
            Pipe::Parse { syntax, from } => Step::Parse(Parse::new(syntax, from.as_ref())?),
            Pipe::Fields(chosen) => Step::Fields(Choice::new(chosen)?),
            Pipe::Stats { .. }
            | Pipe::Top { .. }
            | Pipe::Patterns { .. }
            | Pipe::Sort(_)
            | Pipe::Limit(_)
            | Pipe::Context { .. } => return Ok(None),
        }))
    }

    /// Says whether the row is kept.
    pub(crate) fn run<'a>(&'a self, view: &mut View<'a>, guard: &QueryGuard) -> Result<bool, Stop> {
        match self {
            Step::Where(question, _) => question.matches(view, guard),
            Step::Parse(parse) => parse.run(view, guard).map(|()| true),
            Step::Fields(choice) => choice.run(view, guard).map(|()| true),
        }
    }

    pub(crate) fn run_on_row(&self, row: &mut Row, guard: &QueryGuard, held: &mut Held<'_>) -> Result<bool, Stop> {
        let before: u64 = row.made.iter().map(bytes_of_made).sum();
        let mut view = row.view();
        let is_kept = self.run(&mut view, guard)?;
        let View { base, made, .. } = view;
        let has_record = !matches!(base, Base::Nothing);
        row.made = made;
        if !has_record {
            row.record = None;
        }
        if let (Step::Fields(choice), Some(record)) = (self, &mut row.record) {
            choice.left_out().iter().for_each(|field| leave_out(record, field));
        }
        let after: u64 = row.made.iter().map(bytes_of_made).sum();
        let more = after.saturating_sub(before) * ANSWER_COPIES;
        held.take(more)?;
        row.bytes += more;
        Ok(is_kept)
    }

    pub(crate) fn reads(&self, reads: &mut Reads) {
        match self {
            Step::Where(_, own) => {
                reads.fields.extend(own.fields.iter().cloned());
                reads.has_anywhere |= own.has_anywhere;
            }
            Step::Parse(parse) => reads.fields.push(parse.from().clone()),
            Step::Fields(choice) => {
                reads.has_position |= choice.columns().is_some();
                reads.fields.extend(choice.columns().unwrap_or_default().iter().map(|field| (**field).clone()));
            }
        }
    }
}

/// Runs steps one behind the other; says whether the row is kept.
pub(crate) fn run_all<'a>(steps: &'a [Step], view: &mut View<'a>, guard: &QueryGuard) -> Result<bool, Stop> {
    for step in steps {
        if !step.run(view, guard)? {
            return Ok(false);
        }
    }
    Ok(true)
}

impl Reads {
    pub(crate) fn add(&mut self, fields: Vec<Field>) {
        self.fields.extend(fields);
    }

    pub(crate) fn add_position(&mut self) {
        self.has_position = true;
    }

    /// Reads the columns.
    pub(crate) fn touch(&self, columns: LogColumns<'_>) {
        self.fields.iter().for_each(|field| touch(columns, field));
        if self.has_anywhere {
            touch_anywhere(columns);
        }
        if self.has_position {
            touch_position(columns);
        }
    }

    fn of_filter(filter: &Filter) -> Reads {
        let mut reads = Reads::default();
        reads.collect(filter);
        reads
    }

    /// A filter was compiled before, so its depth is bounded.
    fn collect(&mut self, filter: &Filter) {
        match filter {
            Filter::All => {}
            Filter::And(parts) | Filter::Or(parts) => parts.iter().for_each(|part| self.collect(part)),
            Filter::Not(inner) => self.collect(inner),
            Filter::Text { target, .. }
            | Filter::Exact { target, .. }
            | Filter::Wildcard { target, .. }
            | Filter::Regex { target, .. } => match target {
                TextTarget::Anywhere => self.has_anywhere = true,
                TextTarget::Field(field) => self.fields.push(field.clone()),
            },
            Filter::Equals { field, .. }
            | Filter::OneOf { field, .. }
            | Filter::InIpRange { field, .. }
            | Filter::Exists(field)
            | Filter::Compare { field, .. } => self.fields.push(field.clone()),
        }
    }
}
