//! Words: how a text is compared, where its words begin and end, and whether a term occurs in it.
//!
//! Always true:
//! - a text is compared in one form only, [`fold`]'s: canonical composition (NFC), then simple case folding, then
//!   composition again, because folding may part what belongs together (`J̌` and `ǰ` are one);
//! - a *word character* is a letter, mark or number outside Han, Kana and Hangul; a word is a longest run of these, or
//!   one character of Han, Kana or Hangul; all else separates words (`_` and `-` too);
//! - a character never changes its kind by composition or folding, which the fast path relies on and a test over all
//!   of Unicode proves.
//!
//! No record, field or query syntax is known here, and nothing here can fail: any text and any needle are valid.
//!
//! Start at [`Matcher`].

mod character;
mod fold;
mod limits;
mod matcher;
mod words;

pub use character::{CharacterKind, character_kind};
pub use fold::fold;
pub use matcher::{Matcher, Needle};
pub use words::words;
