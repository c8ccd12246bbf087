//! Which records of a slice match a filter.
//!
//! A filter is compiled once per query into a tree of conditions; a condition is one of the operators below put to the
//! values of one field. A condition is asked about a set of records and answers with those of them that match, so each
//! one sees only what the cheaper ones before it left open.
//!
//! The operators, one file each: [`text`] (words), [`equals`] (whole values), [`compare`] (order), [`exists`].
//! Where the values come from: [`field`] and the files it names.

mod anywhere;
mod attribute;
mod body;
mod compare;
mod compile;
mod equals;
mod exists;
mod field;
mod id;
mod level;
mod mask;
mod number;
mod prefilter;
mod question;
mod slice;
mod stream;
mod strings;
mod text;
mod value_test;

pub(crate) use mask::Mask;
pub(crate) use question::Question;
pub(crate) use slice::Slice;
