//! How words, fields and operators combine.
//!
//! ```text
//! query   = [ or ]
//! or      = and { "OR" and }
//! and     = unary { [ "AND" ] unary }
//! unary   = { "NOT" | "-" | "!" } primary
//! primary = "(" or ")" | field relation value | field "in" list | value
//! ```
//!
//! Behind `field:` a `(` opens a group in which every value is the field's. Where pipes may follow, a `|` at the
//! beginning of a word ends the query. Where none may, it is text, but for one with the name of a pipe behind it: whoever
//! writes `error | stats count()` does not look for these words.

use crate::error::SearchLangError;
use crate::field::{self, Found, Link};
use crate::limits::{CLAUSES_MAX, DEPTH_MAX, TEXT_BYTES_MAX};
use crate::scanner::{Keyword, Operator, Scanner, Slashed, Word, quote};
use crate::{list, pipes, range, regex, value};
use basics::Timestamp;
use model::limits::REGEXES_MAX;
use model::{Field, Filter, TextTarget};
use std::ops::Range;

/// What a value without a field of its own belongs to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'s> {
    pub(crate) field: &'s Field,
    pub(crate) relation: Relation,
}

/// How a field and a value relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    /// `:` the value is a term in the field.
    Has,
    /// `=` the value is the field's whole value.
    Is,
}

pub(crate) fn parse(text: &str, now: Timestamp) -> Result<Filter, SearchLangError> {
    let mut parser = Parser::new(text, now, HasPipes::No)?;
    let filter = parser.filter()?;
    parser.end()?;
    Ok(filter)
}

/// Reads one text from its beginning.
pub(crate) struct Parser<'a> {
    pub(crate) scanner: Scanner<'a>,
    pub(crate) now: Timestamp,
    has_pipes: HasPipes,
    depth: usize,
    clauses: usize,
    regexes: usize,
}

/// Whether a `|` ends a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HasPipes {
    Yes,
    No,
}

impl<'a> Parser<'a> {
    pub(crate) fn new(text: &'a str, now: Timestamp, has_pipes: HasPipes) -> Result<Parser<'a>, SearchLangError> {
        if text.len() > TEXT_BYTES_MAX {
            let border = (0..=TEXT_BYTES_MAX).rev().find(|index| text.is_char_boundary(*index)).unwrap_or(0);
            let message = format!("a query is at most {TEXT_BYTES_MAX} bytes long, this one has {}", text.len());
            return Err(SearchLangError::too_long(border..text.len(), message));
        }
        Ok(Parser { scanner: Scanner::new(text), now, has_pipes, depth: 0, clauses: 0, regexes: 0 })
    }

    /// Reads a filter up to the end, a pipe, or a parenthesis that closes nothing. Nothing at all is the filter that
    /// matches everything.
    pub(crate) fn filter(&mut self) -> Result<Filter, SearchLangError> {
        self.scanner.skip_white_space();
        if self.scanner.is_at_end() || self.is_at_pipe() {
            return Ok(Filter::All);
        }
        self.any_of(None)
    }

    /// Makes sure that the whole text is read.
    pub(crate) fn end(&self) -> Result<(), SearchLangError> {
        if self.scanner.is_at_end() {
            return Ok(());
        }
        Err(SearchLangError::new(self.scanner.span_here(), "this parenthesis closes nothing").suggest(quote(")")))
    }

    pub(crate) fn is_at_pipe(&self) -> bool {
        self.has_pipes == HasPipes::Yes && self.scanner.is_at_pipe()
    }

    fn any_of(&mut self, scope: Option<Scope<'_>>) -> Result<Filter, SearchLangError> {
        let mut branches = vec![self.all_of(scope)?];
        while self.scanner.peek_keyword() == Some(Keyword::Or) {
            self.joint()?;
            branches.push(self.all_of(scope)?);
        }
        Ok(single_or(branches, Filter::Or))
    }

    fn all_of(&mut self, scope: Option<Scope<'_>>) -> Result<Filter, SearchLangError> {
        let mut parts = vec![self.unary(scope)?];
        loop {
            self.scanner.skip_white_space();
            if self.is_at_pipe() {
                return Ok(single_or(parts, Filter::And));
            }
            match (self.scanner.peek(), self.scanner.peek_keyword()) {
                (None | Some(')'), _) | (_, Some(Keyword::Or)) => return Ok(single_or(parts, Filter::And)),
                (_, Some(Keyword::And)) => self.joint()?,
                _ => {}
            }
            parts.push(self.unary(scope)?);
        }
    }

    /// Reads past an AND, OR or NOT and makes sure that something stands behind it.
    fn joint(&mut self) -> Result<(), SearchLangError> {
        let start = self.scanner.at();
        self.scanner.advance(self.scanner.peek_bare().len());
        let (span, word) = (start..self.scanner.at(), self.scanner.since(start));
        self.scanner.skip_white_space();
        let is_last = self.scanner.is_at_border() || self.is_at_pipe();
        if is_last || matches!(self.scanner.peek_keyword(), Some(Keyword::And | Keyword::Or)) {
            let message = format!("nothing stands behind {word}; in quotes it is a word to find");
            return Err(SearchLangError::new(span, message).suggest(quote(word)));
        }
        Ok(())
    }

    /// Negations in a row are counted, not nested, so that their number costs no depth.
    fn unary(&mut self, scope: Option<Scope<'_>>) -> Result<Filter, SearchLangError> {
        let mut is_negated = false;
        loop {
            self.scanner.skip_white_space();
            if self.scanner.peek_keyword() == Some(Keyword::Not) {
                self.joint()?;
            } else if self.is_at_minus() {
                self.scanner.advance(1);
            } else {
                break;
            }
            is_negated = !is_negated;
        }
        let filter = self.primary(scope)?;
        Ok(if is_negated { negate(filter) } else { filter })
    }

    /// `-x` and `!x`, but not `--x`, `->` or a lone `-`, which are text.
    fn is_at_minus(&self) -> bool {
        let mut characters = self.scanner.rest().chars();
        matches!(characters.next(), Some('-' | '!'))
            && characters.next().is_some_and(|next| {
                next.is_alphanumeric() || matches!(next, '"' | '\'' | '(' | '*' | '_' | '@' | '$' | '/')
            })
    }

    fn primary(&mut self, scope: Option<Scope<'_>>) -> Result<Filter, SearchLangError> {
        let here = self.scanner.span_here();
        if self.scanner.peek() == Some('(') {
            return self.group(scope);
        }
        if let Some(Keyword::And | Keyword::Or) = self.scanner.peek_keyword() {
            let word = self.scanner.peek_bare();
            let message = format!("nothing stands before {word}; in quotes it is a word to find");
            return Err(SearchLangError::new(here.start..here.start + word.len(), message).suggest(quote(word)));
        }
        if self.scanner.peek() == Some(')') {
            return Err(SearchLangError::new(here, "something to find is missing before this parenthesis"));
        }
        if self.is_at_pipe() {
            let message = "something to find is missing before this pipe; in quotes | is text";
            return Err(SearchLangError::new(here, message).suggest(quote("|")));
        }
        if let Some(length) = pipes::length_of_beginning(&self.scanner) {
            let message =
                "pipes are not taken here, but by `outrigger query` and /api/v1/logs/query; in quotes | is text";
            return Err(SearchLangError::new(here.start..here.start + length, message));
        }
        self.clauses += 1;
        if self.clauses > CLAUSES_MAX {
            let message = format!("a query has at most {CLAUSES_MAX} words and comparisons");
            return Err(SearchLangError::new(here, message));
        }
        if let Some(scope) = scope {
            return self.value(scope, here.start);
        }
        match field::take(&mut self.scanner)? {
            Some(found) => self.clause(&found),
            None => self.anywhere(),
        }
    }

    fn group(&mut self, scope: Option<Scope<'_>>) -> Result<Filter, SearchLangError> {
        let open = self.scanner.span_here();
        if self.depth == DEPTH_MAX {
            return Err(SearchLangError::new(open, format!("parentheses are at most {DEPTH_MAX} deep")));
        }
        self.scanner.advance(1);
        self.scanner.skip_white_space();
        if self.scanner.take(")") {
            let span = open.start..self.scanner.at();
            let text = quote(self.scanner.since(open.start));
            return Err(SearchLangError::new(span, "nothing stands between the parentheses").suggest(text));
        }
        if self.scanner.is_at_end() {
            return Err(SearchLangError::new(open, "this parenthesis is never closed").suggest(quote("(")));
        }
        self.depth += 1;
        let filter = self.any_of(scope)?;
        self.depth -= 1;
        if self.is_at_pipe() {
            let message = "a pipe stands outside of parentheses; in quotes | is text";
            return Err(SearchLangError::new(self.scanner.span_here(), message).suggest(quote("|")));
        }
        if !self.scanner.take(")") {
            let span = open.start..self.scanner.at();
            let closed = format!("{})", self.scanner.since(open.start).trim_end());
            return Err(SearchLangError::new(span, "this parenthesis is never closed").suggest(closed));
        }
        Ok(filter)
    }

    /// A word or phrase without a field.
    fn anywhere(&mut self) -> Result<Filter, SearchLangError> {
        let start = self.scanner.at();
        let run = self.scanner.peek_operator_run();
        let is_alone = run == self.scanner.peek_bare();
        if is_alone && Operator::parse(run).is_some() {
            let message = format!("{run} has no field to its left; in quotes it is text to find");
            return Err(SearchLangError::new(start..start + run.len(), message).suggest(quote(run)));
        }
        if let Some(slashed) = self.scanner.slashed() {
            return self.regex(TextTarget::Anywhere, slashed);
        }
        let word = self.scanner.word()?;
        if word.is_everything() {
            return Ok(Filter::All);
        }
        value::text(TextTarget::Anywhere, &word)
    }

    fn regex(&mut self, target: TextTarget, slashed: Slashed) -> Result<Filter, SearchLangError> {
        if target == TextTarget::Field(Field::Time) {
            let message = "a time is compared, as in time>=-1h; a regular expression is put to texts";
            return Err(SearchLangError::new(slashed.span, message));
        }
        self.regexes += 1;
        if self.regexes > REGEXES_MAX {
            let message = format!("a query has at most {REGEXES_MAX} regular expressions");
            return Err(SearchLangError::new(slashed.span, message));
        }
        regex::check(&slashed)?;
        Ok(Filter::Regex { target, regex: slashed.text.into() })
    }

    fn clause(&mut self, found: &Found) -> Result<Filter, SearchLangError> {
        let field = &found.field;
        match found.link {
            Link::Colon => self.grouped(Scope { field, relation: Relation::Has }, found.start),
            Link::Operator(operator) => self.related(field, operator, found.start),
            Link::In => list::list(&mut self.scanner, field, found.start, self.now),
        }
    }

    fn related(&mut self, field: &Field, operator: Operator, start: usize) -> Result<Filter, SearchLangError> {
        self.scanner.skip_white_space();
        let is = Scope { field, relation: Relation::Is };
        match operator {
            Operator::Equal => self.grouped(is, start),
            Operator::NotEqual => self.grouped(is, start).map(negate),
            Operator::Compare(comparison) => {
                let word = self.value_word(start)?;
                value::compare(field, comparison, &word, self.now)
            }
        }
    }

    fn grouped(&mut self, scope: Scope<'_>, start: usize) -> Result<Filter, SearchLangError> {
        if self.scanner.peek() == Some('(') { self.group(Some(scope)) } else { self.value(scope, start) }
    }

    /// What stands behind a field, or one value of its group.
    fn value(&mut self, scope: Scope<'_>, start: usize) -> Result<Filter, SearchLangError> {
        if scope.relation == Relation::Has {
            // `field:>5` is `field>5`, and `field:(>=5 AND <9)` needs it.
            if matches!(self.scanner.peek(), Some('[' | '{')) {
                return range::range(&mut self.scanner, scope.field, self.now);
            }
            if let Some(operator) = self.scanner.operator() {
                return self.related(scope.field, operator, start);
            }
            if let Some(slashed) = self.scanner.slashed() {
                return self.regex(TextTarget::Field(scope.field.clone()), slashed);
            }
        }
        let word = self.value_word(start)?;
        match scope.relation {
            Relation::Has => value::has(scope.field, &word, self.now),
            Relation::Is => value::is(scope.field, &word, self.now),
        }
    }

    fn value_word(&mut self, start: usize) -> Result<Word, SearchLangError> {
        if self.scanner.is_at_border() || self.scanner.peek() == Some('(') {
            return Err(missing_value(start..self.scanner.at(), self.scanner.since(start).trim_end()));
        }
        self.scanner.word()
    }
}

fn missing_value(span: Range<usize>, text: &str) -> SearchLangError {
    let message = match text.strip_suffix(':') {
        Some(field) => {
            format!("a value is missing here; {field}:* finds records that have the field, quotes find text")
        }
        None => "a value is missing here; quotes find text".to_owned(),
    };
    SearchLangError::new(span.start..span.start + text.len(), message).suggest(quote(text))
}

fn negate(filter: Filter) -> Filter {
    match filter {
        Filter::Not(inner) => *inner,
        other => Filter::Not(Box::new(other)),
    }
}

fn single_or(mut filters: Vec<Filter>, join: fn(Vec<Filter>) -> Filter) -> Filter {
    match filters.pop() {
        Some(only) if filters.is_empty() => only,
        last => {
            filters.extend(last);
            join(filters)
        }
    }
}
