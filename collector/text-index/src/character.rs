//! What a character is to a word, and how it behaves under normalisation.

use unicode_general_category::{GeneralCategory, get_general_category};
use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, is_nfc_quick};
use unicode_script::{Script, UnicodeScript};

/// What a character is to a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CharacterKind {
    /// A letter, mark or number that forms runs.
    Run,
    /// A letter, mark or number of Han, Kana or Hangul: a word by itself.
    Single,
    /// All else: stands between words.
    Separator,
}

/// Tells what a character is to a word.
///
/// A character that several scripts share (`ー`) counts as Kana when only Han, Kana and Hangul share it.
pub fn character_kind(character: char) -> CharacterKind {
    match character {
        '0'..='9' | 'A'..='Z' | 'a'..='z' => CharacterKind::Run,
        '\0'..='\u{7f}' => CharacterKind::Separator,
        '가'..='힣' | '一'..='\u{9fff}' => CharacterKind::Single,
        _ => from_tables(character),
    }
}

fn from_tables(character: char) -> CharacterKind {
    if !is_letter_mark_or_number(character) {
        return CharacterKind::Separator;
    }
    let mut scripts = character.script_extension().iter().peekable();
    let is_single = is_syllabic(character.script()) || scripts.peek().is_some() && scripts.all(is_syllabic);
    if is_single { CharacterKind::Single } else { CharacterKind::Run }
}

fn is_syllabic(script: Script) -> bool {
    matches!(script, Script::Han | Script::Hiragana | Script::Katakana | Script::Hangul)
}

fn is_letter_mark_or_number(character: char) -> bool {
    matches!(
        get_general_category(character),
        GeneralCategory::UppercaseLetter
            | GeneralCategory::LowercaseLetter
            | GeneralCategory::TitlecaseLetter
            | GeneralCategory::ModifierLetter
            | GeneralCategory::OtherLetter
            | GeneralCategory::NonspacingMark
            | GeneralCategory::SpacingMark
            | GeneralCategory::EnclosingMark
            | GeneralCategory::DecimalNumber
            | GeneralCategory::LetterNumber
            | GeneralCategory::OtherNumber
    )
}

/// True for a character that composition never changes and never joins to the one before it.
pub(crate) fn is_settled(character: char) -> bool {
    canonical_combining_class(character) == 0 && is_nfc_quick(std::iter::once(character)) == IsNormalized::Yes
}

/// True for characters of the blocks that most logs are written in, all of them settled before and after folding.
/// A text of these alone needs no composition. Blocks with exceptions are left out, which costs time and no answer.
pub(crate) fn is_calm(character: char) -> bool {
    matches!(
        character,
        '\0'..='\u{2ff}'            // Latin
        | '\u{410}'..='\u{44f}'     // Cyrillic
        | '\u{2010}'..='\u{2027}'   // quotes, dashes, bullets
        | '\u{2190}'..='\u{21ff}'   // arrows
        | '\u{2500}'..='\u{25ff}'   // boxes
        | '\u{3000}'..='\u{3020}'   // CJK punctuation
        | '\u{3041}'..='\u{3096}'   // Hiragana
        | '\u{30a1}'..='\u{30fe}'   // Katakana
        | '\u{3400}'..='\u{4dbf}'   // Han
        | '\u{4e00}'..='\u{9fff}'   // Han
        | '\u{ac00}'..='\u{d7a3}'   // Hangul
        | '\u{ff01}'..='\u{ff60}'   // full width
        | '\u{1f300}'..='\u{1faff}' // emoji
    )
}

#[cfg(test)]
mod tests;
