//! What the page promises of its default network, and that the terminal's program, which runs the
//! same session, reaches that figure too.

use std::{path::Path, time::Instant};

use data::Dataset;
use protocol::{Command, EvalSet, Event, Message, RunId, RunSpec};
use trainer::Session;

use crate::stage::{drive, report};

/// Of the 10,000 test digits, after three epochs.
const PROMISED: f64 = 0.985;
/// Share of the digits by which page and native program may differ.
const APART: f64 = 0.005;

/// Trains the default run to its end in this process: accuracy on the validation and the test digits.
fn native() -> [f64; 2] {
    let digits = Dataset::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/mnist")).unwrap();
    let (mut session, start, run) = (Session::new(digits), Instant::now(), RunId(1));
    let mut now_ms = || start.elapsed().as_secs_f64() * 1e3;
    session.handle(Message::from(Command::Open { run, spec: RunSpec::default() }), 0.0);
    session.handle(Message::from(Command::Play { run }), 0.0);
    let (mut validation, mut test) = (None, None);
    loop {
        for message in session.take_events() {
            match message.head {
                Event::Evaluated { score, .. } if score.set == EvalSet::Test => test = Some(score.accuracy),
                Event::Evaluated { score, .. } => validation = Some(score.accuracy),
                Event::Finished { .. } => return [validation, test].map(|a| a.expect("a run ends with both scores")),
                Event::Opened { .. }
                | Event::Played { .. }
                | Event::Progressed { .. }
                | Event::DataArrived { .. }
                | Event::Ready { .. } => {}
                other => panic!("unexpected: {other:?}"),
            }
        }
        session.turn(100.0, &mut now_ms);
    }
}

#[test]
fn three_epochs_in_the_page_give_the_figure_of_the_native_program() {
    drive(async |page| {
        let natively = std::thread::spawn(native);
        page.open("").await;
        page.until("the end of the run", 220, "return window.__kernelscope?.finished === true;").await;
        let mut reached = Vec::new();
        for name in ["validationAccuracy", "testAccuracy"] {
            reached.push(page.hook(name).await.as_f64().unwrap_or_else(|| panic!("no {name} at the end")));
        }
        report(&format!(
            "three epochs in the page: {:.2} % of the validation digits, {:.2} % of the test digits",
            100.0 * reached[0],
            100.0 * reached[1]
        ));
        assert!(reached[1] >= PROMISED, "{reached:?}");
        // A processor that fuses products and sums rounds otherwise than the page, and 2,343 steps carry that on.
        for (here, there) in reached.iter().zip(natively.join().unwrap()) {
            assert!((here - there).abs() <= APART, "{here} in the page, {there} natively");
        }
        assert_eq!(page.text("state").await, "finished");
        page.screenshot("finished").await;
    });
}
