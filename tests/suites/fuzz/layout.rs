//! Walks a plan's steps over a map of who wrote each number last: what a step reads must be what
//! the step before it wrote, whole and not yet overwritten.

use engine::{
    Graph, Mode, NodeId, Plan,
    graph::Feed,
    plan::{Source, Step},
};
use std::ops::Range;

const NOBODY: usize = usize::MAX;
/// A gradient that is added to another at once.
const SUMMAND: usize = usize::MAX - 1;

/// Fails where the plan would read a number that something else has written over.
pub fn check(plan: &Plan) {
    let (graph, regions) = (&plan.graph, plan.regions);
    for (range, size) in plan.steps.iter().flat_map(|s| {
        let grads = s.inputs.iter().filter_map(|i| i.grad.as_ref()).flat_map(|g| [Some(g.range.clone()), g.sum.clone()]);
        let own = [
            (s.output.clone(), regions.activations),
            (s.d_output.clone(), regions.activation_grads),
            (s.saved.clone(), regions.saved),
            (s.params.clone(), regions.params),
            (s.state.clone(), regions.state),
        ];
        grads.flatten().map(|range| (range, regions.activation_grads)).chain(own)
    }) {
        assert!(range.start <= range.end && range.end <= size.max(range.start), "{range:?} lies outside of {size}");
    }
    assert_disjoint("saved", plan.steps.iter().map(|s| s.saved.clone()));
    assert_disjoint("params", plan.steps.iter().map(|s| s.params.clone()));
    assert_disjoint("state", plan.steps.iter().map(|s| s.state.clone()));
    assert_eq!(plan.steps.iter().map(|s| s.params.len()).sum::<usize>(), graph.params_len(), "every parameter belongs to a step");

    // Forward: step i reads what the steps before it wrote.
    let mut writer = vec![NOBODY; regions.activations];
    for (i, step) in plan.steps.iter().enumerate() {
        let node = graph.node(step.at.node);
        assert_eq!(step.inputs.len(), node.inputs.len(), "step {i}: inputs");
        let shapes = std::iter::once(step.at.input).chain(step.at.others.iter().copied());
        for ((intake, shape), feed) in step.inputs.iter().zip(shapes).zip(&node.inputs) {
            let giver = match feed {
                Feed::Image => None,
                Feed::Node(id) if plan.shows_image(*id) => None,
                Feed::Node(id) => Some(producer(plan, graph, *id)),
            };
            assert_eq!(intake.from, giver, "step {i} takes in what another step gives");
            match (&intake.source, giver) {
                (Source::Image, None) => {}
                (Source::Activations(range), Some(giver)) => {
                    assert_eq!(range.len(), plan.batch * shape.len(), "step {i}: input");
                    assert!(apart(range, &step.output), "step {i} writes over its own input");
                    all_written_by(&writer, range, giver, &format!("an input of step {i}"));
                }
                (source, giver) => panic!("step {i} reads {source:?} from {giver:?}"),
            }
        }
        assert_eq!(step.output.len(), plan.batch * step.at.given().len(), "step {i}: output");
        writer[step.output.clone()].fill(i);
    }
    for id in (0..graph.nodes.len()).map(NodeId) {
        if let Some(range) = plan.output_of(id) {
            let i = producer(plan, graph, id);
            all_written_by(&writer, &range, i, &format!("the kept output of {}", graph.node(id).name));
        }
    }
    if plan.mode == Mode::Eval {
        return;
    }

    // Backward: every activation is still there, step i reads the gradient that all who read its output gave.
    for (i, step) in plan.steps.iter().enumerate() {
        all_written_by(&writer, &step.output, i, "an activation in the backward pass");
    }
    let mut writer = vec![NOBODY; regions.activation_grads];
    let count = plan.steps.len();
    let mut given = vec![false; count];
    writer[plan.d_logits()].fill(count - 1);
    for (i, step) in plan.steps.iter().enumerate().rev() {
        assert_eq!(step.d_output.len(), plan.batch * step.at.given().len(), "step {i}: d_output");
        all_written_by(&writer, &step.d_output, i, &format!("the gradient that step {i} receives"));
        for (k, intake) in step.inputs.iter().enumerate() {
            let Some(from) = intake.from else {
                assert_eq!(intake.grad, None, "step {i} gives the image a gradient");
                continue;
            };
            let grad = intake.grad.as_ref().unwrap_or_else(|| panic!("step {i}, input {k}: the gradient goes nowhere"));
            assert_eq!(grad.range.len(), plan.batch * plan.steps[from].at.given().len(), "step {i}, input {k}: d_input");
            assert!(apart(&grad.range, &step.d_output), "step {i} writes over the gradient that it reads");
            assert!(
                !step.inputs[..k].iter().any(|i| i.grad.as_ref().is_some_and(|g| !apart(&g.range, &grad.range))),
                "step {i}, input {k}"
            );
            match &grad.sum {
                Some(sum) => {
                    assert_eq!((sum, given[from]), (&plan.steps[from].d_output, true), "step {i}, input {k}: added to what nobody wrote");
                    writer[grad.range.clone()].fill(SUMMAND);
                    all_written_by(&writer, sum, from, &format!("the gradient to which step {i} adds"));
                }
                None => {
                    assert_eq!((&grad.range, given[from]), (&plan.steps[from].d_output, false), "step {i}, input {k}: written twice");
                    writer[grad.range.clone()].fill(from);
                }
            }
            given[from] = true;
        }
    }
    for id in (0..graph.nodes.len()).map(NodeId) {
        if let Some(range) = plan.output_grad_of(id) {
            all_written_by(&writer, &range, producer(plan, graph, id), &format!("the kept gradient of {}", graph.node(id).name));
        }
    }
}

/// The step whose output is that of `id`: its own, or that of the layer before where `id` passes its input on.
fn producer(plan: &Plan, graph: &Graph, id: NodeId) -> usize {
    let found = plan.steps.iter().position(|Step { gives, at, .. }| *gives == id || at.node == id);
    found.unwrap_or_else(|| {
        let node = graph.node(id);
        assert!(node.layer.op().kind().identity_in.contains(&plan.mode), "nothing gives the output of {}", node.name);
        match node.inputs[0] {
            Feed::Node(before) => producer(plan, graph, before),
            Feed::Image => panic!("{} shows the image, which no step gives", node.name),
        }
    })
}

fn all_written_by(writer: &[usize], range: &Range<usize>, step: usize, what: &str) {
    for place in range.clone() {
        assert_eq!(writer[place], step, "{what} at {place} of {range:?}: written last by another step");
    }
}

fn apart(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.is_empty() || b.is_empty() || a.end <= b.start || b.end <= a.start
}

fn assert_disjoint(what: &str, ranges: impl Iterator<Item = Range<usize>>) {
    let mut ranges: Vec<_> = ranges.filter(|r| !r.is_empty()).collect();
    ranges.sort_by_key(|r| r.start);
    for pair in ranges.windows(2) {
        assert!(pair[0].end <= pair[1].start, "{what}: {pair:?} overlap");
    }
}
