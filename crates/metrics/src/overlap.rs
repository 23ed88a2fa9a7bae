//! How much of two masks agrees.

use crate::MetricError;

/// Overlap of a predicted and a true mask, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overlap {
    /// Intersection over union (Jaccard): `|A ∩ B| / |A ∪ B|`.
    pub iou: f64,
    /// `2 · |A ∩ B| / (|A| + |B|)`.
    pub dice: f64,
}

/// Overlap of two masks; 1 where both are empty, for they agree.
///
/// # Errors
/// Masks of different lengths.
pub fn overlap(predicted: &[bool], truth: &[bool]) -> Result<Overlap, MetricError> {
    if predicted.len() != truth.len() {
        return Err(MetricError::Masks { got: predicted.len(), want: truth.len() });
    }
    let both = predicted.iter().zip(truth).filter(|(a, b)| **a && **b).count();
    let sum = predicted.iter().chain(truth).filter(|x| **x).count();
    if sum == 0 {
        return Ok(Overlap { iou: 1.0, dice: 1.0 });
    }
    Ok(Overlap { iou: both as f64 / (sum - both) as f64, dice: 2.0 * both as f64 / sum as f64 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlap_worked_by_hand() {
        let (a, b) = ([true, true, true, false], [false, true, true, true]);
        assert_eq!(overlap(&a, &b), Ok(Overlap { iou: 0.5, dice: 4.0 / 6.0 }));
        assert_eq!(overlap(&a, &[false; 4]), Ok(Overlap { iou: 0.0, dice: 0.0 }));
        assert_eq!(overlap(&[false; 4], &[false; 4]), Ok(Overlap { iou: 1.0, dice: 1.0 }));
        assert_eq!(overlap(&a, &b[1..]), Err(MetricError::Masks { got: 4, want: 3 }));
    }
}
