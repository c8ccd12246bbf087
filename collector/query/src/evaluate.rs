//! Which records of a slice match a filter.
//!
//! A filter is compiled once per query into a tree of conditions; a condition is one of the operators below put to the
//! values of one field. A condition is asked about a set of records and answers with those of them that match, so each
//! one sees only what the cheaper ones before it left open.
//!
//! The operators, one file each: [`text`] (words, and beside it [`exact`], [`wildcard`] and [`regex`]), [`equals`] and
//! [`one_of`] (whole values), [`ip_range`], [`compare`] (order), [`exists`]. [`row`] puts all of them to one row.
//! Where the values come from: [`field`] and the files it names.

mod anywhere;
mod attribute;
mod body;
mod body_path;
mod compare;
mod compile;
mod equals;
mod exact;
mod exists;
mod field;
mod id;
mod index;
mod ip_range;
mod level;
mod mask;
mod memo;
mod number;
mod occurrences;
mod one_of;
mod prefilter;
mod question;
mod regex;
mod row;
mod slice;
mod stream;
mod strings;
mod text;
mod value_test;
mod wildcard;

pub(crate) use body_path::{json_fields, logfmt_fields, value_at_path};
pub(crate) use mask::Mask;
pub(crate) use number::Number;
pub(crate) use question::Question;
pub(crate) use regex::compile as compile_regex;
pub(crate) use row::{RowQuestion, RowValues};
pub(crate) use slice::Slice;
