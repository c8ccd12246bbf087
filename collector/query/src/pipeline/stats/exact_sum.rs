//! Sums that do not depend on the order of what is summed.
//!
//! Integers are summed in 128 bits. Doubles are summed as lists of doubles that do not overlap and whose sum is exact
//! (Shewchuk, "Adaptive Precision Floating-Point Arithmetic", 1997); only the result is rounded. Very large doubles are
//! summed apart and scaled down, so that nothing on the way becomes infinite.

use super::super::held::Held;
use crate::evaluate::Number;
use crate::guard::Stop;

/// A sum so far.
#[derive(Debug, Default)]
pub(super) struct ExactSum {
    count: u64,
    integers: i128,
    has_doubles: bool,
    doubles: Expansion,
    /// Divided by [`SCALE`].
    huge: Expansion,
    /// The sum of what is infinite: an infinity, or NaN of both.
    infinite: Option<f64>,
}

/// Doubles from here on are summed apart.
const HUGE: f64 = 1e250;
/// 2^300: dividing by a power of two is exact.
const SCALE: f64 = 2.037035976334486e90;

/// Doubles that do not overlap, the smallest first; their sum is exact.
#[derive(Debug, Default)]
struct Expansion(Vec<f64>);

impl ExactSum {
    pub(super) fn add(&mut self, number: Number, held: &mut Held<'_>) -> Result<(), Stop> {
        self.count += 1;
        match number {
            // 2^64 integers fit.
            Number::Int(number) => self.integers += i128::from(number),
            Number::Double(number) => {
                self.has_doubles = true;
                if !number.is_finite() {
                    self.infinite = Some(self.infinite.unwrap_or(0.0) + number);
                } else if number.abs() >= HUGE {
                    self.huge.add(number / SCALE, held)?;
                } else {
                    self.doubles.add(number, held)?;
                }
            }
        }
        Ok(())
    }

    /// Adds another sum.
    pub(super) fn absorb(&mut self, other: ExactSum, held: &mut Held<'_>) -> Result<(), Stop> {
        self.count += other.count;
        self.integers += other.integers;
        self.has_doubles |= other.has_doubles;
        other.doubles.0.into_iter().try_for_each(|double| self.doubles.add(double, held))?;
        other.huge.0.into_iter().try_for_each(|double| self.huge.add(double, held))?;
        if let Some(infinite) = other.infinite {
            self.infinite = Some(self.infinite.unwrap_or(0.0) + infinite);
        }
        Ok(())
    }

    /// The sum: an integer when all were and it fits, else a double.
    pub(super) fn total(&self) -> Option<Number> {
        if self.count == 0 {
            return None;
        }
        match i64::try_from(self.integers) {
            Ok(whole) if !self.has_doubles => Some(Number::Int(whole)),
            _ => Some(Number::Double(self.double())),
        }
    }

    pub(super) fn average(&self) -> Option<f64> {
        // More than 2^53 numbers are never summed.
        let count = self.count as f64;
        (self.count > 0).then(|| self.double() / count)
    }

    fn double(&self) -> f64 {
        if let Some(infinite) = self.infinite {
            return infinite;
        }
        let mut all = Expansion(self.doubles.0.clone());
        for piece in pieces(self.integers) {
            all.grow(piece);
        }
        if self.huge.0.iter().all(|part| *part == 0.0) {
            return all.rounded();
        }
        let mut scaled = Expansion(self.huge.0.clone());
        // What is lost of these is far below the last digit of the result.
        all.0.iter().for_each(|part| scaled.grow(part / SCALE));
        scaled.rounded() * SCALE
    }
}

/// Doubles whose sum is exactly the integer.
fn pieces(integer: i128) -> impl Iterator<Item = f64> {
    let is_negative = integer < 0;
    let mut rest = integer.unsigned_abs();
    let mut unit = 1.0;
    std::iter::from_fn(move || {
        if rest == 0 {
            return None;
        }
        let low = u32::try_from(rest & 0xffff_ffff).unwrap_or_default();
        rest >>= 32;
        let piece = f64::from(low) * unit;
        unit *= 4_294_967_296.0;
        Some(if is_negative { -piece } else { piece })
    })
}

impl Expansion {
    fn add(&mut self, number: f64, held: &mut Held<'_>) -> Result<(), Stop> {
        let before = self.0.capacity();
        self.grow(number);
        // A list has at most some forty parts, so it may be charged behind.
        held.take(((self.0.capacity() - before) * size_of::<f64>() * 2) as u64)
    }

    /// Adds a number: what each sum of two loses to rounding is a part of its own.
    fn grow(&mut self, number: f64) {
        let mut sum = number;
        let mut kept = 0;
        for place in 0..self.0.len() {
            let (mut large, mut small) = (sum, self.0[place]);
            if large.abs() < small.abs() {
                std::mem::swap(&mut large, &mut small);
            }
            let total = large + small;
            let lost = small - (total - large);
            if lost != 0.0 {
                self.0[kept] = lost;
                kept += 1;
            }
            sum = total;
        }
        self.0.truncate(kept);
        self.0.push(sum);
    }

    /// The double that is nearest to the sum; of two that are equally near, the even one.
    fn rounded(&self) -> f64 {
        let mut parts = self.0.iter().rev();
        let Some(mut sum) = parts.next().copied() else { return 0.0 };
        let mut lost = 0.0;
        for part in parts.by_ref() {
            let before = sum;
            sum = before + part;
            lost = part - (sum - before);
            if lost != 0.0 {
                break;
            }
        }
        // Half way between two doubles, what is left decides.
        if let Some(next) = parts.next()
            && (lost < 0.0 && *next < 0.0 || lost > 0.0 && *next > 0.0)
        {
            let twice = lost * 2.0;
            let nudged = sum + twice;
            if twice == nudged - sum {
                sum = nudged;
            }
        }
        // Minus zero is zero.
        sum + 0.0
    }
}
