//! Networks that train side by side, from one seed and on the same digits.

use std::sync::Arc;

use data::{OwnImages, PIXELS};
use engine::rng::{Stream, shuffle};
use figures::Range;
use leptos::prelude::*;
use protocol::Progress;

use super::nets::{Net, STEPS};
use crate::{
    learn::{
        chart::{Axes, Chart, Line},
        desk::Desk,
        digits::Digits,
        grid::{Grid, Look, Matrix},
        part::part,
        trained::{Job, Trained, smooth},
        training::Course,
    },
    reaction::live,
    widgets::number,
};

/// Digits that a small training set has.
pub const FEW: u32 = 500;
const ORDER_SEED: u32 = 7;
/// MLP and CNN, under one condition and then under another.
pub const DUEL: [Net; 4] = [Net::Mlp, Net::Cnn, Net::Mlp, Net::Cnn];

/// Where each pixel comes from: one order for all images.
pub fn order() -> Vec<u32> {
    let mut order: Vec<u32> = (0..PIXELS as u32).collect();
    shuffle(&mut order, ORDER_SEED, Stream::SHUFFLE);
    order
}

pub fn shuffled<T: Copy>(image: &[T]) -> Vec<T> {
    order().iter().filter_map(|from| image.get(*from as usize)).copied().collect()
}

/// MLP and CNN, side by side.
pub fn duel() -> Vec<Job> {
    DUEL[..2].iter().map(|net| net.job()).collect()
}

/// On all digits, then on few of them.
pub fn few() -> Vec<Vec<Job>> {
    let mut second = duel();
    for job in &mut second {
        job.spec.train.selection.subset = FEW;
        // An epoch is short now, and scored at its end: by fewer digits, so that it does not take long.
        job.spec.train.selection.validation = 100;
    }
    vec![duel(), second]
}

fn own(digits: &Digits, change: impl Fn(&[u8]) -> Vec<u8>) -> Option<Arc<Vec<u8>>> {
    let mut own = OwnImages::default();
    for (image, label) in digits.greys.chunks_exact(PIXELS).zip(digits.labels.iter()) {
        own.add(change(image).as_slice().try_into().ok()?, *label).ok()?;
    }
    Some(Arc::new(own.to_bytes()))
}

/// On digits as they are, then on the same with their pixels shuffled.
pub fn mixed(digits: &Digits) -> Option<Vec<Vec<Job>>> {
    let sets = [own(digits, <[u8]>::to_vec)?, own(digits, shuffled)?];
    Some(sets.iter().map(|set| duel().into_iter().map(|job| job.on(Arc::clone(set))).collect()).collect())
}

/// What is compared: networks, under what, whose part of the course.
#[derive(Clone, Copy)]
pub struct Race {
    pub desk: Desk,
    pub course: Course,
    pub nets: &'static [Net],
    /// What stands behind the names of the first and of the last two; empty for nothing.
    pub conditions: [&'static str; 2],
    /// The fact that tells that all have been scored.
    pub measured: &'static str,
}

impl Race {
    /// Those of the last condition are drawn strong, the others faint.
    fn is_faint(self, i: usize) -> bool {
        self.nets.len() > 3 && i < 2
    }

    pub fn curves(self) -> AnyView {
        let lines = Memo::new(move |_| {
            self.course.trained.with(|all| {
                let line = |(i, net): (usize, &Net)| {
                    let points = all.get(i).map_or_else(Vec::new, |t| smooth(&t.points, |p: &Progress| p.accuracy));
                    Line { mark: net.mark(), faint: self.is_faint(i), points, dots: false }
                };
                self.nets.iter().enumerate().map(line).collect::<Vec<_>>()
            })
        });
        let axes = Signal::stored(Axes::accuracy(STEPS));
        let inner = Chart::new("race-curve", "Right answers in training, by steps", axes, lines).view(self.desk);
        part(self.desk, "sum", "Right answers in training".to_owned(), String::new(), inner)
    }

    /// A bar for each: how many of the test digits it gets right.
    pub fn bars(self) -> AnyView {
        const FACTS: [&str; 4] = ["first", "second", "third", "fourth"];
        let Self { desk, course, nets, conditions, measured } = self;
        let found =
            Memo::new(move |_| course.trained.with(|all| (0..nets.len()).map(|i| all.get(i).and_then(|t| t.accuracy)).collect::<Vec<_>>()));
        Effect::new(move |_| {
            let found = found.get();
            for (name, share) in FACTS.into_iter().zip(&found) {
                desk.report(name, share.unwrap_or(f64::NAN));
            }
            let all = found.iter().all(Option::is_some);
            desk.report(measured, f64::from(u8::from(all)));
            let of = |i: usize| found.get(i).copied().flatten().map_or_else(|| "–".to_owned(), number::percent);
            let last = nets.len().saturating_sub(2).min(2);
            desk.live.set(format!(
                "<mtext>MLP</mtext><mspace width=\"0.4em\"/><mn class=\"result\">{}</mn><mspace width=\"1em\"/><mtext>CNN</mtext><mspace width=\"0.4em\"/><mn class=\"result\">{}</mn>",
                of(if nets.len() > 3 { last } else { 0 }),
                of(if nets.len() > 3 { last + 1 } else { 1 })
            ));
        });
        let row = move |(i, net): (usize, &Net)| {
            let (net, under) = (*net, conditions[usize::from(i >= 2)]);
            let share = Memo::new(move |_| found.with(|f| f.get(i).copied().flatten()));
            let stands = move || course.trained.with(|all| all.get(i).unwrap_or(&Trained::default()).stands());
            let name = if under.is_empty() { net.name().to_owned() } else { format!("{}, {under}", net.name()) };
            view! {
                <div class="share" class:pale=self.is_faint(i)><span class=format!("name-{}", net.mark())>{name}</span>
                    <span class="share-bar"><i class=format!("of-{}", net.mark()) style=move || format!("width:{:.1}%", 100.0 * share.get().unwrap_or(0.0))></i></span>
                    <output class="number" data-testid=format!("share-{i}")>{live(stands)}</output></div>
            }
            .into_any()
        };
        let bars = view! { <div class="shares">{nets.iter().enumerate().map(row).collect_view()}</div> }.into_any();
        part(desk, "output", "Right answers on test digits".to_owned(), String::new(), bars)
    }

    pub fn view(self) -> AnyView {
        view! { <div class="race">{self.curves()}<div class="race-side">{self.bars()}</div></div> }.into_any()
    }
}

/// The two networks as rows of a table.
pub fn table() -> AnyView {
    let row = |net: Net| {
        let [weights, work, _] = net.price(data::SIDE).unwrap_or_default();
        view! {
            <tr><th scope="row" class=format!("name-{}", net.mark())>{net.name()}</th>
                <td class="number" data-testid=format!("weights-{}", net.slug())>{number::grouped(weights)}</td><td class="number">{number::grouped(work)}</td></tr>
        }
        .into_any()
    };
    view! {
        <table>
            <thead><tr><th scope="col"></th><th scope="col">"weights"</th><th scope="col">"multiplications"</th></tr></thead>
            <tbody>{[Net::Mlp, Net::Cnn].map(row).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

/// The person's image, and the same with its pixels in the other order.
pub fn pictures(desk: Desk) -> AnyView {
    let sample = desk.sample();
    let look = Look { range: Some(Range { lo: 0.0, hi: 1.0 }), ..Look::default() };
    let plain = Memo::new(move |_| Matrix::new(data::SIDE, data::SIDE, sample.get()));
    let other = Memo::new(move |_| Matrix::new(data::SIDE, data::SIDE, shuffled(&sample.get())));
    let plain = Grid::new("plain", Signal::stored("Your image".to_owned()), plain).look(look);
    let other = Grid::new("shuffled", Signal::stored("Your image, its pixels shuffled".to_owned()), other).look(look);
    view! {
        <div class="pictures">
            {part(desk, "input", "Your image".to_owned(), String::new(), plain.view(desk))}
            {part(desk, "sum", "Its pixels shuffled".to_owned(), String::new(), other.view(desk))}
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_are_shuffled_and_none_is_lost() {
        let image: Vec<u16> = (0..PIXELS as u16).collect();
        let mut other = shuffled(&image);
        assert!(other.iter().zip(&image).filter(|(a, b)| a == b).count() < 10);
        other.sort_unstable();
        assert_eq!(other, image);
    }

    #[test]
    fn jobs_are_fair() {
        let digits = Digits { greys: Arc::new(vec![9; 20 * PIXELS]), labels: Arc::new(vec![3; 20]) };
        for heats in [few(), mixed(&digits).unwrap()] {
            assert_eq!(heats.len() * heats[0].len(), DUEL.len());
            for heat in heats {
                assert!(heat.iter().all(|job| job.spec.train.check().is_ok() && job.own == heat[0].own));
                let entries = heat.iter().map(|job| job.spec.clone()).collect();
                assert_eq!(protocol::Race { entries, steps: STEPS }.check(), Ok(()));
            }
        }
    }
}
