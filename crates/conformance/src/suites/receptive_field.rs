//! What a unit sees, by the engine's rule, on a network of convolutions. The files' layers have one
//! axis; here both axes are that one.

use engine::{Graph, Init, ModelSpec, Pair, Shape, graph::EXTENT_LIMIT, ops::Conv2d};
use serde_json::Value;

use crate::{
    attributes,
    compare::Comparison,
    file::{CaseError, GoldenCase},
};

pub fn check(case: &GoldenCase, into: &mut Comparison) -> Result<(), CaseError> {
    if case.op != "receptive_field" {
        return Err(CaseError::NotAvailable(format!("the question `{}`", case.op)));
    }
    case.gives_only(&[], &[])?;
    let listed = case.list("layers")?;
    let layer = |layer: &Value| -> Result<_, CaseError> {
        let square = |key| Ok::<_, CaseError>(Pair::square(attributes::count(layer, key)?));
        let conv = Conv2d {
            out_ch: 1,
            kernel: square("kernel")?,
            stride: square("stride")?,
            dilation: square("dilation")?,
            bias: false,
            ..Conv2d::default()
        };
        Ok(conv.into())
    };
    let layers: Vec<_> = listed.iter().map(layer).collect::<Result<_, _>>()?;
    // The largest image there is: what a unit sees does not depend on it, and nothing is computed.
    let graph = Graph::check(&ModelSpec { input: Shape::new(1, EXTENT_LIMIT, EXTENT_LIMIT), layers, init: Init::default() })?;
    let mut last = [0; 2];
    for (i, (node, layer)) in graph.nodes.iter().zip(listed).enumerate() {
        for axis in 0..2 {
            last = [node.reach.size[axis], node.reach.jump[axis]];
            let want = [attributes::count(layer, "rf")?, attributes::count(layer, "jump")?];
            into.add(&format!("field and jump after layer {}", i + 1), &last.map(|n| n as f64), &want.map(|n| n as f64))?;
        }
    }
    let want = [case.count("final_rf")?, case.count("final_jump")?];
    into.add("field and jump of the network", &last.map(|n| n as f64), &want.map(|n| n as f64))
}
