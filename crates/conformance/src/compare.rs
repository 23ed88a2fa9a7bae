//! How far numbers lie from what was wanted, as multiples of what is allowed.

use crate::file::CaseError;

/// How close two numbers must be: `|got - want| <= atol + rtol · |want|`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    pub rtol: f64,
    pub atol: f64,
}

/// The number that lies farthest off.
#[derive(Clone, Debug, PartialEq)]
pub struct Deviation {
    /// Which result: `fast d_input`.
    pub what: String,
    pub place: usize,
    pub of: usize,
    pub got: f64,
    pub want: f64,
    /// Distance by what is allowed: above 1 is too far. Infinite where the number is none.
    pub tolerances: f64,
}

impl std::fmt::Display for Deviation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { what, place, of, got, want, tolerances } = self;
        write!(f, "{what}, number {place} of {of}: got {got}, want {want}, {tolerances:.3} times what is allowed")
    }
}

/// All comparisons of a case.
#[derive(Debug)]
pub struct Comparison {
    within: Tolerance,
    worst: Option<Deviation>,
}

impl Comparison {
    pub fn new(within: Tolerance) -> Self {
        Self { within, worst: None }
    }

    /// Takes in one result.
    ///
    /// # Errors
    /// Another count of numbers.
    pub fn add(&mut self, what: &str, got: &[f64], want: &[f64]) -> Result<(), CaseError> {
        if got.len() != want.len() {
            return Err(CaseError::Length { what: what.to_owned(), got: got.len(), want: want.len() });
        }
        for (place, (&got, &want)) in got.iter().zip(want).enumerate() {
            let tolerances = self.within.of(got, want);
            if self.worst.as_ref().is_none_or(|worst| tolerances > worst.tolerances) {
                self.worst = Some(Deviation { what: what.to_owned(), place, of: 0, got, want, tolerances });
            }
        }
        if let Some(worst) = self.worst.as_mut().filter(|worst| worst.of == 0) {
            worst.of = want.len();
        }
        Ok(())
    }

    /// The worst of all.
    ///
    /// # Errors
    /// Where not one number was compared: such a case shows nothing.
    pub fn worst(self) -> Result<Deviation, CaseError> {
        self.worst.ok_or(CaseError::Nothing)
    }
}

impl Tolerance {
    /// The distance as a multiple of what is allowed.
    fn of(self, got: f64, want: f64) -> f64 {
        // Infinities agree with themselves; what is no number where none was wanted does, too.
        if got == want || (got.is_nan() && want.is_nan()) {
            return 0.0;
        }
        let share = (got - want).abs() / (self.atol + self.rtol * want.abs());
        // An infinite wish allows no distance.
        if share.is_nan() || want.is_infinite() { f64::INFINITY } else { share }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worst(got: &[f64], want: &[f64]) -> Deviation {
        let mut comparison = Comparison::new(Tolerance { rtol: 0.5, atol: 1.0 });
        comparison.add("it", &[], &[]).unwrap();
        comparison.add("it", got, want).unwrap();
        comparison.worst().unwrap()
    }

    #[test]
    fn the_worst_number_is_named() {
        let found = worst(&[1.0, 2.0, 7.0], &[1.0, 3.0, 4.0]);
        assert_eq!(found, Deviation { what: "it".into(), place: 2, of: 3, got: 7.0, want: 4.0, tolerances: 1.0 });
        assert_eq!(worst(&[0.0], &[0.0]).tolerances, 0.0);
    }

    #[test]
    fn what_is_no_number_is_infinitely_far() {
        for (got, want) in [(f64::NAN, 1.0), (1.0, f64::NAN), (f64::INFINITY, 1.0), (1.0, f64::INFINITY), (f64::INFINITY, -f64::INFINITY)] {
            assert_eq!(worst(&[0.0, got], &[0.0, want]).tolerances, f64::INFINITY, "{got} {want}");
        }
        assert_eq!(worst(&[f64::NAN, f64::INFINITY], &[f64::NAN, f64::INFINITY]).tolerances, 0.0);
    }

    #[test]
    fn nothing_allowed_and_nothing_compared() {
        let mut exact = Comparison::new(Tolerance { rtol: 0.0, atol: 0.0 });
        assert!(matches!(exact.add("it", &[1.0], &[]), Err(CaseError::Length { got: 1, want: 0, .. })));
        exact.add("it", &[2.0, 1.0], &[2.0, 1.5]).unwrap();
        assert_eq!(exact.worst().unwrap().tolerances, f64::INFINITY);
        assert!(matches!(Comparison::new(Tolerance { rtol: 1.0, atol: 1.0 }).worst(), Err(CaseError::Nothing)));
    }
}
