//! `kernelscope conformance`.

use conformance::{Backend, Report};
use engine::backend::gpu::{Card, reader::block_on};

use crate::{
    arguments::{Computes, Conformance},
    error::Error,
};

pub fn run(order: &Conformance) -> Result<(), Error> {
    let on = match order.backend {
        Computes::Cpu => Backend::Cpu,
        Computes::Gpu => {
            let card = block_on(Card::open()).map_err(|error| Error::NoCard { asked: "gpu", why: format!("{error}.") })?;
            eprintln!("gpu on {}", card.info.name);
            Backend::Card(card)
        }
    };
    let report = block_on(conformance::run(&order.folder, order.suite.as_deref(), &on))?;
    if order.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print!("{report}");
    }
    verdict(&report)
}

fn verdict(report: &Report) -> Result<(), Error> {
    if report.is_passed() { Ok(()) } else { Err(Error::Conformance { failed: report.failed, all: report.passed + report.failed }) }
}
