//! JSON numbers as integers, exactly.

/// The integer that a JSON number names, however it is written (`12`, `1.2e1`, `120e-1`); `None` when it is not whole,
/// does not fit 127 bits, or is no JSON number at all.
pub(super) fn integer(text: &[u8]) -> Option<i128> {
    let token = Token::split(text)?;
    let mut exponent = token.exponent.checked_sub(i64::try_from(token.fraction.len()).ok()?)?;
    let mut digits: Vec<u8> = [token.whole, token.fraction].concat();
    while digits.last() == Some(&b'0') {
        digits.pop();
        exponent = exponent.checked_add(1)?;
    }
    let mut number: i128 = 0;
    for digit in &digits {
        number = number.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
    }
    if number == 0 {
        return Some(0);
    }
    // The last digit is not zero, so a negative exponent leaves a fraction.
    let scale = 10i128.checked_pow(u32::try_from(exponent).ok()?)?;
    let number = number.checked_mul(scale)?;
    Some(if token.is_negative { -number } else { number })
}

/// The double that a JSON number names; `None` beyond the range of doubles, or when it is no JSON number.
pub(super) fn double(text: &[u8]) -> Option<f64> {
    Token::split(text)?;
    let number: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    number.is_finite().then_some(number)
}

/// Tells whether the text is a JSON number, of any size.
pub(super) fn is_well_formed(text: &[u8]) -> bool {
    Token::split(text).is_some()
}

/// How many of the first bytes may belong to a number.
pub(super) fn length(text: &[u8]) -> usize {
    text.iter().take_while(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')).count()
}

struct Token<'a> {
    is_negative: bool,
    whole: &'a [u8],
    fraction: &'a [u8],
    exponent: i64,
}

impl<'a> Token<'a> {
    /// RFC 8259 section 6.
    fn split(text: &'a [u8]) -> Option<Token<'a>> {
        let (is_negative, rest) = match text.strip_prefix(b"-") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, rest) = digits(rest);
        let has_leading_zero = whole.len() > 1 && whole.starts_with(b"0");
        if whole.is_empty() || has_leading_zero {
            return None;
        }
        let (fraction, rest) = match rest.strip_prefix(b".") {
            Some(rest) => Some(digits(rest)).filter(|(fraction, _)| !fraction.is_empty())?,
            None => (&[][..], rest),
        };
        let exponent = match rest {
            [] => 0,
            [b'e' | b'E', rest @ ..] => exponent(rest)?,
            _ => return None,
        };
        Some(Token { is_negative, whole, fraction, exponent })
    }
}

fn exponent(text: &[u8]) -> Option<i64> {
    let (is_negative, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let (digits, []) = digits(rest) else { return None };
    if digits.is_empty() {
        return None;
    }
    // Saturating is exact enough: no digits that fit a number bring such an exponent back into range.
    let size = digits.iter().fold(0i64, |sum, digit| sum.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
    let size = size.min(i64::MAX / 4);
    Some(if is_negative { -size } else { size })
}

/// The digits that `text` begins with, and what stands behind them.
fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    text.split_at_checked(length).unwrap_or((text, &[]))
}

#[cfg(test)]
mod tests;
