//! What a merge leaves out: records that were deleted, and all that only they had.
//!
//! A key or a shape that no other record has would tell of a deleted one. So they are looked for before a merge writes
//! anything, in those inputs only that hold deleted records.

use crate::batch::Batch;
use crate::hidden::HiddenSequences;
use crate::part::merge_parts::MergeFailure;
use crate::part::open::Part;
use arrow_array::Array;

/// What is known of an input's deleted records.
#[derive(Debug, Default)]
pub(crate) struct LeftOut {
    /// How many there are.
    pub(crate) records: u64,
    /// All of its records.
    all: u64,
    /// For each shape whether another record has it; `None` when nothing is left out.
    used_shapes: Option<Vec<bool>>,
    /// For each shape whether a record that is left out has it.
    left_shapes: Vec<bool>,
}

impl LeftOut {
    /// Looks at an input. Reads two columns of the row groups that may hold deleted records; when some do, the shapes of
    /// all.
    pub(crate) fn of(
        number: usize,
        part: &Part,
        hidden: &HiddenSequences,
        has_shapes: bool,
    ) -> Result<LeftOut, MergeFailure> {
        let groups = part.groups().map_err(|error| MergeFailure::input(number, &error))?;
        let all = groups.iter().map(|group| group.records() as u64).sum();
        let mut left_out = LeftOut { all, ..LeftOut::default() };
        for group in groups.iter().filter(|group| hidden.meets(group.sequence_range())) {
            let batch = group.clone().open();
            let count = hidden.count_among(batch.sequences());
            sound(number, &batch)?;
            left_out.records += count;
        }
        if left_out.records > 0 && has_shapes {
            let (mut used, mut left) = (Vec::new(), Vec::new());
            for group in groups {
                let batch = group.open();
                mark_shapes(&batch, hidden, &mut used, &mut left);
                sound(number, &batch)?;
            }
            left_out.used_shapes = Some(used);
            left_out.left_shapes = left;
        }
        Ok(left_out)
    }

    /// True when none of the input's records is left.
    pub(crate) fn is_all(&self) -> bool {
        self.records == self.all
    }

    /// True when a record that stays has the shape.
    pub(crate) fn has_shape(&self, number: usize) -> bool {
        self.used_shapes.as_ref().is_none_or(|used| used.get(number).copied().unwrap_or(false))
    }

    /// True when a record that is left out has the shape.
    pub(crate) fn had_shape(&self, number: usize) -> bool {
        self.left_shapes.get(number).copied().unwrap_or(false)
    }
}

/// The records of a batch that stay; `None` for all of them.
pub(crate) fn staying<'a>(batch: &'a Batch, hidden: &'a HiddenSequences) -> Option<impl Fn(usize) -> bool + use<'a>> {
    hidden.meets(batch.sequence_range()).then(|| {
        let sequences = batch.sequences();
        move |row: usize| !hidden.hides(sequences[row])
    })
}

fn mark_shapes(batch: &Batch, hidden: &HiddenSequences, used: &mut Vec<bool>, left: &mut Vec<bool>) {
    let Some(shapes) = batch.shapes() else { return };
    let stays = staying(batch, hidden);
    let stays = |row: usize| stays.as_ref().is_none_or(|stays| stays(row));
    for row in (0..shapes.len()).filter(|row| shapes.is_valid(*row)) {
        let marked = if stays(row) { &mut *used } else { &mut *left };
        let number = shapes.value(row) as usize;
        if marked.len() <= number {
            marked.resize(number + 1, false);
        }
        marked[number] = true;
    }
}

fn sound(number: usize, batch: &Batch) -> Result<(), MergeFailure> {
    batch.damage().map_or(Ok(()), |error| Err(MergeFailure::input(number, error)))
}
