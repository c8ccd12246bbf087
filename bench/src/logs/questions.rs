//! What is asked: words, parts of words, regular expressions, each with a pattern that finds the same in another way.
//!
//! Start at [`Questions::choose`].

use crate::fleet::Fleet;
use std::collections::HashSet;

/// Shortest word that a part is taken from.
const WORD_LETTERS_MIN: usize = 6;

/// All questions but the needles.
#[derive(Debug)]
pub(super) struct Questions {
    /// Words that stand in many messages.
    pub(super) words: Vec<Question>,
    /// Parts of words of many messages, and of numbers and ids of few, in turns.
    pub(super) substrings: Vec<Question>,
    /// Regular expressions with a literal of four letters.
    pub(super) regexes: Vec<Question>,
}

/// A question, and what finds the same.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Question {
    /// As it is asked.
    pub(super) query: String,
    /// As `regex` finds it in the texts of a record.
    pub(super) pattern: String,
}

impl Questions {
    /// So many of each kind, all different, always the same from one seed.
    pub(super) fn choose(count: usize, seed: u64) -> Questions {
        let long: Vec<&str> = Fleet::words().filter(|word| word.len() >= WORD_LETTERS_MIN).collect();
        let ids = (0..).map(|number| four_digits(seed, number));
        let parts_of_words = long.iter().map(|word| substring(&word[1..word.len() - 1]));
        let parts = parts_of_words.zip(ids).flat_map(|(word, id)| [word, substring(&id)]);
        Questions {
            words: different(count, Fleet::words().map(word)),
            substrings: different(count, parts),
            regexes: different(count, long.iter().enumerate().map(|(number, word)| regex(number, &word[1..5]))),
        }
    }
}

fn different(count: usize, questions: impl Iterator<Item = Question>) -> Vec<Question> {
    let mut seen = HashSet::new();
    let chosen: Vec<Question> = questions.filter(|question| seen.insert(question.query.clone())).take(count).collect();
    assert_eq!(chosen.len(), count, "too few different questions");
    chosen
}

fn word(word: &str) -> Question {
    Question { query: word.to_owned(), pattern: format!(r"(?i-u:\b{word}\b)") }
}

fn substring(part: &str) -> Question {
    Question { query: format!("*{part}*"), pattern: format!("(?i-u:{part})") }
}

fn regex(number: usize, letters: &str) -> Question {
    let pattern = match number % 3 {
        0 => format!("[a-z]{letters}[a-z]+"),
        1 => format!("{letters}[a-z]* [a-z]+ .*[0-9]{{3}}"),
        _ => format!("{letters}[a-z]* .*took [0-9]+ms"),
    };
    Question { query: format!("/{pattern}/"), pattern }
}

/// Four hexadecimal digits, among them a letter and a number, as they stand in the middle of ids.
fn four_digits(seed: u64, number: u64) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number;
    loop {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        let digits = format!("{:04x}", state >> 48);
        if digits.bytes().any(|digit| digit.is_ascii_digit()) && digits.bytes().any(|digit| digit.is_ascii_lowercase())
        {
            return digits;
        }
    }
}

#[cfg(test)]
mod tests;
