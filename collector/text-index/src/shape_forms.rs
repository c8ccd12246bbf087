//! The forms of the variables of a part's shapes, by the shapes' numbers.
//!
//! Always true: where a shape's forms are known, each of its variables in each record that was taken in is covered by the
//! form at its place. Of a shape with too many variables, and of those that come when there are too many forms, nothing is
//! known; then its variables may be anything.

use crate::error::{StoredError, length_at, number_at};
use crate::limits::{FORMS_MAX, FORMS_PER_SHAPE_MAX, MERGED_SHAPES};
use crate::splitter::{PLACEHOLDER_BYTE, SPLITTER_VERSION};
use crate::variable_form::{CharacterSet, KNOWN_BYTES_MAX, VariableForm};
use memchr::memchr_iter;

const WHAT: &str = "forms of variables";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 20;
/// A form's set, shortest, and the lengths of its known bytes.
const FORM_HEAD_BYTES: usize = 11;
/// Most bytes of the stored form, unpacked.
const PLAIN_BYTES_MAX: usize = MERGED_SHAPES.count_max as usize + FORMS_MAX * (FORM_HEAD_BYTES + 2 * KNOWN_BYTES_MAX);

/// Forms by shape.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShapeForms {
    /// For each shape where its forms begin, and how many there are.
    places: Vec<(u32, u8)>,
    forms: Vec<VariableForm>,
}

impl ShapeForms {
    /// Takes the variables of a text in. All texts of a shape have as many.
    pub fn widen<'a>(&mut self, shape: u32, variables: impl ExactSizeIterator<Item = &'a str>) {
        match self.range(shape) {
            Some(range) => {
                debug_assert_eq!(range.len(), variables.len(), "a shape says how many variables there are");
                self.forms[range].iter_mut().zip(variables).for_each(|(form, variable)| form.widen(variable));
            }
            None if self.is_new(shape) => self.put(shape, variables.map(VariableForm::of)),
            None => {}
        }
    }

    /// Takes the forms of a shape of another part in; `None` where they are not known.
    pub fn join(&mut self, shape: u32, forms: Option<&[VariableForm]>) {
        match (self.range(shape), forms) {
            (Some(range), Some(forms)) if range.len() == forms.len() => {
                let own = self.forms[range].iter_mut().zip(forms);
                own.for_each(|(form, other)| *form = form.joined(other));
            }
            (None, Some(forms)) if self.is_new(shape) => self.put(shape, forms.iter().copied()),
            (None, Some(_)) => {}
            (Some(_), Some(_)) | (_, None) => self.forget(shape),
        }
    }

    /// The forms of a shape's variables in their order, none where it has no variables; `None` where they are not known.
    pub fn of(&self, shape: u32) -> Option<&[VariableForm]> {
        self.range(shape).map(|range| &self.forms[range])
    }

    /// The same forms by other numbers: each shape's new one stands at its old one.
    pub fn renumbered(&self, new_numbers: &[u32]) -> ShapeForms {
        let mut places = vec![NOTHING_YET; self.places.len().max(new_numbers.len())];
        for (place, number) in self.places.iter().zip(new_numbers) {
            places[*number as usize] = *place;
        }
        ShapeForms { places, forms: self.forms.clone() }
    }

    /// The first number behind all shapes of which something is known.
    pub fn count(&self) -> u32 {
        u32::try_from(self.places.len()).expect("shapes have numbers of 32 bits")
    }

    /// Memory that it holds.
    pub fn memory_bytes(&self) -> usize {
        self.places.capacity() * size_of::<(u32, u8)>() + self.forms.capacity() * size_of::<VariableForm>()
    }

    /// The stored form, for `count` shapes.
    pub fn encode(&self, count: u32, zstd_level: i32) -> Vec<u8> {
        let mut plain = Vec::new();
        for shape in 0..count {
            let forms = self.of(shape);
            plain.push(forms.map_or(COUNT_UNKNOWN, |forms| u8::try_from(forms.len()).expect("a shape has few forms")));
            for form in forms.unwrap_or_default() {
                plain.extend(form.between().bits().to_le_bytes());
                let narrow = |length: usize| u8::try_from(length).expect("known bytes and lengths are short");
                plain.extend([form.shortest(), form.head().len(), form.tail().len()].map(narrow));
                plain.extend(form.head());
                plain.extend(form.tail());
            }
        }
        let packed = zstd::bulk::compress(&plain, zstd_level).expect("packing into memory does not fail");
        let length = u32::try_from(plain.len()).expect("forms are few");
        let mut out: Vec<u8> =
            [VERSION, SPLITTER_VERSION, count, length].iter().flat_map(|n| n.to_le_bytes()).collect();
        let sum = crc32c::crc32c_append(crc32c::crc32c(&out), &packed);
        out.extend(sum.to_le_bytes());
        out.extend(packed);
        out
    }

    /// Reads the stored form, which must be the whole of `bytes` and be of as many shapes as there are.
    pub fn read(bytes: &[u8], shapes: u32) -> Result<ShapeForms, StoredError> {
        for (offset, known) in [(0, VERSION), (4, SPLITTER_VERSION)] {
            let found = number_at(WHAT, bytes, offset)?;
            if found != known {
                return Err(StoredError::Version { what: WHAT, found, known });
            }
        }
        let (count, length) = (number_at(WHAT, bytes, 8)?, length_at(WHAT, bytes, 12)?);
        let expected = number_at(WHAT, bytes, 16)?;
        let damaged = |offset| StoredError::Damaged { what: WHAT, offset };
        let packed = bytes.get(HEADER_BYTES..).ok_or(damaged(HEADER_BYTES))?;
        check_sum_of(&bytes[..16], packed, expected)?;
        if count != shapes || length > PLAIN_BYTES_MAX {
            return Err(damaged(8));
        }
        let plain = zstd::bulk::decompress(packed, length).map_err(|_| damaged(HEADER_BYTES))?;
        let mut forms = ShapeForms::default();
        let mut rest = plain.as_slice();
        for shape in 0..count {
            match take_shape(&mut rest).ok_or(damaged(HEADER_BYTES))? {
                Some(found) => forms.put(shape, found.into_iter()),
                None => forms.forget(shape),
            }
        }
        match rest.is_empty() {
            true => Ok(forms),
            false => Err(damaged(HEADER_BYTES)),
        }
    }

    /// Forgets the forms of a shape that are not one for each of its placeholders.
    pub fn keep_fitting(&mut self, shape: u32, text: &str) {
        let placeholders = memchr_iter(PLACEHOLDER_BYTE, text.as_bytes()).count();
        if self.range(shape).is_some_and(|range| range.len() != placeholders) {
            self.forget(shape);
        }
    }

    fn range(&self, shape: u32) -> Option<std::ops::Range<usize>> {
        let place = self.places.get(shape as usize).copied();
        let (start, count) = place.filter(|place| *place != NOTHING_YET && *place != UNKNOWN)?;
        Some(start as usize..start as usize + usize::from(count))
    }

    fn is_new(&self, shape: u32) -> bool {
        self.places.get(shape as usize).is_none_or(|place| *place == NOTHING_YET)
    }

    fn put(&mut self, shape: u32, forms: impl ExactSizeIterator<Item = VariableForm>) {
        let count = forms.len();
        let place = match u8::try_from(count) {
            Ok(narrow) if count <= FORMS_PER_SHAPE_MAX && self.forms.len() + count <= FORMS_MAX => {
                let start = u32::try_from(self.forms.len()).expect("forms are few");
                self.forms.extend(forms);
                (start, narrow)
            }
            _ => UNKNOWN,
        };
        *self.place(shape) = place;
    }

    fn forget(&mut self, shape: u32) {
        *self.place(shape) = UNKNOWN;
    }

    fn place(&mut self, shape: u32) -> &mut (u32, u8) {
        let number = shape as usize;
        if self.places.len() <= number {
            self.places.resize(number + 1, NOTHING_YET);
        }
        &mut self.places[number]
    }
}

/// Makes the checksum of any bytes fit, for fuzzing.
pub(crate) fn mend_checksum(bytes: &mut [u8]) {
    if let Some((head, packed)) = bytes.split_at_checked(HEADER_BYTES) {
        let sum = crc32c::crc32c_append(crc32c::crc32c(&head[..16]), packed);
        bytes[16..HEADER_BYTES].copy_from_slice(&sum.to_le_bytes());
    }
}

const NOTHING_YET: (u32, u8) = (u32::MAX, 0);
const UNKNOWN: (u32, u8) = (u32::MAX, 1);
/// Stands for the count of forms that are not known.
const COUNT_UNKNOWN: u8 = u8::MAX;
const _: () = assert!(FORMS_PER_SHAPE_MAX < COUNT_UNKNOWN as usize && FORMS_MAX < u32::MAX as usize);

fn check_sum_of(head: &[u8], packed: &[u8], expected: u32) -> Result<(), StoredError> {
    let found = crc32c::crc32c_append(crc32c::crc32c(head), packed);
    match found == expected {
        true => Ok(()),
        false => Err(StoredError::Checksum { what: WHAT, offset: 0, expected, found }),
    }
}

/// The forms of a shape, or that they are not known; `None` when the bytes are neither.
fn take_shape(rest: &mut &[u8]) -> Option<Option<Vec<VariableForm>>> {
    let (count, behind) = rest.split_first()?;
    *rest = behind;
    match *count {
        COUNT_UNKNOWN => Some(None),
        count if usize::from(count) > FORMS_PER_SHAPE_MAX => None,
        count => (0..count).map(|_| take_form(rest)).collect::<Option<Vec<_>>>().map(Some),
    }
}

fn take_form(rest: &mut &[u8]) -> Option<VariableForm> {
    let (bits, behind) = rest.split_first_chunk::<8>()?;
    let ([shortest, head, tail], behind) = behind.split_first_chunk::<3>()?;
    let (head, behind) = behind.split_at_checked(usize::from(*head))?;
    let (tail, behind) = behind.split_at_checked(usize::from(*tail))?;
    *rest = behind;
    let between = CharacterSet::from_bits(u64::from_le_bytes(*bits))?;
    let are_short = head.len() <= KNOWN_BYTES_MAX && tail.len() <= KNOWN_BYTES_MAX;
    let has_sense = are_short && (*shortest == 0 || !between.is_empty());
    has_sense.then(|| VariableForm::new(head, between, usize::from(*shortest), tail))
}

#[cfg(test)]
mod tests;
