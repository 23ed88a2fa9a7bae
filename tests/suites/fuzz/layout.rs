//! Walks a plan's steps over a map of who wrote each number last: what a step reads must be what
//! the step before it wrote, whole and not yet overwritten.

use engine::{
    Graph, Mode, NodeId, Plan,
    plan::{Source, Step},
};
use std::ops::Range;

const NOBODY: usize = usize::MAX;

/// Fails where the plan would read a number that something else has written over.
pub fn check(plan: &Plan) {
    let (graph, regions) = (&plan.graph, plan.regions);
    for (range, size) in plan.steps.iter().flat_map(|s| {
        let d_input = s.d_input.clone().unwrap_or(0..0);
        [
            (s.output.clone(), regions.activations),
            (s.d_output.clone(), regions.activation_grads),
            (d_input, regions.activation_grads),
            (s.saved.clone(), regions.saved),
            (s.params.clone(), regions.params),
            (s.state.clone(), regions.state),
        ]
    }) {
        assert!(range.start <= range.end && range.end <= size.max(range.start), "{range:?} lies outside of {size}");
    }
    assert_disjoint("saved", plan.steps.iter().map(|s| s.saved.clone()));
    assert_disjoint("params", plan.steps.iter().map(|s| s.params.clone()));
    assert_disjoint("state", plan.steps.iter().map(|s| s.state.clone()));
    assert_eq!(plan.steps.iter().map(|s| s.params.len()).sum::<usize>(), graph.params_len(), "every parameter belongs to a step");

    // Forward: step i reads what step i - 1 wrote.
    let mut writer = vec![NOBODY; regions.activations];
    for (i, step) in plan.steps.iter().enumerate() {
        if let Source::Activations(range) = &step.input {
            assert_eq!(range.len(), plan.batch * step.at.input.len(), "step {i}: input");
            assert!(apart(range, &step.output), "step {i} writes over its own input");
            all_written_by(&writer, range, i - 1, &format!("the input of step {i}"));
        } else {
            assert!(
                graph.nodes[..step.at.node.0].iter().all(|n| n.layer.op().kind().identity_in.contains(&plan.mode)),
                "step {i} reads the image"
            );
        }
        assert_eq!(step.output.len(), plan.batch * step.at.output.len(), "step {i}: output");
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

    // Backward: every activation is still there, step i reads the gradient that step i + 1 wrote.
    for (i, step) in plan.steps.iter().enumerate() {
        all_written_by(&writer, &step.output, i, "an activation in the backward pass");
    }
    let mut writer = vec![NOBODY; regions.activation_grads];
    let count = plan.steps.len();
    writer[plan.d_logits()].fill(count - 1);
    for (i, step) in plan.steps.iter().enumerate().rev() {
        assert_eq!(step.d_output.len(), plan.batch * step.at.output.len(), "step {i}: d_output");
        all_written_by(&writer, &step.d_output, i, &format!("the gradient that step {i} receives"));
        match (&step.d_input, &step.input) {
            (None, Source::Image) => {}
            (Some(range), Source::Activations(_)) => {
                assert_eq!(range.len(), plan.batch * step.at.input.len(), "step {i}: d_input");
                assert!(apart(range, &step.d_output), "step {i} writes over the gradient that it reads");
                writer[range.clone()].fill(i - 1);
            }
            (wanted, from) => panic!("step {i} reads {from:?} and gives its gradient to {wanted:?}"),
        }
    }
    for id in (0..graph.nodes.len()).map(NodeId) {
        if let Some(range) = plan.output_grad_of(id) {
            all_written_by(&writer, &range, producer(plan, graph, id), &format!("the kept gradient of {}", graph.node(id).name));
        }
    }
}

/// The step whose output is that of `id`: its own, or that of the last step before where `id`
/// passes its input on.
fn producer(plan: &Plan, graph: &Graph, id: NodeId) -> usize {
    let found =
        plan.steps.iter().rposition(|s| s.gives <= id).unwrap_or_else(|| panic!("nothing gives the output of {}", graph.node(id).name));
    let Step { gives, .. } = &plan.steps[found];
    let between = &graph.nodes[gives.0 + 1..=id.0.max(gives.0)];
    assert!(
        between.iter().all(|n| n.layer.op().kind().identity_in.contains(&plan.mode)),
        "{} is shown, but was not computed",
        graph.node(id).name
    );
    found
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
