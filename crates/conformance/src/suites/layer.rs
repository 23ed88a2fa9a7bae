//! A layer alone: the naive loops, the fast kernels on buffers of their own, and, where the layer has
//! weights and so makes a network, forward through a plan.

use std::sync::Arc;

use engine::{
    Graph, Init, LayerSpec, Mode, ModelSpec, NodeId, OptimizerSpec, PlanOptions, Shape, StepInputs,
    backend::gpu::{Single, launch::Storage},
    ops::{Inferred, Others, Placement, Reference},
    plan::Watch,
};

use crate::{
    backend::{Backend, Network},
    compare::Comparison,
    file::{CaseError, Golden, GoldenCase, wide},
    layers,
};

const STATISTICS: [&str; 2] = ["running_mean", "running_var"];
const PARAMS: [&str; 4] = ["weight", "gamma", "bias", "beta"];

pub async fn check(case: &GoldenCase, on: &Backend, into: &mut Comparison) -> Result<(), CaseError> {
    case.gives_only(&["output", "upstream", STATISTICS[0], STATISTICS[1]], &["input", PARAMS[0], PARAMS[1], PARAMS[2], PARAMS[3]])?;
    let (layer, shape, mode) = layers::layer(case)?;
    let (input, batch) = (&case.input("input")?.values, case.input("input")?.dims[0]);
    let [params, state] = layers::tensors(case);
    let inferred = layer.op().infer(&[shape])?;
    fits(case, &inferred, [params.len(), state.len()], batch)?;

    let at = Placement {
        node: NodeId(1),
        batch,
        mode,
        input: shape,
        others: Others::default(),
        output: inferred.output,
        activation: None,
        pooled: None,
    };
    let now = StepInputs { rate: 0.1, step: 7, seed: 5 };
    let want = wanted(case)?;
    // What is only evaluated has no gradients in the file.
    let d_output = case.outputs.get("upstream").map_or_else(|| vec![0.0; batch * inferred.output.len()], |g| g.values.clone());
    let naive = layer.reference(&at, &now, &wide(input), &wide(&params), &wide(&state), &wide(&d_output));
    // Without gradients in evaluation there is nothing to compare there: no plan goes backward in it.
    let has_grads = !case.grads.is_empty();
    compare("naive", &naive, &want, has_grads && (mode == Mode::Train || !naive.d_input.is_empty()), into)?;

    let (each, once) = inferred.saved;
    let single = Single {
        layer: &layer,
        at,
        now,
        input,
        params: &params,
        state: &state,
        d_output: &d_output,
        saved_len: if mode == Mode::Train { each * batch + once } else { 0 },
        wants_d_input: true,
        storage: Storage::F32,
        subgroups: true,
    };
    let got = on.single(&single).await?;
    let fast = Reference { output: wide(&got.output), state: wide(&got.state), d_input: wide(&got.d_input), d_params: wide(&got.d_params) };
    compare("fast", &fast, &want, has_grads && mode == Mode::Train, into)?;
    if !params.is_empty() {
        let planned = planned(&layer, shape, mode, input, [params, state], &now, on).await?;
        compare("planned", &planned, &want, false, into)?;
    }
    Ok(())
}

/// That every tensor has the extents that follow from the layer: nothing is computed before.
fn fits(case: &GoldenCase, inferred: &Inferred, [params, state]: [usize; 2], batch: usize) -> Result<(), CaseError> {
    let count = |trained: bool| -> usize {
        let of_kind = inferred.params.iter().filter(|p| p.role.is_trained() == trained);
        of_kind.map(|p| p.dims.iter().product::<usize>()).sum()
    };
    for (what, got, want) in [("parameters", params, count(true)), ("running statistics", state, count(false))] {
        if got != want {
            return Err(CaseError::Length { what: format!("{what} of the layer"), got, want });
        }
    }
    let Shape { ch, h, w } = inferred.output;
    for key in ["output", "upstream"] {
        let Some(tensor) = case.outputs.get(key) else { continue };
        let flat = inferred.output.is_flat() && tensor.dims == [batch, ch];
        if !flat && tensor.dims != [batch, ch, h, w] {
            let expected = format!("{:?}, which follow from the layer", [batch, ch, h, w]);
            return Err(CaseError::Extents { key: key.to_owned(), found: tensor.dims.clone(), expected });
        }
    }
    Ok(())
}

/// What the file says. Running statistics only where the case has some.
pub fn wanted(case: &GoldenCase) -> Result<Reference, CaseError> {
    let join = |from: &std::collections::BTreeMap<String, Golden>, keys: &[&str]| -> Vec<f64> {
        keys.iter().filter_map(|k| from.get(*k)).flat_map(Golden::wide).collect()
    };
    Ok(Reference {
        output: case.output("output")?.wide(),
        state: join(&case.outputs, &STATISTICS),
        d_input: join(&case.grads, &["input"]),
        d_params: join(&case.grads, &PARAMS),
    })
}

pub fn compare(by: &str, got: &Reference, want: &Reference, backward: bool, into: &mut Comparison) -> Result<(), CaseError> {
    into.add(&format!("{by} output"), &got.output, &want.output)?;
    into.add(&format!("{by} running statistics"), &got.state, &want.state)?;
    if backward {
        into.add(&format!("{by} d_input"), &got.d_input, &want.d_input)?;
        into.add(&format!("{by} d_params"), &got.d_params, &want.d_params)?;
    }
    Ok(())
}

/// Forward through a plan of this layer alone, in the memory that a network uses.
async fn planned(
    layer: &LayerSpec,
    input: Shape,
    mode: Mode,
    images: &[f32],
    [params, state]: [Vec<f32>; 2],
    now: &StepInputs,
    on: &Backend,
) -> Result<Reference, CaseError> {
    let graph = Arc::new(Graph::check(&ModelSpec { input, layers: vec![layer.clone()], init: Init::default() })?);
    let mut network = Network::new(on, &graph, OptimizerSpec::default().into(), params, state)?;
    let batch = images.len() / input.len();
    let plan = network.plan(&PlanOptions { batch, mode, watch: Watch::Everything })?;
    let output = wide(&network.forward(plan, images, now).await?);
    let [_, state] = network.numbers().await?;
    Ok(Reference { output, state: wide(&state), ..Reference::default() })
}
