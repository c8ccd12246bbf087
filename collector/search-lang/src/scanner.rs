//! Reads a query character by character: white space, bare words, quoted texts, operators.
//!
//! It knows what characters form, not what they mean. A bare word ends at white space, a parenthesis or a quote;
//! everything else is part of it, so that `/api/v1?x=[1]` needs no quotes.

use crate::error::SearchLangError;
use model::Comparison;
use std::ops::Range;

/// A place in a query.
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

/// A word or a quoted text, without its quotes and stars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) text: String,
    /// Quotes and stars included.
    pub(crate) span: Range<usize>,
    pub(crate) is_quoted: bool,
    pub(crate) is_open_start: bool,
    pub(crate) is_open_end: bool,
}

impl Word {
    /// Stars and nothing else.
    pub(crate) fn is_everything(&self) -> bool {
        !self.is_quoted && self.text.is_empty()
    }

    pub(crate) fn has_star(&self) -> bool {
        self.is_open_start || self.is_open_end
    }
}

/// What stands between a field and a value, `:` apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Compare(Comparison),
}

impl Operator {
    pub(crate) fn parse(text: &str) -> Option<Operator> {
        match text {
            "=" | "==" => Some(Operator::Equal),
            "!=" => Some(Operator::NotEqual),
            "<" => Some(Operator::Compare(Comparison::Less)),
            "<=" => Some(Operator::Compare(Comparison::LessOrEqual)),
            ">" => Some(Operator::Compare(Comparison::Greater)),
            ">=" => Some(Operator::Compare(Comparison::GreaterOrEqual)),
            _ => None,
        }
    }
}

/// A word that joins or turns round what stands beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keyword {
    And,
    Or,
    Not,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Scanner<'a> {
        Scanner { text, at: 0 }
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(crate) fn since(&self, start: usize) -> &'a str {
        &self.text[start..self.at]
    }

    pub(crate) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.rest().is_empty()
    }

    /// True where a bare word would be empty.
    pub(crate) fn is_at_border(&self) -> bool {
        self.peek().is_none_or(|next| next.is_whitespace() || next == ')')
    }

    pub(crate) fn advance(&mut self, bytes: usize) {
        self.at += bytes;
    }

    pub(crate) fn return_to(&mut self, at: usize) {
        debug_assert!(at <= self.at, "never forward");
        self.at = at;
    }

    pub(crate) fn skip_white_space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    pub(crate) fn take(&mut self, prefix: &str) -> bool {
        let is_there = self.rest().starts_with(prefix);
        self.at += if is_there { prefix.len() } else { 0 };
        is_there
    }

    /// The span of the character at this place, or of the last one at the end.
    pub(crate) fn span_here(&self) -> Range<usize> {
        match self.peek() {
            Some(next) => self.at..self.at + next.len_utf8(),
            None => self.text.char_indices().next_back().map_or(0, |(index, _)| index)..self.text.len(),
        }
    }

    /// The bare word at this place; the scanner stays.
    pub(crate) fn peek_bare(&self) -> &'a str {
        let rest = self.rest();
        &rest[..rest.find(ends_bare_word).unwrap_or(rest.len())]
    }

    /// The keyword at this place; the scanner stays. Upper case only: `and`, `or` and `not` are words to find.
    pub(crate) fn peek_keyword(&self) -> Option<Keyword> {
        match self.peek_bare() {
            "AND" | "&&" => Some(Keyword::And),
            "OR" | "||" => Some(Keyword::Or),
            "NOT" => Some(Keyword::Not),
            _ => None,
        }
    }

    /// The run of operator characters at this place; the scanner stays.
    pub(crate) fn peek_operator_run(&self) -> &'a str {
        let rest = self.rest();
        &rest[..rest.find(|next| !matches!(next, '<' | '>' | '=' | '!' | '~')).unwrap_or(rest.len())]
    }

    /// Reads an operator. A run of operator characters that is none (`=>`, `<!`) is left for text.
    pub(crate) fn operator(&mut self) -> Option<Operator> {
        let run = self.peek_operator_run();
        let operator = Operator::parse(run)?;
        self.at += run.len();
        Some(operator)
    }

    /// Reads a word, a quoted text, or either with stars at its ends.
    pub(crate) fn word(&mut self) -> Result<Word, SearchLangError> {
        self.word_until(ends_bare_word)
    }

    /// Reads one end of a range: a word that ends at the bracket too.
    pub(crate) fn range_end(&mut self) -> Result<Word, SearchLangError> {
        self.word_until(|next| ends_bare_word(next) || matches!(next, ']' | '}'))
    }

    fn word_until(&mut self, ends: fn(char) -> bool) -> Result<Word, SearchLangError> {
        let start = self.at;
        let is_open_start = self.stars();
        if self.peek() == Some('"') {
            let text = self.quoted()?;
            let is_open_end = self.stars();
            return Ok(Word { text, span: start..self.at, is_quoted: true, is_open_start, is_open_end });
        }
        let rest = self.rest();
        let word = &rest[..rest.find(ends).unwrap_or(rest.len())];
        self.at += word.len();
        let span = start..self.at;
        let text = word.trim_end_matches('*');
        if text.contains('*') {
            return Err(SearchLangError::new(
                span.clone(),
                "a star stands only at the beginning or the end of a word; in quotes it is a character like others",
            )
            .suggest(quote(&self.text[span])));
        }
        Ok(Word { text: text.to_owned(), span, is_quoted: false, is_open_start, is_open_end: text.len() < word.len() })
    }

    fn stars(&mut self) -> bool {
        let length = self.rest().len() - self.rest().trim_start_matches('*').len();
        self.at += length;
        length > 0
    }

    /// Reads a quoted text. `\"` and `\\` stand for the second character; any other backslash is itself.
    pub(crate) fn quoted(&mut self) -> Result<String, SearchLangError> {
        let start = self.at;
        let mut text = String::new();
        let mut characters = self.rest().char_indices().skip(1).peekable();
        while let Some((index, character)) = characters.next() {
            match (character, characters.peek()) {
                ('"', _) => {
                    self.at = start + index + 1;
                    return Ok(text);
                }
                ('\\', Some((_, next @ ('"' | '\\')))) => {
                    text.push(*next);
                    characters.next();
                }
                _ => text.push(character),
            }
        }
        Err(SearchLangError::new(start..self.text.len(), "a quote is opened here and never closed")
            .suggest(quote(text.trim_end())))
    }
}

/// The text in quotes.
pub(crate) fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn ends_bare_word(character: char) -> bool {
    character.is_whitespace() || matches!(character, '(' | ')' | '"')
}
