//! The words of a text.

use crate::character::{CharacterKind, character_kind};

/// The words of a text in order. Give it the text's [`fold`](crate::fold)ed form where words are to be compared.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.find(|character| character_kind(character) != CharacterKind::Separator)?;
        let from_word = &rest[start..];
        let first = from_word.chars().next()?;
        let length = match character_kind(first) {
            CharacterKind::Run => {
                from_word.find(|character| character_kind(character) != CharacterKind::Run).unwrap_or(from_word.len())
            }
            CharacterKind::Single | CharacterKind::Separator => first.len_utf8(),
        };
        let (word, behind) = from_word.split_at(length);
        rest = behind;
        Some(word)
    })
}

#[cfg(test)]
mod tests;
