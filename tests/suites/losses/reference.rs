//! Losses written down naively in `f64`, from the formulas in PyTorch's documentation.

use engine::LossSpec;

/// What one example is compared with.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    pub label: Option<usize>,
    pub row: Option<&'a [f64]>,
}

impl Wanted<'_> {
    fn class(&self) -> usize {
        self.label.unwrap_or_else(|| {
            let row = self.row.unwrap();
            (0..row.len()).rev().max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap()
        })
    }

    /// The row, or the one-hot vector.
    fn row(&self, outputs: usize) -> Vec<f64> {
        self.row.map_or_else(|| one_hot(self.label.unwrap(), outputs), <[f64]>::to_vec)
    }
}

fn one_hot(class: usize, outputs: usize) -> Vec<f64> {
    (0..outputs).map(|j| f64::from(u8::from(j == class))).collect()
}

fn log_softmax(scores: &[f64]) -> Vec<f64> {
    let highest = scores.iter().copied().fold(f64::MIN, f64::max);
    let log_sum = highest + scores.iter().map(|s| (s - highest).exp()).sum::<f64>().ln();
    scores.iter().map(|s| s - log_sum).collect()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn mean(terms: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = terms.len() as f64;
    terms.sum::<f64>() / count
}

/// The loss of one example. `share` is count / sum of the batch's class weights, by those weights.
pub fn value(spec: &LossSpec, x: &[f64], wanted: Wanted<'_>, share: &dyn Fn(&[f32]) -> f64) -> f64 {
    let (n, t) = (x.len(), wanted.row(x.len()));
    let each = x.iter().zip(&t);
    match spec {
        LossSpec::CrossEntropy(settings) => {
            let epsilon = f64::from(settings.label_smoothing);
            let target = wanted.label.map_or(t, |label| one_hot(label, n));
            let weight = |j: usize| settings.weight.get(j).map_or(1.0, |w| f64::from(*w));
            let log = log_softmax(x);
            let terms = (0..n).map(|j| -weight(j) * ((1.0 - epsilon) * target[j] + epsilon / n as f64) * log[j]);
            terms.sum::<f64>() * share(&settings.weight)
        }
        LossSpec::Mse(_) => mean(each.map(|(x, t)| (x - t).powi(2))),
        LossSpec::L1(_) => mean(each.map(|(x, t)| (x - t).abs())),
        LossSpec::Hinge(settings) => {
            let class = wanted.class();
            let lack = |j: usize| (f64::from(settings.margin) - x[class] + x[j]).max(0.0);
            (0..n).filter(|j| *j != class).map(lack).sum::<f64>() / n as f64
        }
        LossSpec::Focal(settings) => {
            let log = log_softmax(x)[wanted.class()];
            -(1.0 - log.exp()).powf(f64::from(settings.gamma)) * log
        }
        LossSpec::BceWithLogits(_) => mean(each.map(|(x, t)| -t * sigmoid(*x).ln() - (1.0 - t) * sigmoid(-x).ln())),
        LossSpec::Dice(settings) => {
            let smooth = f64::from(settings.smooth);
            let (both, sum): (f64, f64) = each.fold((0.0, 0.0), |(b, s), (x, t)| (b + sigmoid(*x) * t, s + sigmoid(*x) + t));
            1.0 - (2.0 * both + smooth) / (sum + smooth)
        }
        LossSpec::Distillation(settings) => {
            let (temperature, alpha) = (f64::from(settings.temperature), f64::from(settings.alpha));
            let softened = |scores: &[f64]| log_softmax(&scores.iter().map(|s| s / temperature).collect::<Vec<_>>());
            let student = softened(x);
            let divergence: f64 = match wanted.row {
                Some(row) => softened(row).iter().zip(&student).map(|(t, s)| t.exp() * (t - s)).sum(),
                None => -student[wanted.class()],
            };
            alpha * temperature.powi(2) * divergence - (1.0 - alpha) * log_softmax(x)[wanted.class()]
        }
        LossSpec::Sum(sum) => sum.terms.iter().map(|term| f64::from(term.weight) * value(&term.loss, x, wanted, share)).sum(),
    }
}
