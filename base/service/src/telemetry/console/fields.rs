//! The fields of a log record, cut to a bearable length.

use std::error::Error;
use std::fmt::{self, Write};

use tracing::field::{Field, Visit};

use crate::limits::CONSOLE_FIELD_BYTES_MAX;

/// What stands where a text was cut.
const CUT: &str = "…(cut)";

/// A value as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shown {
    /// A text.
    Text(String),
    /// A number or a truth, written as JSON would.
    Bare(String),
}

/// The message and the other fields, in their order.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    pub(crate) message: String,
    pub(crate) others: Vec<(&'static str, Shown)>,
}

impl Fields {
    fn text(&mut self, field: &Field, text: String) {
        if field.name() == "message" {
            self.message = text;
        } else {
            self.others.push((field.name(), Shown::Text(text)));
        }
    }

    fn bare(&mut self, field: &Field, value: impl ToString) {
        self.others.push((field.name(), Shown::Bare(value.to_string())));
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, bounded(format_args!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, bounded(format_args!("{value}")));
    }

    /// The whole chain: what was attempted, and what went wrong below it.
    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let mut chain = value.to_string();
        let mut cause = value.source();
        while let Some(error) = cause {
            chain.push_str(": ");
            chain.push_str(&error.to_string());
            cause = error.source();
        }
        self.text(field, bounded(format_args!("{chain}")));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if value.is_finite() {
            self.bare(field, value);
        } else {
            self.text(field, value.to_string());
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.bare(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.bare(field, value);
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.bare(field, value);
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.bare(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.bare(field, value);
    }
}

/// Formats up to the ceiling and stops there, so that a huge value costs no huge text.
fn bounded(arguments: fmt::Arguments<'_>) -> String {
    let mut out = Bounded { text: String::new(), is_cut: false };
    let written = out.write_fmt(arguments);
    let Bounded { mut text, is_cut } = out;
    if is_cut || written.is_err() {
        text.push_str(CUT);
    }
    text
}

struct Bounded {
    text: String,
    is_cut: bool,
}

impl Write for Bounded {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        let room = CONSOLE_FIELD_BYTES_MAX.saturating_sub(self.text.len());
        if more.len() <= room {
            self.text.push_str(more);
            return Ok(());
        }
        let end = (0..=room).rev().find(|end| more.is_char_boundary(*end)).unwrap_or_default();
        self.text.push_str(more.get(..end).unwrap_or_default());
        self.is_cut = true;
        Err(fmt::Error)
    }
}
