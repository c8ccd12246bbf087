//! Pipes as queries.

use crate::render::slashed;
use crate::scanner::quote;
use model::{ChosenField, Field, Filter, ParseSyntax, Pipe, SortKey, StatColumn, StatFunction, StatGroup};

pub(super) use crate::render::render;

fn name(field: &Field) -> String {
    match field {
        Field::Attribute(key) => quote(key),
        known => crate::field::name_of(known),
    }
}

/// A filter and pipes as one query; `None` where the language has no words for them.
pub(super) fn render_pipeline(filter: &Filter, pipes: &[Pipe]) -> Option<String> {
    let pipes: Option<Vec<String>> = pipes.iter().map(|pipe| Some(format!(" | {}", render_pipe(pipe)?))).collect();
    Some(format!("{}{}", render(filter)?, pipes?.concat()))
}

fn render_pipe(pipe: &Pipe) -> Option<String> {
    let names = |fields: Vec<String>| fields.join(", ");
    Some(match pipe {
        Pipe::Where(filter) => format!("where {}", render(filter)?),
        Pipe::Stats { columns, groups } => {
            let columns = names(columns.iter().map(render_column).collect());
            let groups = names(groups.iter().map(render_group).collect());
            format!("stats {columns}{}{groups}", if groups.is_empty() { "" } else { " by " })
        }
        Pipe::Top { count, field } => format!("top {count} by {}", name(field)),
        Pipe::Patterns { count } => format!("patterns {}", count.map(|count| count.to_string()).unwrap_or_default()),
        Pipe::Fields(chosen) => {
            let sign = |chosen: &ChosenField| if chosen.is_left_out { "-" } else { "" };
            format!(
                "fields {}",
                names(chosen.iter().map(|chosen| sign(chosen).to_owned() + &name(&chosen.field)).collect())
            )
        }
        Pipe::Sort(keys) => {
            let direction = |key: &SortKey| if key.is_descending { " desc" } else { "" };
            format!("sort by {}", names(keys.iter().map(|key| name(&key.field) + direction(key)).collect()))
        }
        Pipe::Limit(count) => format!("limit {count}"),
        Pipe::Context { before, after } if before == after => format!("context {before}"),
        Pipe::Context { before, after: 0 } => format!("context before {before}"),
        Pipe::Context { before: 0, after } => format!("context after {after}"),
        Pipe::Context { before, after } => format!("context before {before} after {after}"),
        Pipe::Parse { syntax, from } => {
            let from = from.as_ref().map(|from| format!(" from {}", name(from))).unwrap_or_default();
            match syntax {
                ParseSyntax::Json => format!("parse json{from}"),
                ParseSyntax::Logfmt => format!("parse logfmt{from}"),
                ParseSyntax::Regex(regex) => format!("parse regex {}{from}", slashed(regex)?),
            }
        }
    })
}

fn render_column(column: &StatColumn) -> String {
    let of = |function: &str, field: &Field| format!("{function}({})", name(field));
    let function = match &column.function {
        StatFunction::Count(None) => "count()".to_owned(),
        StatFunction::Count(Some(field)) => of("count", field),
        StatFunction::CountDistinct(field) => of("count_distinct", field),
        StatFunction::Sum(field) => of("sum", field),
        StatFunction::Average(field) => of("avg", field),
        StatFunction::Min(field) => of("min", field),
        StatFunction::Max(field) => of("max", field),
        StatFunction::Quantile { share, field } => format!("quantile({share:?}, {})", name(field)),
        StatFunction::Rate => "rate()".to_owned(),
    };
    let name = column.name.as_ref().map(|name| format!(" as {}", quote(name))).unwrap_or_default();
    function + &name
}

fn render_group(group: &StatGroup) -> String {
    match group {
        StatGroup::Field(field) => name(field),
        StatGroup::TimeBucket(step) => {
            let units = [("h", 3_600_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000), ("ns", 1)];
            let mut rest = step.as_nanos();
            let mut out = String::new();
            for (unit, nanos) in units {
                if rest >= nanos {
                    out += &format!("{}{unit}", rest / nanos);
                    rest %= nanos;
                }
            }
            out
        }
    }
}
