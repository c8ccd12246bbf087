//! Ceilings, and what happens at them.

/// Longest needle, in bytes, that is compared in place. In-place comparison may look at each byte of the text once per
/// byte of the needle; a longer needle takes the path that folds the text first and stays linear.
pub(crate) const IN_PLACE_NEEDLE_BYTES_MAX: usize = 64;

/// How many occurrences with a word running on beyond them are passed over one by one. Each new start may cost the
/// length of the needle; from then on the rest of the text is searched by a slower method that stays linear whatever
/// the text repeats.
pub(crate) const RESTARTS_MAX: usize = 32;

/// Largest word bloom of all: that of a part. A set that would need more has none, and counts as holding every word.
pub const BLOOM_BYTES_MAX: usize = 4 << 20;
/// Largest word bloom of a row group.
pub const GROUP_BLOOM_BYTES_MAX: usize = 1 << 20;
/// Bits of a word in the bloom of a row group: 1.25 % of absent words are let through.
pub const GROUP_BLOOM_BITS_PER_KEY: usize = 10;
/// Bits of a word of attributes, ids among them, in the bloom of a row group: 0.25 % are let through. An id is looked for in all
/// row groups of a day, and each that it is not in costs a column of ids.
pub const GROUP_VALUE_BLOOM_BITS_PER_KEY: usize = 14;
/// Bits of a word in the bloom of a part: 3.3 %, but it only has to spare whole parts.
pub const PART_BLOOM_BITS_PER_KEY: usize = 8;
const _: () = assert!(GROUP_BLOOM_BYTES_MAX <= BLOOM_BYTES_MAX);

/// Longest shape, in bytes of UTF-8. A longer one is not taken, and its record is stored without a shape.
pub const SHAPE_BYTES_MAX: usize = 1024;

/// How much a table of shapes takes. What comes after is stored without a shape, with all its words in the blooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShapeLimits {
    /// Most shapes.
    pub count_max: u32,
    /// Most bytes of all their texts together.
    pub text_bytes_max: usize,
}

/// For a part that is sealed.
pub const SEALED_SHAPES: ShapeLimits = ShapeLimits { count_max: 131_072, text_bytes_max: 32 << 20 };
/// For a part that others are merged into; also the most that is read.
pub const MERGED_SHAPES: ShapeLimits = ShapeLimits { count_max: 262_144, text_bytes_max: 64 << 20 };
const _: () = assert!(SEALED_SHAPES.count_max <= MERGED_SHAPES.count_max);
const _: () = assert!(SEALED_SHAPES.text_bytes_max <= MERGED_SHAPES.text_bytes_max);
// Places in a table's text and in a stored index are 32-bit numbers.
const _: () = assert!(MERGED_SHAPES.text_bytes_max < u32::MAX as usize / 2);

/// Most forms of variables of a part: 8 MiB in memory. Of shapes that come later nothing is known but their texts.
pub(crate) const FORMS_MAX: usize = 262_144;
/// A shape with more variables has no forms: it is the text of a table, or of a list.
pub(crate) const FORMS_PER_SHAPE_MAX: usize = 64;

/// How many slots of a shape table are looked at for one text. Texts can be made whose hashes lie side by side; past
/// this, the text is not taken, like one too many.
pub(crate) const TABLE_PROBES_MAX: usize = 64;

/// Shapes in one compressed block of a stored index.
pub(crate) const SHAPES_PER_BLOCK: usize = 256;

/// From this many shapes on, an index of their words is stored beside them. Below, unpacking and scanning all texts
/// costs no more than reading the small columns of the part.
pub(crate) const WORD_INDEX_SHAPES_MIN: usize = 32_768;
/// With more distinct words than this there is no index of words: it would cost seconds and hundreds of megabytes for
/// texts that nobody repeats. The texts are scanned then.
pub(crate) const WORD_INDEX_WORDS_MAX: usize = 65_536;
/// Largest index of words, unpacked, that is read.
pub(crate) const WORD_INDEX_BYTES_MAX: usize = 64 << 20;
/// Files in a stored index of words.
pub(crate) const WORD_INDEX_FILES_MAX: u32 = 64;
