//! Makes foreign text harmless for terminals and log files.
//!
//! A terminal obeys control characters, and bidirectional marks make it show a line in another order than
//! it was written. Everything that reaches a console passes here: C0, DEL and C1, the marks of Unicode's
//! bidirectional algorithm, and the separators that some viewers take for line ends.

use std::borrow::Cow;
use std::fmt::Write;

/// Tells whether a character must not reach a terminal.
pub fn is_dangerous(sign: char) -> bool {
    matches!(sign,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}'
        | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The text with dangerous characters written out: `\n`, `\r`, `\t`, or `\u{1b}`.
pub fn escaped(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_dangerous) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    push_escaped(&mut out, text);
    Cow::Owned(out)
}

/// Appends the text with dangerous characters written out.
pub fn push_escaped(out: &mut String, text: &str) {
    for sign in text.chars() {
        match sign {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            sign if is_dangerous(sign) => {
                let written = write!(out, "\\u{{{:x}}}", u32::from(sign));
                debug_assert!(written.is_ok(), "a String takes all");
            }
            sign => out.push(sign),
        }
    }
}

#[cfg(test)]
mod tests;
