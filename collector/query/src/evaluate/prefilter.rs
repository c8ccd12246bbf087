//! A quick look at many strings for a piece of a term that every match must hold as it is.
//!
//! The strings of a column lie one behind the other, so one pass over their bytes finds the few that are worth the
//! exact look of `text-index`. That a piece must be there holds because of three facts about folding, which tests over
//! all of Unicode prove:
//! - ASCII characters fold within ASCII, and only four others ([`LOOKALIKES`]) fold to ASCII; so a run of ASCII in a
//!   folded term stands in each match in either case, unless one of the four stands there;
//! - Hangul syllables fold to themselves, and nothing composes or folds to them but conjoining jamo, which are written
//!   with the byte [`JAMO_LEAD`];
//! - an ASCII text folds to ASCII.
//!
//! The piece has no quote, backslash, white space or control character, so it also stands in the text form of an array
//! or map whose strings hold it. What passes may still not match, but for terms of Hangul syllables alone: they have no
//! borders, so where one stands, it matches ([`Sight::Certain`]).

use crate::guard::{QueryGuard, Stop};
use arrow_array::StringArray;
use memchr::{memchr, memmem};
use std::ops::Range;

/// The characters outside ASCII that fold to ASCII, and to what.
const LOOKALIKES: [(&str, u8); 4] = [("\u{17f}", b's'), ("\u{212a}", b'k'), ("\u{37e}", b';'), ("\u{1fef}", b'`')];
/// First byte of the characters from U+1000 to U+1FFF in UTF-8, where all conjoining jamo are.
const JAMO_LEAD: u8 = 0xe1;

/// Looks for a piece of one term.
#[derive(Debug, Clone)]
pub(crate) struct Prefilter {
    piece: Piece,
    /// An ASCII text can hold no match.
    needs_more_than_ascii: bool,
    /// The piece is the term, and needs no borders.
    is_all: bool,
}

/// What is known of a text that is visited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// As a string, it matches.
    Certain,
    /// It may match.
    Possible,
}

#[derive(Debug, Clone)]
enum Piece {
    Ascii(AsciiPiece),
    Hangul(Box<memmem::Finder<'static>>),
    /// Nothing that must be there as it is.
    Nothing,
}

/// A run of printable ASCII, in lower case.
#[derive(Debug, Clone)]
struct AsciiPiece {
    text: Box<[u8]>,
    /// Places of its rarest bytes, of different ones first; the same ones again when it is short.
    rarest: [usize; SIGHTED],
    /// Characters that may stand for one of its own.
    lookalikes: Vec<memmem::Finder<'static>>,
}

impl Prefilter {
    pub(crate) fn new(term: &str) -> Prefilter {
        let folded = text_index::fold(term);
        let is_piece_of_ascii = |character: char| character.is_ascii_graphic() && !matches!(character, '"' | '\\');
        let is_hangul = |character: char| matches!(character, '가'..='힣');
        let ascii = longest_run(&folded, is_piece_of_ascii);
        let hangul = longest_run(&folded, is_hangul);
        let piece = match (ascii, hangul) {
            (_, hangul) if !hangul.is_empty() => {
                Piece::Hangul(Box::new(memmem::Finder::new(hangul.as_bytes()).into_owned()))
            }
            (ascii, _) if !ascii.is_empty() => Piece::Ascii(AsciiPiece::new(ascii.as_bytes())),
            _ => Piece::Nothing,
        };
        let is_all = !folded.is_empty() && folded.chars().all(is_hangul);
        // White space finds all white space, ASCII's too.
        let needs_more_than_ascii = folded.chars().any(|character| !character.is_ascii() && !character.is_whitespace());
        Prefilter { piece, needs_more_than_ascii, is_all }
    }

    /// Looks for a text that each match holds, folded, but which is not all that is asked.
    pub(crate) fn of_part(text: &str) -> Prefilter {
        Prefilter { is_all: false, ..Prefilter::new(text) }
    }

    /// Visits the texts of a column that may match, in order.
    pub(crate) fn visit(
        &self,
        column: &StringArray,
        texts: Range<usize>,
        guard: &QueryGuard,
        mut visit: impl FnMut(usize, Sight) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        if texts.is_empty() {
            return Ok(());
        }
        let ends = &column.value_offsets()[texts.start..=texts.end];
        let place = |index: usize| usize::try_from(ends[index]).expect("offsets are not negative");
        let (start, end) = (place(0), place(ends.len() - 1));
        let bytes = &column.value_data()[start..end];
        guard.spend(bytes.len() / BYTES_PER_WORK)?;
        if self.needs_more_than_ascii && bytes.is_ascii() {
            return Ok(());
        }
        if !self.piece.is_decisive(bytes) {
            return texts.into_iter().try_for_each(|text| visit(text, Sight::Possible));
        }
        let sight = if self.is_all { Sight::Certain } else { Sight::Possible };
        let mut index = 0;
        let mut at = start;
        while let Some(found) = self.piece.find(&bytes[at - start..]) {
            while place(index + 1) <= at + found {
                index += 1;
            }
            // One that goes on into the next text is none, and none that is whole can begin behind it in this text.
            if at + found + self.piece.len() <= place(index + 1) {
                visit(texts.start + index, sight)?;
            }
            index += 1;
            at = place(index);
        }
        Ok(())
    }
}

/// How much faster this look is than the exact one.
const BYTES_PER_WORK: usize = 16;

impl Piece {
    /// True when each match within these bytes holds the piece.
    fn is_decisive(&self, bytes: &[u8]) -> bool {
        match self {
            Piece::Nothing => false,
            Piece::Hangul(_) => memchr(JAMO_LEAD, bytes).is_none(),
            Piece::Ascii(piece) => {
                piece.lookalikes.is_empty()
                    || bytes.is_ascii()
                    || piece.lookalikes.iter().all(|lookalike| lookalike.find(bytes).is_none())
            }
        }
    }

    fn len(&self) -> usize {
        match self {
            Piece::Nothing => 0,
            Piece::Hangul(finder) => finder.needle().len(),
            Piece::Ascii(piece) => piece.text.len(),
        }
    }

    /// Where the piece begins first.
    fn find(&self, bytes: &[u8]) -> Option<usize> {
        match self {
            Piece::Nothing => Some(0).filter(|_| !bytes.is_empty()),
            Piece::Hangul(finder) => finder.find(bytes),
            Piece::Ascii(piece) => piece.find(bytes),
        }
    }
}

/// Places that the quick loop compares. Where texts are full of digits and ids, two of them are met too often.
const SIGHTED: usize = 4;
/// Bytes compared at once: a loop of this length without a branch becomes vector instructions.
const LANES: usize = 64;
/// Puts letters of both cases into one, and other bytes together in pairs, which the second look parts again.
const CASE: u8 = 0x20;

impl AsciiPiece {
    fn new(text: &[u8]) -> AsciiPiece {
        let mut places: Vec<usize> = (0..text.len()).collect();
        places.sort_by_key(|place| std::cmp::Reverse(rarity(text[*place])));
        // Of equal bytes one tells nearly as much as all of them.
        let mut seen = [false; 1 << u8::BITS];
        let (mut different, equal): (Vec<usize>, Vec<usize>) =
            places.into_iter().partition(|place| !std::mem::replace(&mut seen[usize::from(text[*place])], true));
        different.extend(equal);
        let lookalikes = LOOKALIKES.iter().filter(|(_, ascii)| text.contains(ascii));
        AsciiPiece {
            text: text.into(),
            rarest: std::array::from_fn(|number| different[number % different.len()]),
            lookalikes: lookalikes.map(|(character, _)| memmem::Finder::new(character.as_bytes())).collect(),
        }
    }

    fn find(&self, bytes: &[u8]) -> Option<usize> {
        match self.text.len() {
            0 | 1 => self.find_by::<1>(bytes),
            2 | 3 => self.find_by::<2>(bytes),
            _ => self.find_by::<SIGHTED>(bytes),
        }
    }

    /// Compares so many places of the piece, and where all of them are met the whole of it.
    fn find_by<const N: usize>(&self, bytes: &[u8]) -> Option<usize> {
        let starts = (bytes.len() + 1).checked_sub(self.text.len())?;
        let wanted: [u8; N] = std::array::from_fn(|number| self.text[self.rarest[number]] | CASE);
        let columns: [&[u8]; N] = std::array::from_fn(|number| &bytes[self.rarest[number]..][..starts]);
        let mut start = 0;
        while start + LANES <= starts {
            let lanes: [&[u8; LANES]; N] = std::array::from_fn(|number| {
                columns[number][start..start + LANES].first_chunk().expect("it is that long")
            });
            if is_met(&lanes, &wanted)
                && let Some(found) = self.find_exactly(bytes, start..start + LANES)
            {
                return Some(found);
            }
            start += LANES;
        }
        self.find_exactly(bytes, start..starts)
    }

    fn find_exactly(&self, bytes: &[u8], mut starts: Range<usize>) -> Option<usize> {
        let [first, second, ..] = self.rarest;
        let (want_first, want_second) = (self.text[first] | CASE, self.text[second] | CASE);
        starts.find(|start| {
            bytes[start + first] | CASE == want_first
                && bytes[start + second] | CASE == want_second
                && bytes[*start..start + self.text.len()].eq_ignore_ascii_case(&self.text)
        })
    }
}

/// True when all lanes have what is wanted at one place. Without a branch inside, so that it becomes vector instructions.
fn is_met<const N: usize>(lanes: &[&[u8; LANES]; N], wanted: &[u8; N]) -> bool {
    let mut any = false;
    for place in 0..LANES {
        let mut is_met = true;
        for (lane, wanted) in lanes.iter().zip(wanted) {
            is_met &= lane[place] | CASE == *wanted;
        }
        any |= is_met;
    }
    any
}

/// The longest run of such characters; the first of several.
fn longest_run(text: &str, belongs: impl Fn(char) -> bool) -> &str {
    let runs = text.split(|character| !belongs(character));
    runs.rev().max_by_key(|run| run.len()).unwrap_or("")
}

/// The commonest bytes of log lines, commonest first, by rough count; all others are rarer.
const COMMON: &[u8] = b"eotairnsl0 c1d2upm-/.=:hf3gb54_6978vy,kwx";

fn rarity(byte: u8) -> usize {
    COMMON.iter().position(|common| *common == byte).unwrap_or(COMMON.len())
}

#[cfg(test)]
mod tests;
