//! Pipes that the language has words for.

use super::{field, filter, regex};
use model::{ChosenField, ParseSyntax, Pipe, SortKey, StatColumn, StatFunction, StatGroup};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::time::Duration;

/// Up to five pipes.
pub fn pipes() -> impl Strategy<Value = Vec<Pipe>> {
    vec(pipe(), 0..6)
}

fn pipe() -> impl Strategy<Value = Pipe> {
    let key = (field(), any::<bool>()).prop_map(|(field, is_descending)| SortKey { field, is_descending });
    let chosen = (field(), any::<bool>()).prop_map(|(field, is_left_out)| ChosenField { field, is_left_out });
    let context = (0..50u32, 0..50u32).prop_map(|(before, after)| (before.max(u32::from(after == 0)), after));
    let syntax = prop_oneof![
        Just(ParseSyntax::Json),
        Just(ParseSyntax::Logfmt),
        regex().prop_map(|inner| ParseSyntax::Regex(format!("(?P<x>{})", inner.trim_start_matches("(?i)")).into())),
    ];
    prop_oneof![
        2 => filter().prop_map(Pipe::Where),
        4 => stats(),
        1 => (1..10_000u32, field()).prop_map(|(count, field)| Pipe::Top { count, field }),
        1 => proptest::option::of(1..100u32).prop_map(|count| Pipe::Patterns { count }),
        1 => vec(chosen, 1..4).prop_map(Pipe::Fields),
        1 => vec(key, 1..4).prop_map(Pipe::Sort),
        1 => (1..1_000_000u64).prop_map(Pipe::Limit),
        1 => context.prop_map(|(before, after)| Pipe::Context { before, after }),
        2 => (syntax, proptest::option::of(field())).prop_map(|(syntax, from)| Pipe::Parse { syntax, from }),
    ]
}

fn stats() -> impl Strategy<Value = Pipe> {
    let share = select(&[0.0, 0.5, 0.95, 0.99, 1.0, 0.123][..]);
    let function = prop_oneof![
        proptest::option::of(field()).prop_map(StatFunction::Count),
        field().prop_map(StatFunction::CountDistinct),
        field().prop_map(StatFunction::Sum),
        field().prop_map(StatFunction::Average),
        field().prop_map(StatFunction::Min),
        field().prop_map(StatFunction::Max),
        (share, field()).prop_map(|(share, field)| StatFunction::Quantile { share, field }),
        Just(StatFunction::Rate),
    ];
    let name = proptest::option::of(select(&["slow", "n", "level", "my name", "by", "검색"][..]));
    let column = (function, name).prop_map(|(function, name)| StatColumn { function, name: name.map(Into::into) });
    let step = prop_oneof![
        4 => select(&[1u64, 60_000_000_000, 5_400_000_000_000, 86_400_000_000_000, 1_500_000][..]),
        1 => 1..u64::from(u32::MAX) * 1_000_000,
    ];
    let step = proptest::option::of(step.prop_map(|nanos| StatGroup::TimeBucket(Duration::from_nanos(nanos))));
    (vec(column, 1..4), vec(field().prop_map(StatGroup::Field), 0..3), step).prop_map(|(columns, mut groups, step)| {
        groups.extend(step);
        Pipe::Stats { columns, groups }
    })
}
