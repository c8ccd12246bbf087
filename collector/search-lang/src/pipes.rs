//! What stands behind a filter: pipes.
//!
//! ```text
//! pipeline = [ or ] { "|" pipe }
//! ```
//!
//! Each pipe has a file, and a line in [`Keyword`] and [`pipe`]. A pipe begins with its keyword and goes on to the next
//! `|` or the end. Names in it are read as fields are ([`crate::field`]); white space may stand between all of its parts.

mod context;
mod fields;
mod limit;
mod parse;
mod patterns;
mod sort;
mod stats;
mod top;
mod words;

use crate::error::SearchLangError;
use crate::grammar::{HasPipes, Parser};
use crate::limits::PIPES_MAX;
use crate::nearest::nearest;
use crate::scanner::Scanner;
use basics::Timestamp;
use model::{Filter, Pipe};

/// Reads a filter and the pipes behind it.
pub(crate) fn parse_pipeline(text: &str, now: Timestamp) -> Result<(Filter, Vec<Pipe>), SearchLangError> {
    let mut parser = Parser::new(text, now, HasPipes::Yes)?;
    let filter = parser.filter()?;
    let mut pipes = Vec::new();
    loop {
        parser.scanner.skip_white_space();
        if !parser.is_at_pipe() {
            break;
        }
        if pipes.len() == PIPES_MAX {
            let message = format!("a query has at most {PIPES_MAX} pipes");
            return Err(SearchLangError::new(parser.scanner.span_here(), message));
        }
        pipes.push(pipe(&mut parser)?);
    }
    parser.end()?;
    Ok((filter, pipes))
}

/// What a pipe begins with, in the order in which they are told to people.
const KEYWORDS: &[&str] = &["where", "stats", "top", "patterns", "fields", "sort", "limit", "context", "parse"];

/// The bytes from a `|` to the end of the pipe's name behind it; `None` where there is no such beginning.
pub(crate) fn length_of_beginning(scanner: &Scanner<'_>) -> Option<usize> {
    let behind = scanner.rest().strip_prefix('|')?;
    let name = behind.trim_start();
    let keyword = KEYWORDS.iter().find(|keyword| words::begins_with_keyword(name, keyword))?;
    Some(1 + (behind.len() - name.len()) + keyword.len())
}

/// Reads a pipe; the scanner stands at its `|`.
fn pipe(parser: &mut Parser<'_>) -> Result<Pipe, SearchLangError> {
    let bar = parser.scanner.span_here();
    parser.scanner.advance(1);
    parser.scanner.skip_white_space();
    let start = parser.scanner.at();
    let keyword = words::word(&mut parser.scanner);
    let pipe = match keyword {
        "where" => where_pipe(parser)?,
        "stats" => stats::stats(&mut parser.scanner)?,
        "top" => top::top(&mut parser.scanner)?,
        "patterns" => patterns::patterns(&mut parser.scanner)?,
        "fields" => fields::fields(&mut parser.scanner)?,
        "sort" => sort::sort(&mut parser.scanner)?,
        "limit" => limit::limit(&mut parser.scanner)?,
        "context" => context::context(&mut parser.scanner)?,
        "parse" => parse::parse(&mut parser.scanner)?,
        unknown => {
            let (span, message) = match unknown {
                "" => (bar, format!("a pipe begins with one of {}; in quotes | is text", KEYWORDS.join(", "))),
                _ => (start..parser.scanner.at(), format!("no pipe is called so; there are {}", KEYWORDS.join(", "))),
            };
            let mistake = SearchLangError::new(span, message);
            return Err(match nearest(unknown, KEYWORDS) {
                Some(keyword) => mistake.suggest(keyword),
                None => mistake,
            });
        }
    };
    parser.scanner.skip_white_space();
    if parser.scanner.is_at_end() || parser.is_at_pipe() {
        return Ok(pipe);
    }
    if keyword == "where" {
        parser.end()?;
    }
    let message = format!("the pipe {keyword} ends before this; the next one begins with |");
    Err(SearchLangError::new(words::span_of_next(&parser.scanner), message))
}

/// `| where <filter>`
fn where_pipe(parser: &mut Parser<'_>) -> Result<Pipe, SearchLangError> {
    parser.scanner.skip_white_space();
    if parser.scanner.is_at_end() || parser.is_at_pipe() {
        return Err(words::missing(&parser.scanner, "where is followed by a filter, as in | where count>5"));
    }
    parser.filter().map(Pipe::Where)
}
