//! Reads a value back from its text form.
//!
//! Accepts what [`Value::write_text_form`] writes and nothing else: no white space, no other escapes. That keeps the
//! two inverse to each other, which a property test holds.

use crate::limits::VALUE_DEPTH_MAX;
use crate::value::{BASE64, Value};

impl Value {
    /// Reads the text form; `None` for any other text and for nesting beyond [`VALUE_DEPTH_MAX`].
    pub fn parse_text_form(text: &str) -> Option<Value> {
        let mut reader = Reader { rest: text };
        let value = reader.value(0)?;
        reader.rest.is_empty().then_some(value)
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Option<Value> {
        if depth > VALUE_DEPTH_MAX {
            return None;
        }
        match self.rest.as_bytes().first()? {
            b'"' => Some(Value::Str(self.quoted()?.into())),
            b'[' => self.array(depth),
            b'{' => self.object(depth),
            b'n' => self.take("null").then_some(Value::Empty),
            b't' => self.take("true").then_some(Value::Bool(true)),
            b'f' => self.take("false").then_some(Value::Bool(false)),
            _ => self.number(),
        }
    }

    fn array(&mut self, depth: usize) -> Option<Value> {
        self.expect("[")?;
        let mut values = Vec::new();
        if self.take("]") {
            return Some(Value::Array(values));
        }
        loop {
            values.push(self.value(depth + 1)?);
            if self.take("]") {
                return Some(Value::Array(values));
            }
            self.expect(",")?;
        }
    }

    fn object(&mut self, depth: usize) -> Option<Value> {
        self.expect("{")?;
        if self.take("\"$bytes\":") {
            let bytes = parse_base64(&self.quoted()?)?;
            self.expect("}")?;
            return Some(Value::Bytes(bytes.into()));
        }
        if self.take("\"$double\":") {
            let number = match self.quoted()?.as_str() {
                "NaN" => f64::NAN,
                "Infinity" => f64::INFINITY,
                "-Infinity" => f64::NEG_INFINITY,
                _ => return None,
            };
            self.expect("}")?;
            return Some(Value::Double(number));
        }
        self.entries(depth).map(Value::Map)
    }

    fn entries(&mut self, depth: usize) -> Option<Vec<(Box<str>, Value)>> {
        let mut entries = Vec::new();
        if self.take("}") {
            return Some(entries);
        }
        loop {
            let key = self.quoted()?;
            let key = match key.strip_prefix('$') {
                Some(escaped) if escaped.starts_with('$') => escaped.into(),
                Some(_) => return None,
                None => key.into_boxed_str(),
            };
            self.expect(":")?;
            entries.push((key, self.value(depth + 1)?));
            if self.take("}") {
                return Some(entries);
            }
            self.expect(",")?;
        }
    }

    fn number(&mut self) -> Option<Value> {
        let length =
            self.rest.bytes().take_while(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e')).count();
        let (number, rest) = self.rest.split_at(length);
        self.rest = rest;
        if number.contains(['.', 'e']) {
            number.parse().ok().map(Value::Double)
        } else {
            number.parse().ok().map(Value::Int)
        }
    }

    fn quoted(&mut self) -> Option<String> {
        self.expect("\"")?;
        let mut out = String::new();
        loop {
            let length = self.rest.bytes().position(|byte| byte == b'"' || byte == b'\\')?;
            let (plain, rest) = self.rest.split_at(length);
            out.push_str(plain);
            self.rest = rest;
            if self.take("\"") {
                return Some(out);
            }
            out.push(self.escaped()?);
        }
    }

    fn escaped(&mut self) -> Option<char> {
        for (escape, character) in [("\\\"", '"'), ("\\\\", '\\'), ("\\n", '\n'), ("\\r", '\r'), ("\\t", '\t')] {
            if self.take(escape) {
                return Some(character);
            }
        }
        self.expect("\\u")?;
        let digits = self.rest.get(..4).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
        self.rest = self.rest.get(4..)?;
        let code = u32::from_str_radix(digits, 16).ok()?;
        char::from_u32(code).filter(|character| *character < ' ')
    }

    fn take(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, text: &str) -> Option<()> {
        self.take(text).then_some(())
    }
}

/// RFC 4648 section 4, padded.
fn parse_base64(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let digits = text.trim_end_matches('=');
    if text.len() - digits.len() > 2 {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3 + 2);
    for chunk in digits.as_bytes().chunks(4) {
        let mut word = 0u32;
        for digit in chunk {
            let sextet = BASE64.iter().position(|known| known == digit)?;
            word = word << 6 | u32::try_from(sextet).ok()?;
        }
        let byte_count = chunk.len() - 1;
        let word = word << (6 * (4 - chunk.len()));
        bytes.extend_from_slice(word.to_be_bytes().get(1..1 + byte_count)?);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests;
