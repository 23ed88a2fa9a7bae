//! One small network that a figure trains at the press of a button, and whose weights it then has.

use leptos::prelude::*;
use protocol::{RunSpec, TrainSpec};

use super::{
    desk::Desk,
    trained::{Job, Stage, Trained},
    training::Course,
};

/// Of the weights at the start, and of all that training draws.
pub const SEED: u32 = 1;

/// Copying is free.
#[derive(Clone, Copy)]
pub struct Trainee {
    desk: Desk,
    course: Course,
    spec: StoredValue<RunSpec>,
    /// For the first press; every further one begins again, and goes as far again as the one before.
    steps: u32,
    goal: RwSignal<u32>,
    /// All weights in the order of the graph; empty until the network trains.
    pub weights: Memo<Vec<f32>>,
    /// Updates that have been made.
    pub step: Memo<u32>,
}

impl Trainee {
    /// It is nothing but a plan, until it is told to train; it ends with the figure.
    pub fn new(desk: Desk, model: engine::ModelSpec, steps: u32) -> Self {
        let train = TrainSpec { seed: SEED, epochs: 20, ..TrainSpec::default() };
        let course = Course::new(desk);
        let of = move |tell: fn(&Trained) -> u32| course.trained.with(|all| all.first().map_or(0, tell));
        let newest = move || course.trained.with(|all| all.first()?.newest().map(|m| m.weights.to_vec()));
        Self {
            desk,
            course,
            spec: StoredValue::new(RunSpec { model, train }),
            steps,
            goal: RwSignal::new(0),
            weights: Memo::new(move |_| newest().unwrap_or_default()),
            step: Memo::new(move |_| of(|t| t.progress.step)),
        }
    }

    fn train(self) {
        if !self.course.is_busy() {
            self.goal.update(|goal| *goal += self.steps);
            self.course.start(vec![Job::new(self.spec.get_value(), self.goal.get_untracked())]);
        }
    }

    /// A button that trains, and how far it has come.
    pub fn view(self) -> AnyView {
        if self.desk.printed {
            return ().into_any();
        }
        let busy = move || self.course.is_busy();
        let name = move || match (busy(), self.goal.get()) {
            (true, _) => "Training …".to_owned(),
            (false, 0) => format!("Train for {} steps", self.steps),
            (false, goal) => format!("Train for {} steps", goal + self.steps),
        };
        let told = move || self.course.trained.with(|all| all.first().map_or_else(|| "not trained yet".to_owned(), told));
        view! {
            <div class="trainee">
                <button class="primary" data-testid="train" disabled=busy on:click=move |_| self.train()>{name}</button>
                <span class="number" role="status" data-testid="trained">{told}</span>
            </div>
        }
        .into_any()
    }
}

fn told(trained: &Trained) -> String {
    let step = trained.progress.step;
    match (trained.stage, trained.accuracy) {
        _ if !trained.trouble.is_empty() => trained.trouble.clone(),
        (_, Some(share)) => format!("step {step} · {:.1} % of the test digits right", 100.0 * share),
        (Stage::Waits | Stage::Opens, _) => "waits for the digits".to_owned(),
        (Stage::Scores, _) => format!("step {step} · looks at the test digits"),
        _ => format!("step {step}"),
    }
}
