//! "Did you mean": the nearest of the names that would be right.

/// Longest name that is compared, and most names that one is compared with: the search stays cheap on any input.
const MAX_COMPARED_CHARS: usize = 40;
const MAX_CANDIDATES: usize = 256;

/// The candidate that is nearest to `found`, where one is near enough to be meant.
pub(crate) fn nearest<'c>(found: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let letters: Vec<char> = found.chars().take(MAX_COMPARED_CHARS + 1).collect();
    if letters.len() > MAX_COMPARED_CHARS {
        return None;
    }
    let bound = (letters.len() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .take(MAX_CANDIDATES)
        .filter_map(|candidate| Some((distance(&letters, candidate)?, candidate)))
        .filter(|(distance, _)| *distance <= bound)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Letters to change, insert, drop or swap with their neighbour (optimal string alignment); none for a long candidate.
fn distance(found: &[char], candidate: &str) -> Option<usize> {
    let target: Vec<char> = candidate.chars().take(MAX_COMPARED_CHARS + 1).collect();
    if target.len() > MAX_COMPARED_CHARS {
        return None;
    }
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=target.len()).collect();
    let mut previous_letter = None;
    for (row, letter) in found.iter().enumerate() {
        let mut current = vec![row + 1];
        let mut previous_target = None;
        for (column, wanted) in target.iter().enumerate() {
            let changed = last.get(column)? + usize::from(letter != wanted);
            let mut best = changed.min(last.get(column + 1)? + 1).min(current.get(column)? + 1);
            if previous_letter == Some(wanted) && previous_target == Some(letter) {
                best = best.min(before_last.get(column.checked_sub(1)?)? + 1);
            }
            current.push(best);
            previous_target = Some(wanted);
        }
        before_last = std::mem::replace(&mut last, current);
        previous_letter = Some(letter);
    }
    last.last().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_recognised_and_another_word_is_not() {
        let keys = ["category", "level", "keep", "from"];
        for (found, meant) in
            [("catgeory", "category"), ("categories", "category"), ("keeps", "keep"), ("form", "from")]
        {
            assert_eq!(nearest(found, keys), Some(meant), "{found}");
        }
        for found in ["retention", "", "xyz", &"level".repeat(100)] {
            assert_eq!(nearest(found, keys), None, "{found}");
        }
    }
}
