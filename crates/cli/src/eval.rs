//! `kernelscope eval`.

use std::fs;

use figures::Confusion;
use protocol::{EvalSet, Score};
use serde::Serialize;

use crate::{arguments::Eval, digits, driver::Driver, error::Error, source, table};

/// What `--json` prints.
#[derive(Serialize)]
struct Outcome<'a> {
    #[serde(flatten)]
    score: &'a Score,
    classes: Vec<Class>,
}

#[derive(Serialize)]
struct Class {
    precision: Option<f64>,
    recall: Option<f64>,
    f1: Option<f64>,
    count: u64,
}

pub fn run(order: &Eval) -> Result<(), Error> {
    let bytes = fs::read(&order.weights).map_err(|cause| Error::Read { path: order.weights.clone(), cause })?;
    let mut spec = source::network(&order.network, &order.weights, &bytes)?;
    spec.train.data = digits::source(order.data.as_deref(), spec.train.data);
    let data = digits::of(spec.train.data, order.data.as_deref())?;
    let mut driver = Driver::open(data, &spec, order.backend, order.threads)?;
    driver.load(bytes).map_err(|error| unusable(order, error))?;
    let score = driver.score(order.set.into())?;
    let confusion = Confusion::new(data::CLASSES, score.confusion.clone())?;
    if order.json {
        let classes = (0..confusion.classes()).map(|c| Class {
            precision: confusion.precision(c),
            recall: confusion.recall(c),
            f1: confusion.f1(c),
            count: confusion.support(c),
        });
        println!("{}", serde_json::to_string(&Outcome { score: &score, classes: classes.collect() })?);
        return Ok(());
    }
    let set = if score.set == EvalSet::Test { "test" } else { "validation" };
    println!(
        "{set} accuracy {:.2} %, loss {:.4} ({} of {} {}s)",
        100.0 * score.accuracy,
        score.loss,
        confusion.correct(),
        score.count,
        spec.train.data.noun()
    );
    if let Some(q) = &score.quality {
        println!("among the two most probable {:.2} %, among three {:.2} %", 100.0 * q.top_2, 100.0 * q.top_3);
        println!("calibration error {:.4}, Brier score {:.4}", q.ece, q.brier);
    }
    print!("\n{}", table::report(&confusion, score.quality.as_ref(), spec.train.data));
    Ok(())
}

fn unusable(order: &Eval, error: Error) -> Error {
    match error {
        Error::Declined { message } => Error::Weights { path: order.weights.clone(), message },
        other => other,
    }
}
