//! Reads a query character by character: white space, bare words, quoted texts, operators.
//!
//! It knows what characters form, not what they mean. A bare word ends at white space, a parenthesis or a quote;
//! everything else is part of it, so that `/api/v1?x=[1]` needs no quotes. An apostrophe is a quote only where a word
//! begins, so that `don't` needs none either.

use crate::error::SearchLangError;
use model::Comparison;
use std::ops::Range;

/// A place in a query.
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

/// A word or a quoted text, without its quotes and the stars at its ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) text: String,
    /// Quotes and stars included.
    pub(crate) span: Range<usize>,
    pub(crate) quotes: Quotes,
    pub(crate) is_open_start: bool,
    pub(crate) is_open_end: bool,
}

/// What stands around a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quotes {
    None,
    /// `"x"`
    Double,
    /// `'x'`: the case counts.
    Single,
}

impl Word {
    /// Stars and nothing else.
    pub(crate) fn is_everything(&self) -> bool {
        !self.is_quoted() && self.text.is_empty()
    }

    pub(crate) fn is_quoted(&self) -> bool {
        self.quotes != Quotes::None
    }

    pub(crate) fn has_star(&self) -> bool {
        self.is_open_start || self.is_open_end || self.has_inner_star()
    }

    pub(crate) fn has_inner_star(&self) -> bool {
        !self.is_quoted() && self.text.contains('*')
    }
}

/// A regular expression between slashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slashed {
    /// What stands between them, `\/` as `/`.
    pub(crate) text: String,
    /// The slashes included.
    pub(crate) span: Range<usize>,
    /// The places in `text` of the slashes before which a backslash was taken out.
    pub(crate) bared: Vec<usize>,
}

impl Slashed {
    /// Where a piece of the text stands in the query.
    pub(crate) fn span_of(&self, piece: Range<usize>) -> Range<usize> {
        let place = |at: usize| self.span.start + 1 + at + self.bared.iter().filter(|slash| **slash < at).count();
        place(piece.start)..place(piece.end)
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

    /// True at a `|` that begins a pipe; `||` is an operator.
    pub(crate) fn is_at_pipe(&self) -> bool {
        self.rest().starts_with('|') && !self.rest().starts_with("||")
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

    /// Reads a value of a list: a word that ends at the comma too.
    pub(crate) fn list_value(&mut self) -> Result<Word, SearchLangError> {
        self.word_until(|next| ends_bare_word(next) || next == ',')
    }

    fn word_until(&mut self, ends: fn(char) -> bool) -> Result<Word, SearchLangError> {
        let start = self.at;
        let is_open_start = self.stars();
        let quotes = match self.peek() {
            Some('"') => Quotes::Double,
            Some('\'') => Quotes::Single,
            _ => Quotes::None,
        };
        if quotes != Quotes::None {
            let text = self.quoted()?;
            let is_open_end = self.stars();
            return Ok(Word { text, span: start..self.at, quotes, is_open_start, is_open_end });
        }
        let rest = self.rest();
        let word = &rest[..rest.find(ends).unwrap_or(rest.len())];
        self.at += word.len();
        let text = word.trim_end_matches('*');
        let is_open_end = text.len() < word.len();
        Ok(Word { text: text.to_owned(), span: start..self.at, quotes, is_open_start, is_open_end })
    }

    /// Reads a regular expression where one stands: a slash, a character other than white space, and so on to the next
    /// slash without a backslash before it, which stands behind a character other than white space and at a word's end.
    /// `/api/v1`, `//x` and `a / b` are text.
    pub(crate) fn slashed(&mut self) -> Option<Slashed> {
        let start = self.at;
        let slashed = self.slashed_anywhere()?;
        let inside = &self.text[start + 1..slashed.span.end - 1];
        let is_tight = !inside.starts_with(char::is_whitespace) && !inside.ends_with(char::is_whitespace);
        if is_tight && self.is_at_border() {
            return Some(slashed);
        }
        self.at = start;
        None
    }

    /// As [`Scanner::slashed`], where nothing but a regular expression can stand.
    pub(crate) fn slashed_anywhere(&mut self) -> Option<Slashed> {
        let start = self.at;
        let inside = self.rest().strip_prefix('/')?;
        let (mut text, mut bared) = (String::new(), Vec::new());
        let mut characters = inside.char_indices();
        while let Some((index, character)) = characters.next() {
            match character {
                '/' if index == 0 => return None,
                '/' => {
                    self.at = start + 1 + index + 1;
                    return Some(Slashed { text, span: start..self.at, bared });
                }
                '\\' => {
                    let (_, next) = characters.next()?;
                    if next == '/' {
                        bared.push(text.len());
                    } else {
                        text.push('\\');
                    }
                    text.push(next);
                }
                _ => text.push(character),
            }
        }
        None
    }

    fn stars(&mut self) -> bool {
        let length = self.rest().len() - self.rest().trim_start_matches('*').len();
        self.at += length;
        length > 0
    }

    /// Reads a quoted text; the scanner stands at its first quote, of either kind. A backslash before a quote of that kind
    /// or before a backslash stands for the second character; any other backslash is itself.
    pub(crate) fn quoted(&mut self) -> Result<String, SearchLangError> {
        let start = self.at;
        let quote_mark = self.peek().unwrap_or('"');
        let mut text = String::new();
        let mut characters = self.rest().char_indices().skip(1).peekable();
        while let Some((index, character)) = characters.next() {
            match (character, characters.peek()) {
                (end, _) if end == quote_mark => {
                    self.at = start + index + 1;
                    return Ok(text);
                }
                ('\\', Some((_, next))) if *next == quote_mark || *next == '\\' => {
                    text.push(*next);
                    characters.next();
                }
                _ => text.push(character),
            }
        }
        // An apostrophe that opens nothing is text.
        let meant = if quote_mark == '\'' { self.text[start..].trim_end() } else { text.trim_end() };
        Err(SearchLangError::new(start..self.text.len(), "a quote is opened here and never closed")
            .suggest(quote(meant)))
    }
}

/// The text in quotes.
pub(crate) fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn ends_bare_word(character: char) -> bool {
    character.is_whitespace() || matches!(character, '(' | ')' | '"')
}
