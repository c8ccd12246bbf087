//! A piece of text that each match of a regular expression holds, for the quick look at many strings and for the index.

use regex_syntax::hir::{Hir, HirKind};

/// The longest such piece of printable ASCII; empty when none is seen. A mark that values escape in their text form
/// ends a piece.
pub(crate) fn required_literal(regex: &str) -> String {
    match regex_syntax::parse(regex) {
        Ok(hir) => longest_in(&hir),
        // Compiling it says what is wrong.
        Err(_) => String::new(),
    }
}

fn longest_in(hir: &Hir) -> String {
    match hir.kind() {
        HirKind::Literal(literal) => longest_run(&literal.0),
        HirKind::Capture(capture) => longest_in(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => longest_in(&repetition.sub),
        HirKind::Concat(parts) => parts.iter().map(longest_in).reduce(longer).unwrap_or_default(),
        HirKind::Empty | HirKind::Class(_) | HirKind::Look(_) | HirKind::Repetition(_) | HirKind::Alternation(_) => {
            String::new()
        }
    }
}

fn longer(left: String, right: String) -> String {
    if right.len() > left.len() { right } else { left }
}

fn longest_run(bytes: &[u8]) -> String {
    let is_good = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
    let runs = bytes.split(|byte| !is_good(byte));
    runs.map(|run| run.iter().map(|byte| char::from(*byte)).collect()).reduce(longer).unwrap_or_default()
}
