//! What the index keeps of a row group's texts: shapes of messages, words that are in no shape, words of attributes.

use crate::attributes::downcast;
use crate::batch::Batch;
use crate::layout::{Layout, Storage};
use crate::part::text_numbers::TextNumbers;
use crate::part::write::RowAt;
use arrow_array::{FixedSizeBinaryArray, StringArray, UInt8Array};
use model::{Value, ValueKind};
use std::sync::Arc;
use text_index::{
    CharacterSet, LetterTrigrams, ShapeForms, ShapeTable, Splitter, VariableForm, for_each_word_key, key_of_plain_word,
};

/// No shape: the message is not a string, or its shape was not taken.
pub(crate) const UNSHAPED: u32 = u32::MAX;

/// The texts of a row group as the index sees them.
#[derive(Debug)]
pub(crate) struct GroupWords {
    /// For each record the number that the table gave to its shape, or [`UNSHAPED`].
    pub(crate) shapes: Vec<u32>,
    /// Words of variables, and all words of messages without a shape; sorted, each once.
    pub(crate) message_keys: Vec<u64>,
    /// Words of strings among the attributes, and ids; sorted, each once.
    pub(crate) value_keys: Vec<u64>,
    /// Letters of the variables.
    pub(crate) letters: LetterTrigrams,
    /// Letters of strings among the attributes.
    pub(crate) value_letters: LetterTrigrams,
    /// Some message is not a string: such a one must be looked at whatever the words say.
    pub(crate) has_other_messages: bool,
    /// Some message that is a string has no shape: the letters say nothing about it.
    pub(crate) has_unshaped: bool,
}

/// Which shapes have a variable that may hold letters beside its known beginning and end: ids mostly. Messages of these stand
/// behind the others in a row group, so that who looks for a piece of an id reads only their pages.
#[derive(Debug)]
pub(crate) struct Lettered(Vec<bool>);

impl Lettered {
    pub(crate) fn of(forms: &ShapeForms) -> Lettered {
        let letters = CharacterSet::of(b"abcdefghijklmnopqrstuvwxyz");
        let is_lettered = |shape| {
            let forms = forms.of(shape);
            // Of one value nobody knows what is fixed.
            let open = |form: &VariableForm| match form.between().is_empty() {
                true => form.characters(),
                false => form.between(),
            };
            forms.is_none_or(|forms| forms.iter().any(|form| open(form).meets(letters)))
        };
        Lettered((0..forms.count()).map(is_lettered).collect())
    }

    /// The records of a row group, those of such shapes and those without a shape behind the others; each of the two as they
    /// stand.
    pub(crate) fn behind_others(&self, rows: Vec<RowAt>, words: &mut GroupWords) -> Vec<RowAt> {
        if words.shapes.is_empty() {
            return rows;
        }
        let is_lettered = |shape: u32| self.0.get(shape as usize).copied().unwrap_or(true);
        let of_class = |class: bool| {
            let pairs = rows.iter().zip(&words.shapes);
            pairs.filter(move |(_, shape)| is_lettered(**shape) == class).map(|(row, shape)| (*row, *shape))
        };
        let (rows, shapes) = of_class(false).chain(of_class(true)).unzip();
        words.shapes = shapes;
        rows
    }
}

/// Reads texts for the index, in memory that it keeps.
#[derive(Debug)]
pub(crate) struct WordReader {
    splitter: Splitter,
    digits: Vec<u8>,
    /// Keys of the row group at hand as they come, many of them more than once.
    keys: Vec<u64>,
}

impl WordReader {
    pub(crate) fn new() -> WordReader {
        WordReader { splitter: Splitter::new(), digits: Vec::new(), keys: Vec::new() }
    }

    pub(crate) fn read(
        &mut self,
        layout: &Layout,
        batches: &[Arc<Batch>],
        rows: &[RowAt],
        table: &mut ShapeTable,
    ) -> GroupWords {
        let mut words = GroupWords {
            shapes: Vec::new(),
            message_keys: Vec::new(),
            value_keys: Vec::new(),
            letters: LetterTrigrams::new(),
            value_letters: LetterTrigrams::new(),
            has_other_messages: false,
            has_unshaped: false,
        };
        self.messages(layout, batches, rows, table, &mut words);
        words.message_keys = self.take_keys();
        self.values(layout, batches, rows, &mut words.value_letters);
        words.value_keys = self.take_keys();
        words
    }

    /// The keys that came, sorted, each once, in memory of their own.
    fn take_keys(&mut self) -> Vec<u64> {
        self.keys.sort_unstable();
        self.keys.dedup();
        let keys = self.keys.as_slice().into();
        self.keys.clear();
        keys
    }

    fn messages(
        &mut self,
        layout: &Layout,
        batches: &[Arc<Batch>],
        rows: &[RowAt],
        table: &mut ShapeTable,
        words: &mut GroupWords,
    ) {
        let Some(message) = layout.message() else { return };
        let columns: Vec<(&StringArray, &[u8])> = batches
            .iter()
            .map(|batch| {
                let kinds = downcast::<UInt8Array>(batch.own_column(message.kind)).values();
                (downcast::<StringArray>(batch.own_column(message.text)), &**kinds)
            })
            .collect();
        words.shapes.reserve_exact(rows.len());
        for at in rows {
            let (texts, kinds) = columns[at.batch()];
            let text = texts.value(at.row());
            if kinds[at.row()] != ValueKind::Str as u8 {
                words.has_other_messages = true;
                words.shapes.push(UNSHAPED);
                continue;
            }
            let split = self.splitter.split(text);
            let number = split.and_then(|split| table.take(split));
            match (split, number) {
                (Some(split), Some(_)) => {
                    for variable in split.variables() {
                        for_each_word_key(variable, &mut |key| self.keys.push(key));
                        words.letters.insert(variable);
                    }
                }
                _ => {
                    words.has_unshaped = true;
                    for_each_word_key(text, &mut |key| self.keys.push(key));
                }
            }
            words.shapes.push(number.unwrap_or(UNSHAPED));
        }
    }

    /// Words of all strings that a term is looked for in besides the message, and the digits of ids.
    fn values(&mut self, layout: &Layout, batches: &[Arc<Batch>], rows: &[RowAt], letters: &mut LetterTrigrams) {
        let keys = &mut self.keys;
        let mut take = |text: &str| {
            letters.insert(text);
            for_each_word_key(text, &mut |key| keys.push(key));
        };
        let mut seen = TextNumbers::default();
        for (batch, rows) in batches.iter().zip(by_batch(batches.len(), rows)) {
            // Column by column, since the values of one lie side by side.
            for column in batch.string_attribute_columns() {
                let (mut looked_at, mut new) = (0, 0);
                for row in rows.iter().filter(|row| column.is_valid(**row)) {
                    let text = column.value(*row);
                    // Where nearly all differ it costs more to look for those that were seen than to read them again.
                    let are_varied = looked_at >= VARIED_AFTER && new * 8 >= looked_at * 7;
                    let is_new = are_varied || seen.number(text.as_bytes()).1;
                    if !are_varied {
                        looked_at += 1;
                        new += usize::from(is_new);
                    }
                    if is_new {
                        take(text);
                    }
                }
            }
            let rest = batch.rest();
            for entry in rows.iter().flat_map(|row| rest.entries(*row)) {
                match rest.kind(entry) {
                    ValueKind::Str => take(rest.text(entry)),
                    ValueKind::Array | ValueKind::Map => strings_of(&rest.value(entry), &mut take),
                    ValueKind::Empty | ValueKind::Bool | ValueKind::Int | ValueKind::Double | ValueKind::Bytes => {}
                }
            }
        }
        for (index, (_, storage)) in layout.own().enumerate() {
            if storage != Storage::Id {
                continue;
            }
            let columns: Vec<&FixedSizeBinaryArray> =
                batches.iter().map(|batch| downcast(batch.own_column(index))).collect();
            let mut before: &[u8] = &[];
            for at in rows {
                let id = columns[at.batch()].value(at.row());
                // Records of one trace often follow each other.
                if id != std::mem::replace(&mut before, id) && id.iter().any(|byte| *byte != 0) {
                    self.digits.resize(id.len() * 2, 0);
                    for (digits, byte) in self.digits.as_chunks_mut::<2>().0.iter_mut().zip(id) {
                        *digits = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
                    }
                    keys.push(key_of_plain_word(&self.digits));
                }
            }
        }
    }
}

/// The rows of each batch, as they come.
fn by_batch(batches: usize, rows: &[RowAt]) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new(); batches];
    rows.iter().for_each(|at| all[at.batch()].push(at.row()));
    all
}

/// So many strings of a column are looked for among those that were seen, whatever they are.
const VARIED_AFTER: usize = 128;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Calls `each` with every string in a value.
fn strings_of(value: &Value, each: &mut dyn FnMut(&str)) {
    match value {
        Value::Str(text) => each(text),
        Value::Array(values) => values.iter().for_each(|value| strings_of(value, each)),
        Value::Map(entries) => entries.iter().for_each(|(_, value)| strings_of(value, each)),
        Value::Empty | Value::Bool(_) | Value::Int(_) | Value::Double(_) | Value::Bytes(_) => {}
    }
}
