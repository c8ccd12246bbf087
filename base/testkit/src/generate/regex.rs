//! Regular expressions of the part of the syntax that the reference knows.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// A regular expression that is likely to match something.
pub fn regex() -> impl Strategy<Value = String> {
    let literals = &[
        "a",
        "B",
        "time",
        "out",
        "ERROR",
        "isk",
        "k",
        "s",
        "K",
        "5",
        "00",
        "node-",
        "_",
        "\\.",
        "\\-",
        "/",
        "é",
        "E",
        "\u{301}",
        "검",
        "漢",
        "0\\.0",
        "\\\"",
        " ",
        "full",
        "TIMEOUT",
        "\u{212a}",
        "ß",
        "10\\.0\\.0\\.7",
        "user",
    ][..];
    let leaf = prop_oneof![
        8 => select(literals).prop_map(str::to_owned),
        3 => select(&[".", "\\d", "\\s", "[a-z]", "[^a-z]", "[0-9.]", "[^\\s]", "(?:)"][..])
            .prop_map(|class| if class == "[^\\s]" { "[^ ]".to_owned() } else { class.to_owned() }),
        1 => select(&["^", "$"][..]).prop_map(str::to_owned),
    ];
    let tree = leaf.prop_recursive(3, 10, 3, |inner| {
        prop_oneof![
            4 => vec(inner.clone(), 1..4).prop_map(|parts| parts.concat()),
            1 => vec(inner.clone(), 1..3).prop_map(|parts| format!("({})", parts.join("|"))),
            2 => (inner, select(&["*", "+", "?", "{2}", "{0,2}", "{1,3}"][..]))
                .prop_map(|(part, times)| format!("(?:{part}){times}")),
        ]
    });
    (tree, 0..5u8).prop_map(|(tree, form)| match form {
        0 => format!("(?i){tree}"),
        1 => format!("{tree}|timeout"),
        _ => tree,
    })
}
