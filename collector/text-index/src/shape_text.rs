//! A shape as it is judged: its text, and what is known of its variables.

use crate::splitter::PLACEHOLDER;
use crate::variable_form::VariableForm;

/// A shape's text and the forms of its variables.
#[derive(Debug, Clone, Copy)]
pub struct ShapeText<'a> {
    text: &'a str,
    forms: Option<&'a [VariableForm]>,
}

/// A piece of a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShapePiece<'a> {
    /// What stands in all of its texts, byte by byte.
    Fixed(&'a str),
    /// A variable.
    Variable(&'a VariableForm),
}

impl<'a> ShapeText<'a> {
    /// The forms are one for each placeholder ([`crate::ShapeForms::keep_fitting`]).
    pub fn new(text: &'a str, forms: Option<&'a [VariableForm]>) -> ShapeText<'a> {
        ShapeText { text, forms }
    }

    /// The shape's text.
    pub fn text(self) -> &'a str {
        self.text
    }

    /// The forms of its variables in their order; `None` where they are not known.
    pub fn forms(self) -> Option<&'a [VariableForm]> {
        self.forms
    }

    /// Its pieces, in their order. Each text of the shape is made of the same fixed ones, with a value that the form covers
    /// for each variable.
    pub fn pieces(self) -> impl Iterator<Item = ShapePiece<'a>> {
        let form = move |number: usize| self.forms.and_then(|forms| forms.get(number)).unwrap_or(&VariableForm::ANY);
        self.text.split(PLACEHOLDER).enumerate().flat_map(move |(number, fixed)| {
            let variable = number.checked_sub(1).map(|before| ShapePiece::Variable(form(before)));
            variable.into_iter().chain((!fixed.is_empty()).then_some(ShapePiece::Fixed(fixed)))
        })
    }
}
