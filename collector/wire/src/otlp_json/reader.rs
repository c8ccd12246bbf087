//! Pulls values out of JSON text, without a tree.
//!
//! The caller says what it expects next. Containers are walked as `begin_object`, `next_key`, a value, `next_key`, ...
//! until `None`; every value has to be taken or passed over before the next key is asked for. Wherever a value may
//! stand, `null` may stand for its default.

use super::{base64, number};
use crate::WireError;
use crate::limits::{JSON_DEPTH_MAX, JSON_NUMBER_BYTES_MAX};
use std::borrow::Cow;

pub(super) struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    depth: u32,
    /// Nothing was read yet of the innermost container.
    is_first: bool,
    /// Halves of surrogate pairs without the other half.
    replaced_texts: u32,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a [u8]) -> Reader<'a> {
        Reader { text, at: 0, depth: 0, is_first: false, replaced_texts: 0 }
    }

    /// Strings in which half a surrogate pair became U+FFFD.
    pub(super) fn replaced_texts(&self) -> u32 {
        self.replaced_texts
    }

    /// Begins an object; `false` when `null` stands in its place.
    pub(super) fn begin_object(&mut self) -> Result<bool, WireError> {
        self.begin(b'{', "expected an object")
    }

    /// Begins an array; `false` when `null` stands in its place.
    pub(super) fn begin_array(&mut self) -> Result<bool, WireError> {
        self.begin(b'[', "expected an array")
    }

    /// The next key of the innermost object; `None` behind its end.
    pub(super) fn next_key(&mut self) -> Result<Option<Cow<'a, [u8]>>, WireError> {
        if self.is_at_end(b'}', "expected a comma or the end of the object")? {
            return Ok(None);
        }
        if self.peek() != Some(b'"') {
            return Err(self.error("expected a key in quotes"));
        }
        let key = self.quoted()?;
        self.pass_space();
        if self.peek() != Some(b':') {
            return Err(self.error("expected a colon"));
        }
        self.at += 1;
        self.is_first = false;
        Ok(Some(key))
    }

    /// Tells whether the innermost array has another item; its value comes next.
    pub(super) fn next_item(&mut self) -> Result<bool, WireError> {
        Ok(!self.is_at_end(b']', "expected a comma or the end of the array")?)
    }

    /// Takes `null` when it comes next.
    pub(super) fn take_null(&mut self) -> Result<bool, WireError> {
        self.pass_space();
        if self.peek() != Some(b'n') {
            return Ok(false);
        }
        self.literal(b"null")?;
        Ok(true)
    }

    /// A string, as bytes that are UTF-8 when the text is.
    pub(super) fn string(&mut self) -> Result<Cow<'a, [u8]>, WireError> {
        if self.take_null()? {
            return Ok(Cow::Borrowed(&[]));
        }
        if self.peek() != Some(b'"') {
            return Err(self.error("expected a string"));
        }
        self.quoted()
    }

    /// Bytes in base64.
    pub(super) fn base64(&mut self) -> Result<Vec<u8>, WireError> {
        let start = self.at;
        let text = self.string()?;
        base64::decode(&text).ok_or_else(|| self.error_at(start, "expected base64"))
    }

    pub(super) fn bool(&mut self) -> Result<bool, WireError> {
        if self.take_null()? {
            return Ok(false);
        }
        match self.peek() {
            Some(b't') => self.literal(b"true").map(|()| true),
            Some(b'f') => self.literal(b"false").map(|()| false),
            _ => Err(self.error("expected true or false")),
        }
    }

    pub(super) fn u64(&mut self) -> Result<u64, WireError> {
        let (start, number) = self.integer()?;
        u64::try_from(number).map_err(|_| self.error_at(start, "the number does not fit 64 bits without a sign"))
    }

    pub(super) fn i64(&mut self) -> Result<i64, WireError> {
        let (start, number) = self.integer()?;
        i64::try_from(number).map_err(|_| self.error_at(start, "the number does not fit 64 bits"))
    }

    pub(super) fn u32(&mut self) -> Result<u32, WireError> {
        let (start, number) = self.integer()?;
        u32::try_from(number).map_err(|_| self.error_at(start, "the number does not fit 32 bits without a sign"))
    }

    pub(super) fn i32(&mut self) -> Result<i32, WireError> {
        let (start, number) = self.integer()?;
        i32::try_from(number).map_err(|_| self.error_at(start, "the number does not fit 32 bits"))
    }

    /// An enum, which OTLP sends by number only.
    pub(super) fn enumeration(&mut self) -> Result<i32, WireError> {
        self.pass_space();
        let is_name =
            self.peek() == Some(b'"') && self.text.get(self.at + 1).is_some_and(|first| first.is_ascii_alphabetic());
        if is_name {
            return Err(self.error("enum values are sent as numbers, not as names,"));
        }
        self.i32()
    }

    /// A double; the words for what numbers cannot say are strings.
    pub(super) fn double(&mut self) -> Result<f64, WireError> {
        if self.take_null()? {
            return Ok(0.0);
        }
        let start = self.at;
        let token = self.number_or_string()?;
        let number = match &*token {
            b"NaN" => Some(f64::NAN),
            b"Infinity" => Some(f64::INFINITY),
            b"-Infinity" => Some(f64::NEG_INFINITY),
            other => number::double(other),
        };
        number.ok_or_else(|| self.error_at(start, "expected a number within the range of doubles"))
    }

    /// Passes over a value of any kind.
    pub(super) fn skip_value(&mut self) -> Result<(), WireError> {
        self.pass_space();
        match self.peek() {
            Some(b'{') => {
                self.begin_object()?;
                while self.next_key()?.is_some() {
                    self.skip_value()?;
                }
                Ok(())
            }
            Some(b'[') => {
                self.begin_array()?;
                while self.next_item()? {
                    self.skip_value()?;
                }
                Ok(())
            }
            Some(b'"') => self.quoted().map(|_| ()),
            Some(b't') => self.literal(b"true"),
            Some(b'f') => self.literal(b"false"),
            Some(b'n') => self.literal(b"null"),
            Some(b'-' | b'0'..=b'9') => {
                let start = self.at;
                let token = self.number_token()?;
                if number::is_well_formed(token) { Ok(()) } else { Err(self.error_at(start, "expected a number")) }
            }
            _ => Err(self.error("expected a value")),
        }
    }

    /// Checks that nothing but white space is left.
    pub(super) fn end(&mut self) -> Result<(), WireError> {
        self.pass_space();
        if self.peek().is_none() { Ok(()) } else { Err(self.error("something stands behind the end of the object")) }
    }

    /// An error at the place that was read last.
    pub(super) fn error(&self, problem: &'static str) -> WireError {
        self.error_at(self.at, problem)
    }

    fn error_at(&self, at: usize, problem: &'static str) -> WireError {
        WireError::Json { at, field: String::new(), problem }
    }

    fn begin(&mut self, bracket: u8, problem: &'static str) -> Result<bool, WireError> {
        if self.take_null()? {
            return Ok(false);
        }
        if self.peek() != Some(bracket) {
            return Err(self.error(problem));
        }
        if self.depth == JSON_DEPTH_MAX {
            return Err(self.error("objects and arrays are nested too deeply"));
        }
        self.at += 1;
        self.depth += 1;
        self.is_first = true;
        Ok(true)
    }

    /// Passes the bracket that ends the innermost container, or the comma before what comes next in it.
    fn is_at_end(&mut self, bracket: u8, problem: &'static str) -> Result<bool, WireError> {
        self.pass_space();
        let was_first = std::mem::replace(&mut self.is_first, false);
        match self.peek() {
            Some(byte) if byte == bracket => {
                self.at += 1;
                self.depth -= 1;
                Ok(true)
            }
            Some(b',') if !was_first => {
                self.at += 1;
                self.pass_space();
                Ok(false)
            }
            Some(_) if was_first => Ok(false),
            _ => Err(self.error(problem)),
        }
    }

    /// An integer as a number or a string, and where it began.
    fn integer(&mut self) -> Result<(usize, i128), WireError> {
        if self.take_null()? {
            return Ok((self.at, 0));
        }
        let start = self.at;
        let token = self.number_or_string()?;
        let number = number::integer(&token).ok_or_else(|| self.error_at(start, "expected a whole number"))?;
        Ok((start, number))
    }

    fn number_or_string(&mut self) -> Result<Cow<'a, [u8]>, WireError> {
        self.pass_space();
        if self.peek() == Some(b'"') {
            let start = self.at;
            let token = self.quoted()?;
            if token.len() > JSON_NUMBER_BYTES_MAX {
                return Err(self.error_at(start, "the number has too many digits"));
            }
            return Ok(token);
        }
        self.number_token().map(Cow::Borrowed)
    }

    fn number_token(&mut self) -> Result<&'a [u8], WireError> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = number::length(rest);
        if length > JSON_NUMBER_BYTES_MAX {
            return Err(self.error("the number has too many digits"));
        }
        let token = rest.get(..length).filter(|token| !token.is_empty());
        let token = token.ok_or_else(|| self.error("expected a number"))?;
        self.at += length;
        Ok(token)
    }

    /// The string whose opening quote comes next.
    fn quoted(&mut self) -> Result<Cow<'a, [u8]>, WireError> {
        self.at += 1;
        let start = self.at;
        let stop = self.pass_plain()?;
        let plain = self.text.get(start..self.at).unwrap_or_default();
        self.at += 1;
        if stop == b'"' {
            return Ok(Cow::Borrowed(plain));
        }
        let mut string = plain.to_vec();
        let mut is_replaced = self.escape(&mut string)?;
        loop {
            let start = self.at;
            let stop = self.pass_plain()?;
            string.extend_from_slice(self.text.get(start..self.at).unwrap_or_default());
            self.at += 1;
            if stop == b'"' {
                break;
            }
            is_replaced |= self.escape(&mut string)?;
        }
        self.replaced_texts = self.replaced_texts.saturating_add(u32::from(is_replaced));
        Ok(Cow::Owned(string))
    }

    /// Passes characters that stand for themselves, up to a quote or backslash, which is returned.
    fn pass_plain(&mut self) -> Result<u8, WireError> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let plain = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)).unwrap_or(rest.len());
        self.at += plain;
        match rest.get(plain) {
            Some(stop @ (b'"' | b'\\')) => Ok(*stop),
            Some(_) => Err(self.error("a control character stands unescaped in a string")),
            None => Err(self.error("a string is not ended")),
        }
    }

    /// Appends what the escape means whose backslash was passed; tells whether it had to be replaced.
    fn escape(&mut self, string: &mut Vec<u8>) -> Result<bool, WireError> {
        let byte = self.peek().ok_or_else(|| self.error("a string is not ended"))?;
        self.at += 1;
        let plain = match byte {
            b'"' | b'\\' | b'/' => byte,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => return self.unicode_escape(string),
            _ => return Err(self.error_at(self.at - 1, "unknown escape in a string")),
        };
        string.push(plain);
        Ok(false)
    }

    /// `\uXXXX`, and the second half of a pair when the first one asks for it. A half alone becomes U+FFFD.
    fn unicode_escape(&mut self, string: &mut Vec<u8>) -> Result<bool, WireError> {
        let unit = self.four_digits()?;
        let is_first_half = (0xd800..0xdc00).contains(&unit);
        let code = if is_first_half { self.second_half(unit)? } else { Some(unit) };
        let character = code.and_then(char::from_u32);
        let mut buffer = [0; 4];
        string.extend_from_slice(character.unwrap_or(char::REPLACEMENT_CHARACTER).encode_utf8(&mut buffer).as_bytes());
        Ok(character.is_none())
    }

    /// The code point of a pair, when the second half follows; else nothing is taken.
    fn second_half(&mut self, first: u32) -> Result<Option<u32>, WireError> {
        let before = self.at;
        if self.text.get(self.at..).is_none_or(|rest| !rest.starts_with(b"\\u")) {
            return Ok(None);
        }
        self.at += 2;
        let second = self.four_digits()?;
        if !(0xdc00..0xe000).contains(&second) {
            self.at = before;
            return Ok(None);
        }
        Ok(Some(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)))
    }

    fn four_digits(&mut self) -> Result<u32, WireError> {
        let digits = self.text.get(self.at..).and_then(|rest| rest.first_chunk::<4>());
        let mut unit = 0;
        for digit in digits.ok_or_else(|| self.error("a string is not ended"))? {
            let digit = char::from(*digit).to_digit(16);
            unit = unit << 4 | digit.ok_or_else(|| self.error("expected four hexadecimal digits"))?;
        }
        self.at += 4;
        Ok(unit)
    }

    fn literal(&mut self, word: &'static [u8]) -> Result<(), WireError> {
        if self.text.get(self.at..).is_none_or(|rest| !rest.starts_with(word)) {
            return Err(self.error("expected a value"));
        }
        self.at += word.len();
        Ok(())
    }

    fn pass_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }
}

#[cfg(test)]
mod tests;
