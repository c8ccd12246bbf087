//! What may be asked about records. Every query language compiles to this, every store answers this.
//!
//! Meaning, in one place:
//! - A *text* is searched after NFC and simple case folding. A *word character* is a letter, mark or number outside
//!   Han, Kana and Hangul; all else ends a run, and each Han, Kana or Hangul character is a word by itself.
//! - A [`Term`] matches where its characters appear and no run of word characters that begins or ends the term
//!   goes on beyond it; `is_open_start` / `is_open_end` drop that condition at that side. White space in a term
//!   matches any run of white space.
//! - [`TextTarget::Anywhere`] is the body and every string in the record's own attributes; strings inside
//!   arrays and maps count, map keys do not. A body that is an array or map is searched string by string alike.
//! - A field that a record lacks matches nothing; [`Filter::Not`] of that matches.
//! - An attribute is looked up in the record, then its scope, then its resource; the first that has the key
//!   answers, and of several entries with one key in one place the first answers.
//! - [`Filter::Text`], [`Filter::Exact`], [`Filter::Wildcard`] and [`Filter::Regex`] look for something in a text. In an
//!   array or map it is looked for in every string at any depth, in a number or bool in its text form; bytes and values
//!   that were sent empty hold no text. A term without stars, exact or not, also matches a number that equals it.
//!
//! The operators with more to say have a file each: [`wildcard`], [`ip_range`], [`body_path`].

pub(crate) mod body_path;
pub(crate) mod ip_range;
pub(crate) mod wildcard;

use basics::Timestamp;
use body_path::BodyPath;
use ip_range::IpRange;
use wildcard::Wildcard;

/// A question about one record.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Matches every record.
    All,
    /// Matches where all match; empty = every record.
    And(Vec<Filter>),
    /// Matches where any matches; empty = no record.
    Or(Vec<Filter>),
    /// Matches where the inner one does not.
    Not(Box<Filter>),
    /// A term in a text. On a field that holds a number or bool, see [`Filter::Text`]'s rule in the language page:
    /// the term matches the value's text, or equals it as a number.
    Text {
        /// Where to look.
        target: TextTarget,
        /// What to look for.
        term: Term,
    },
    /// A term, compared without case folding: text and term are compared after NFC. All else is as in [`Filter::Text`].
    Exact {
        /// Where to look.
        target: TextTarget,
        /// What to look for.
        term: Term,
    },
    /// Pieces of a text with anything but white space between them.
    Wildcard {
        /// Where to look.
        target: TextTarget,
        /// What to look for.
        wildcard: Wildcard,
    },
    /// A regular expression in the syntax of Rust's `regex`, anywhere in a text as it was sent: nothing is folded or
    /// composed. At most [`REGEX_BYTES_MAX`](crate::limits::REGEX_BYTES_MAX) long.
    Regex {
        /// Where to look.
        target: TextTarget,
        /// The regular expression.
        regex: Box<str>,
    },
    /// The field's whole value is this text, compared exactly; a number or bool is compared by value.
    Equals {
        /// The field.
        field: Field,
        /// The whole value.
        value: Box<str>,
    },
    /// The field's whole value is one of these, each as in [`Filter::Equals`]; none = no record.
    OneOf {
        /// The field.
        field: Field,
        /// The values; at most [`LIST_VALUES_MAX`](crate::limits::LIST_VALUES_MAX).
        values: Vec<Box<str>>,
    },
    /// The field's whole value is an IP address in this range. In an array or map every string at any depth is looked
    /// at. In [`Field::Body`] the addresses that stand in the text by themselves count, see [`ip_range`].
    InIpRange {
        /// The field.
        field: Field,
        /// The addresses.
        range: IpRange,
    },
    /// The record has the field.
    Exists(Field),
    /// The field's value stands in this relation to the literal.
    Compare {
        /// The field.
        field: Field,
        /// The relation: value `comparison` literal.
        comparison: Comparison,
        /// The right-hand side.
        literal: Literal,
    },
}

/// Where a term is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TextTarget {
    /// The body and every string of the record's own attributes.
    Anywhere,
    /// One field.
    Field(Field),
}

/// What can be named in a question.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Field {
    /// The record's time.
    Time,
    /// The body.
    Body,
    /// The resource's `service.name`.
    Service,
    /// The severity. As text it is the level's name or the severity text; it compares as a level.
    Level,
    /// The trace id as 32 lower-case hex digits.
    TraceId,
    /// The span id as 16 lower-case hex digits.
    SpanId,
    /// The event name.
    EventName,
    /// The name of the instrumentation scope.
    ScopeName,
    /// An attribute by its key as sent.
    Attribute(Box<str>),
    /// A field within a structured body; its value is judged like an attribute's.
    BodyPath(BodyPath),
}

/// Words to find in a text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Term {
    /// The characters as written; folding is the matcher's work. Never empty.
    pub text: Box<str>,
    /// `*x`: a run of word characters may go on before the term.
    pub is_open_start: bool,
    /// `x*`: a run of word characters may go on behind the term.
    pub is_open_end: bool,
}

/// A relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// The right-hand side of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// Compares with integers and doubles by value, and with strings that are a number in full.
    Number(f64),
    /// As [`Literal::Number`], exact beyond 2^53.
    Int(i64),
    /// Compares with strings by code point.
    Text(Box<str>),
    /// Compares with [`Field::Time`].
    Time(Timestamp),
    /// Compares with [`Field::Level`].
    Level(crate::severity::Level),
}

impl Literal {
    /// Reads a text that is a number in full: digits with an optional sign, fraction and exponent (`5`, `-0.5`, `1e3`).
    ///
    /// Whole numbers of 64 bits stay exact. `None` for all else, for `inf` and `nan`, and for what overflows a double.
    pub fn number(text: &str) -> Option<Literal> {
        if !is_number(text.as_bytes()) {
            return None;
        }
        if let Ok(whole) = text.parse() {
            return Some(Literal::Int(whole));
        }
        text.parse().ok().filter(|number: &f64| number.is_finite()).map(Literal::Number)
    }
}

/// The language's own grammar: Rust's would let in `inf`, `nan`, `5.` and `.5`.
fn is_number(text: &[u8]) -> bool {
    let unsigned = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    let Some(mut rest) = behind_digits(unsigned) else { return false };
    if let Some(fraction) = rest.strip_prefix(b".") {
        match behind_digits(fraction) {
            Some(behind) => rest = behind,
            None => return false,
        }
    }
    match rest {
        [] => true,
        [b'e' | b'E', b'+' | b'-', digits @ ..] | [b'e' | b'E', digits @ ..] => behind_digits(digits) == Some(&[]),
        _ => false,
    }
}

/// What stands behind at least one digit.
fn behind_digits(text: &[u8]) -> Option<&[u8]> {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    text.get(length..).filter(|_| length > 0)
}

#[cfg(test)]
mod tests;
