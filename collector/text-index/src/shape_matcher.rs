//! What a shape alone tells about a search: that every text of the shape matches, none, or that the text decides.
//!
//! What is searched for holds one needle or several ([`ShapeMatcher::of_all`]). Beside the shape's text, what its variables
//! have in common is asked ([`crate::VariableForm`]), where that is known.
//!
//! Always true, for every text and its shape:
//! - [`ShapeVerdict::Always`]: the text matches;
//! - [`ShapeVerdict::Never`]: it does not;
//! - [`ShapeVerdict::Depends`]: when it matches, then for each of the needles that it names the keys of
//!   [`ShapeNeedle::variable_keys`] are among those of the text's variables, and the letters of
//!   [`ShapeNeedle::variable_trigrams`] too.
//!
//! Start at [`ShapeMatcher::verdict`]; why it holds is told in [`needle`].

mod needle;

pub use needle::ShapeNeedle;

use crate::matcher::Needle;
use crate::shape_text::ShapeText;
use crate::variable_form::VariableForm;
use needle::Occurs;
use std::fmt;
use std::sync::Arc;

/// What a shape tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShapeVerdict {
    /// Every text of the shape matches.
    Always,
    /// No text of the shape matches.
    Never,
    /// A text of the shape matches only when it holds these needles with help of its variables. Where there are none of
    /// them, it may match or not, whatever its variables.
    Depends(NeedleSet),
}

/// Some of the needles of a matcher: bit 0 is the first one, and so on up to [`NEEDLES_MAX`].
pub type NeedleSet = u8;

/// Most needles of a matcher.
pub const NEEDLES_MAX: usize = 6;
const _: () = assert!(NEEDLES_MAX <= NeedleSet::BITS as usize);

/// Needles made ready to be looked for in many shapes.
#[derive(Debug, Clone)]
pub struct ShapeMatcher {
    needles: Vec<ShapeNeedle>,
    decides: Decides,
}

/// When a text matches that holds all needles.
#[derive(Clone)]
enum Decides {
    /// Always.
    Needles,
    /// When the judge says so.
    Judge(Arc<dyn Fn(ShapeText<'_>) -> Option<bool> + Send + Sync>),
}

impl ShapeMatcher {
    /// Of texts that match exactly where the needle occurs.
    pub fn new(needle: Needle<'_>) -> ShapeMatcher {
        ShapeMatcher { needles: vec![ShapeNeedle::new(needle)], decides: Decides::Needles }
    }

    /// Of texts that match only where all of the needles occur, of which the first [`NEEDLES_MAX`] are looked for. Of a shape
    /// that leaves that open, `judge` tells whether all of its texts match, or none; `None` where it cannot tell.
    pub fn of_all(
        needles: &[Needle<'_>],
        judge: impl Fn(ShapeText<'_>) -> Option<bool> + Send + Sync + 'static,
    ) -> ShapeMatcher {
        let needles = needles.iter().take(NEEDLES_MAX).map(|needle| ShapeNeedle::new(*needle)).collect();
        ShapeMatcher { needles, decides: Decides::Judge(Arc::new(judge)) }
    }

    /// Judges the texts of a shape.
    pub fn verdict(&self, shape: ShapeText<'_>) -> ShapeVerdict {
        let mut depends: NeedleSet = 0;
        for (number, needle) in self.needles.iter().enumerate() {
            match needle.verdict(shape) {
                Occurs::Always => {}
                Occurs::Never => return ShapeVerdict::Never,
                Occurs::Depends => depends |= 1 << number,
            }
        }
        match &self.decides {
            Decides::Needles if depends == 0 => ShapeVerdict::Always,
            Decides::Needles => ShapeVerdict::Depends(depends),
            // Where the variables must help and nothing is known of them, they decide.
            Decides::Judge(_) if depends != 0 && shape.forms().is_none() => ShapeVerdict::Depends(depends),
            Decides::Judge(judge) => match judge(shape) {
                Some(true) => ShapeVerdict::Always,
                Some(false) => ShapeVerdict::Never,
                None => ShapeVerdict::Depends(depends),
            },
        }
    }

    /// Judges the texts of a shape whose text nobody needs to look at ([`ShapeMatcher::is_only_in_variables`]).
    pub(crate) fn verdict_of_variables(&self, forms: Option<&[VariableForm]>) -> ShapeVerdict {
        let may_hold = |needle: &ShapeNeedle| forms.is_none_or(|forms| needle.may_lie_in_one_of(forms));
        match self.needles.iter().all(may_hold) {
            true => ShapeVerdict::Depends(self.needles.iter().fold(0, |set, _| set << 1 | 1)),
            false => ShapeVerdict::Never,
        }
    }

    /// The needles, in their order.
    pub fn needles(&self) -> &[ShapeNeedle] {
        &self.needles
    }

    /// True when no shape's text can hold a needle, so that no shape needs to be looked at: each shape with a variable is
    /// [`ShapeVerdict::Depends`] for all needles, each other one [`ShapeVerdict::Never`].
    pub fn is_only_in_variables(&self) -> bool {
        !self.needles.is_empty() && self.needles.iter().all(ShapeNeedle::is_only_in_variables)
    }

    /// Folded words that each shape holds whose verdict is not [`ShapeVerdict::Never`].
    pub(crate) fn words(&self) -> Vec<String> {
        let mut words: Vec<String> = self.needles.iter().flat_map(ShapeNeedle::words).cloned().collect();
        words.sort_unstable();
        words.dedup();
        words
    }
}

impl fmt::Debug for Decides {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Decides::Needles => "Needles",
            Decides::Judge(_) => "Judge",
        })
    }
}

#[cfg(test)]
mod tests;
