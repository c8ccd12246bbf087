//! What all values of one variable of a shape have in common: how they begin and end, and which characters stand
//! between.
//!
//! `27121ms`, `426ms` and `9ms` begin with nothing, end in `ms`, and hold digits between. With that a search knows of many
//! shapes, without any text, that a needle cannot lie in their variables, or that an expression matches whatever they are.
//!
//! Always true: a form covers each value that it was made of, joined or widened with; it may cover others.

/// A set of characters of ASCII: digits, letters whatever their case, the marks that variables hold; all others are one,
/// as are all beyond ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct CharacterSet(u64);

/// The bit of the first letter.
const LETTERS: u8 = 10;
/// Some letter is a capital.
const CAPITALS: u64 = 1 << 36;
const UNDERSCORE: u64 = 1 << 37;
const HYPHEN: u64 = 1 << 38;
const OTHER: u64 = 1 << 39;
const BEYOND_ASCII: u64 = 1 << 40;
const ALL: u64 = (1 << 41) - 1;

/// The bit of each byte, capitals as letters.
const BITS: [u64; 256] = {
    let mut bits = [OTHER; 256];
    let mut byte: u8 = 0;
    loop {
        bits[byte as usize] = match byte {
            b'0'..=b'9' => 1 << (byte - b'0'),
            b'a'..=b'z' => 1 << (byte - b'a' + LETTERS),
            b'A'..=b'Z' => (1 << (byte - b'A' + LETTERS)) | CAPITALS,
            b'_' => UNDERSCORE,
            b'-' => HYPHEN,
            0x80.. => BEYOND_ASCII,
            _ => OTHER,
        };
        if byte == u8::MAX {
            break;
        }
        byte += 1;
    }
    bits
};

impl CharacterSet {
    /// Those of some bytes of UTF-8.
    pub fn of(bytes: &[u8]) -> CharacterSet {
        CharacterSet(bytes.iter().fold(0, |set, byte| set | BITS[usize::from(*byte)]))
    }

    /// Every character.
    pub const fn all() -> CharacterSet {
        CharacterSet(ALL)
    }

    /// Its stored form.
    pub fn bits(self) -> u64 {
        self.0
    }

    /// The set that was stored; `None` when there are bits that stand for nothing.
    pub fn from_bits(bits: u64) -> Option<CharacterSet> {
        (bits & !ALL == 0).then_some(CharacterSet(bits))
    }

    /// True when nothing is in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The characters of both.
    pub fn or(self, other: CharacterSet) -> CharacterSet {
        CharacterSet(self.0 | other.0)
    }

    /// True when a character is in both.
    pub fn meets(self, other: CharacterSet) -> bool {
        self.0 & other.0 != 0
    }

    /// True when all of the other set's characters are in it.
    pub fn holds(self, other: CharacterSet) -> bool {
        other.0 & !self.0 == 0
    }

    /// True when a text of these characters may be folded to one that holds those of `folded`. What is beyond ASCII may
    /// become anything.
    pub fn may_fold_to(self, folded: CharacterSet) -> bool {
        self.0 & BEYOND_ASCII != 0 || folded.0 & !self.0 == 0
    }

    /// True when a character of the set is, or begins or goes on with, the byte.
    pub fn has_byte(self, byte: u8) -> bool {
        BITS[usize::from(byte)] & !self.0 == 0
    }
}

/// Longest beginning, and longest end, that is known byte by byte.
pub(crate) const KNOWN_BYTES_MAX: usize = 8;
/// More bytes than this between them count as so many.
const SHORTEST_MAX: usize = u8::MAX as usize;

/// The form of all values of a variable: `head`, then at least `shortest` bytes of characters of `between`, then `tail`.
/// When `between` is empty, it is one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VariableForm {
    between: CharacterSet,
    shortest: u8,
    head_bytes: u8,
    tail_bytes: u8,
    /// The head, and from the middle on the tail.
    known: [u8; 2 * KNOWN_BYTES_MAX],
}

impl VariableForm {
    /// The form of every text, the empty one among them.
    pub const ANY: VariableForm = VariableForm {
        between: CharacterSet::all(),
        shortest: 0,
        head_bytes: 0,
        tail_bytes: 0,
        known: [0; 2 * KNOWN_BYTES_MAX],
    };

    /// The form of one value.
    pub fn of(value: &str) -> VariableForm {
        let bytes = value.as_bytes();
        let (head, rest) = bytes.split_at(bytes.len().min(KNOWN_BYTES_MAX));
        let (between, tail) = rest.split_at(rest.len().saturating_sub(KNOWN_BYTES_MAX));
        VariableForm::new(head, CharacterSet::of(between), between.len(), tail)
    }

    /// Both ends are short enough.
    pub(crate) fn new(head: &[u8], between: CharacterSet, shortest: usize, tail: &[u8]) -> VariableForm {
        let mut known = [0; 2 * KNOWN_BYTES_MAX];
        known[..head.len()].copy_from_slice(head);
        known[KNOWN_BYTES_MAX..KNOWN_BYTES_MAX + tail.len()].copy_from_slice(tail);
        let narrow = |length: usize| u8::try_from(length.min(SHORTEST_MAX)).unwrap_or(u8::MAX);
        VariableForm {
            between,
            shortest: narrow(shortest),
            head_bytes: narrow(head.len()),
            tail_bytes: narrow(tail.len()),
            known,
        }
    }

    /// How all values begin.
    pub fn head(&self) -> &[u8] {
        &self.known[..usize::from(self.head_bytes)]
    }

    /// How all values end, behind their beginning.
    pub fn tail(&self) -> &[u8] {
        &self.known[KNOWN_BYTES_MAX..][..usize::from(self.tail_bytes)]
    }

    /// The characters between both.
    pub fn between(&self) -> CharacterSet {
        self.between
    }

    /// Fewest bytes between both.
    pub fn shortest(&self) -> usize {
        usize::from(self.shortest)
    }

    /// All characters that a value may hold.
    pub fn characters(&self) -> CharacterSet {
        self.between.or(CharacterSet::of(self.head())).or(CharacterSet::of(self.tail()))
    }

    /// Takes a value in.
    pub fn widen(&mut self, value: &str) {
        if !self.covers(value.as_bytes()) {
            *self = self.joined(&VariableForm::of(value));
        }
    }

    /// True when the value is of this form.
    pub fn covers(&self, value: &[u8]) -> bool {
        let (head, tail) = (self.head(), self.tail());
        let between = value.strip_prefix(head).and_then(|rest| rest.strip_suffix(tail));
        between.is_some_and(|between| between.len() >= self.shortest() && self.between.holds(CharacterSet::of(between)))
    }

    /// The form of the values of both.
    pub fn joined(&self, other: &VariableForm) -> VariableForm {
        let (left, right) = (self.beginning(), other.beginning());
        let head = common(left.bytes().iter().zip(right.bytes()));
        let (left_end, right_end) = (self.end_behind(head), other.end_behind(head));
        let tail = common(left_end.bytes().iter().rev().zip(right_end.bytes().iter().rev()));
        let (left_set, left_bytes) = self.between_known(head, tail);
        let (right_set, right_bytes) = other.between_known(head, tail);
        let between = left_set.or(right_set);
        let end = left_end.bytes();
        VariableForm::new(&left.bytes()[..head], between, left_bytes.min(right_bytes), &end[end.len() - tail..])
    }

    /// How all values begin, as far as it is known: of one value, all of it.
    fn beginning(&self) -> Known {
        let tail = if self.between.is_empty() { self.tail() } else { &[] };
        Known::of(self.head(), tail)
    }

    /// The same of how they end, behind their first bytes.
    fn end_behind(&self, head: usize) -> Known {
        match self.between.is_empty() {
            true => Known::of(&self.beginning().bytes()[head..], &[]),
            false => Known::of(self.tail(), &[]),
        }
    }

    /// What stands between the first `head` and the last `tail` bytes, and how many bytes that are at least.
    fn between_known(&self, head: usize, tail: usize) -> (CharacterSet, usize) {
        let begin = self.beginning();
        let begin = if self.between.is_empty() { &[] } else { &begin.bytes()[head..] };
        let end = self.end_behind(head);
        let end = &end.bytes()[..end.bytes().len() - tail];
        let set = self.between.or(CharacterSet::of(begin)).or(CharacterSet::of(end));
        (set, begin.len() + self.shortest() + end.len())
    }
}

/// Bytes that are known, on the stack.
struct Known {
    bytes: [u8; 2 * KNOWN_BYTES_MAX],
    length: usize,
}

impl Known {
    /// Two pieces, one behind the other.
    fn of(first: &[u8], second: &[u8]) -> Known {
        let (mut bytes, length) = ([0; 2 * KNOWN_BYTES_MAX], first.len() + second.len());
        bytes[..first.len()].copy_from_slice(first);
        bytes[first.len()..length].copy_from_slice(second);
        Known { bytes, length }
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

fn common<'a>(pairs: impl Iterator<Item = (&'a u8, &'a u8)>) -> usize {
    pairs.take(KNOWN_BYTES_MAX).take_while(|(left, right)| left == right).count()
}

#[cfg(test)]
mod tests;
