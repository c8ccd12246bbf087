//! Ceilings, and what happens at them.

/// Longest needle, in bytes, that is compared in place. In-place comparison may look at each byte of the text once per
/// byte of the needle; a longer needle takes the path that folds the text first and stays linear.
pub(crate) const IN_PLACE_NEEDLE_BYTES_MAX: usize = 64;

/// How many occurrences with a word running on beyond them are passed over one by one. Each new start may cost the
/// length of the needle; from then on the rest of the text is searched by a slower method that stays linear whatever
/// the text repeats.
pub(crate) const RESTARTS_MAX: usize = 32;
