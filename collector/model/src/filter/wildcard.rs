//! `conn*refused`: pieces of a text with anything but white space between them.
//!
//! Meaning: text and pieces are folded like a [`Term`](super::Term) and its text, each piece by itself. It matches where
//! the pieces appear one behind the other, in order and without overlapping, and no white space stands between one
//! piece's end and the next one's start; nothing need stand there. No run of word characters that begins the first piece
//! or ends the last one goes on beyond it; `is_open_start` / `is_open_end` drop that condition at that side. Inside,
//! words may go on. White space within a piece matches any run of white space.

/// Pieces of a text with anything but white space between them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Wildcard {
    /// At least two, none of them empty; at most [`WILDCARD_STARS_MAX`](crate::limits::WILDCARD_STARS_MAX) and one.
    pub pieces: Vec<Box<str>>,
    /// `*x*y`: a run of word characters may go on before the first piece.
    pub is_open_start: bool,
    /// `x*y*`: a run of word characters may go on behind the last piece.
    pub is_open_end: bool,
}
