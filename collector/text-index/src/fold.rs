//! The one form in which texts are compared.

use crate::character::is_calm;
use memchr::memmem;
use std::borrow::Cow;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// The form in which a text is compared: NFC, simple case folding, NFC. Folding a folded text changes nothing.
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return match text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => Cow::Owned(text.to_ascii_lowercase()),
            false => Cow::Borrowed(text),
        };
    }
    let mut out = String::with_capacity(text.len());
    fold_into(text, &mut out);
    Cow::Owned(out)
}

/// Appends the folded form of a text that is composed by itself: what stands in `out` before is not looked at.
pub(crate) fn fold_into(text: &str, out: &mut String) {
    if text.chars().all(is_calm) {
        out.extend(text.chars().map(fold_character));
        return;
    }
    let folded: String = text.nfc().map(fold_character).collect();
    if is_nfc_quick(folded.chars()) == IsNormalized::Yes {
        out.push_str(&folded);
    } else {
        out.extend(folded.nfc());
    }
}

/// Simple case folding (one character to one) of the Unicode Character Database's CaseFolding.txt.
pub(crate) fn fold_character(character: char) -> char {
    match character {
        '\0'..='\u{7f}' => character.to_ascii_lowercase(),
        '\u{2010}'..='\u{2027}' | '\u{3000}'..='\u{a63f}' | '가'..='힣' => character,
        _ => unicode_case_mapping::case_folded(character)
            .and_then(|folded| char::from_u32(folded.get()))
            .unwrap_or(character),
    }
}

/// The text with each run of white space as one space.
pub(crate) fn collapse_white_space(text: &str) -> Cow<'_, str> {
    if has_single_spaces(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut was_white = false;
    for character in text.chars() {
        let is_white = character.is_whitespace();
        if !is_white {
            out.push(character);
        } else if !was_white {
            out.push(' ');
        }
        was_white = is_white;
    }
    Cow::Owned(out)
}

/// True when it is plain to see that all white space of a text is single spaces, as in most.
fn has_single_spaces(text: &str) -> bool {
    let is_other = |byte: u8| matches!(byte, b'\t'..=b'\r') || !byte.is_ascii();
    !text.bytes().any(is_other) && memmem::find(text.as_bytes(), b"  ").is_none()
}

#[cfg(test)]
mod tests;
