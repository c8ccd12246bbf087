//! The known word that a mistyped one most likely means.

/// The nearest of the known words, when it is near: at most two letters differ or are swapped, and not all of them.
pub(crate) fn nearest<'k>(typed: &str, known: &[&'k str]) -> Option<&'k str> {
    let typed: Vec<char> = typed.to_lowercase().chars().take(TYPED_CHARACTERS_MAX).collect();
    let distances = known.iter().map(|word| (distance(&typed, &word.chars().collect::<Vec<_>>()), *word));
    let (least, word) = distances.min_by_key(|(distance, _)| *distance)?;
    (least <= 2 && least < word.chars().count().min(typed.len())).then_some(word)
}

/// A longer word is like none that is known.
const TYPED_CHARACTERS_MAX: usize = 32;

/// Insertions, deletions, replacements and swaps of neighbours between two words (optimal string alignment).
fn distance(left: &[char], right: &[char]) -> usize {
    let mut before_last: Vec<usize> = vec![];
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (row, here) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, there) in right.iter().enumerate() {
            let replaced = last[column] + usize::from(here != there);
            let mut best = replaced.min(last[column + 1] + 1).min(current[column] + 1);
            let is_swap = row > 0 && column > 0 && left[row - 1] == *there && right[column - 1] == *here;
            if is_swap {
                best = best.min(before_last[column - 1] + 1);
            }
            current.push(best);
        }
        before_last = std::mem::replace(&mut last, current);
    }
    last[right.len()]
}

#[cfg(test)]
mod tests;
