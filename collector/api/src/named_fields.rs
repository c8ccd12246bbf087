//! The fields that a question names, for telling which of them no record has.
//!
//! Only attributes and parts of bodies: every other field is one that records may lack, and none that could be mistyped.

use model::{Field, Filter, Pipe, StatFunction, StatGroup, TextTarget};

/// The fields that a filter asks for. What it denies is left out: no record is missing for the want of that.
pub(crate) fn of_filter(filter: &Filter, fields: &mut Vec<Field>) {
    match filter {
        Filter::And(parts) | Filter::Or(parts) => parts.iter().for_each(|part| of_filter(part, fields)),
        Filter::Text { target, .. }
        | Filter::Exact { target, .. }
        | Filter::Wildcard { target, .. }
        | Filter::Regex { target, .. } => {
            if let TextTarget::Field(field) = target {
                note(field, fields);
            }
        }
        Filter::Equals { field, .. }
        | Filter::OneOf { field, .. }
        | Filter::InIpRange { field, .. }
        | Filter::Exists(field)
        | Filter::Compare { field, .. } => note(field, fields),
        Filter::All | Filter::Not(_) => {}
    }
}

/// The fields of records that pipes ask for: up to the first pipe that makes fields of its own, behind which a name may
/// be one of those.
pub(crate) fn of_pipes(pipes: &[Pipe]) -> Vec<Field> {
    let mut fields = Vec::new();
    for pipe in pipes {
        match pipe {
            Pipe::Where(filter) => of_filter(filter, &mut fields),
            Pipe::Sort(keys) => keys.iter().for_each(|key| note(&key.field, &mut fields)),
            Pipe::Limit(_) | Pipe::Context { .. } => {}
            Pipe::Patterns { .. } => break,
            Pipe::Top { field, .. } => {
                note(field, &mut fields);
                break;
            }
            Pipe::Stats { columns, groups } => {
                columns
                    .iter()
                    .filter_map(|column| of_function(&column.function))
                    .for_each(|field| note(field, &mut fields));
                for group in groups {
                    match group {
                        StatGroup::Field(field) => note(field, &mut fields),
                        StatGroup::TimeBucket(_) => {}
                    }
                }
                break;
            }
            Pipe::Fields(chosen) => {
                chosen.iter().filter(|chosen| !chosen.is_left_out).for_each(|chosen| note(&chosen.field, &mut fields));
                break;
            }
            Pipe::Parse { from, .. } => {
                from.iter().for_each(|field| note(field, &mut fields));
                break;
            }
        }
    }
    fields
}

fn of_function(function: &StatFunction) -> Option<&Field> {
    match function {
        StatFunction::Count(field) => field.as_ref(),
        StatFunction::CountDistinct(field)
        | StatFunction::Sum(field)
        | StatFunction::Average(field)
        | StatFunction::Min(field)
        | StatFunction::Max(field)
        | StatFunction::Quantile { field, .. } => Some(field),
        StatFunction::Rate => None,
    }
}

fn note(field: &Field, fields: &mut Vec<Field>) {
    if matches!(field, Field::Attribute(_) | Field::BodyPath(_)) && !fields.contains(field) {
        fields.push(field.clone());
    }
}

#[cfg(test)]
mod tests;
