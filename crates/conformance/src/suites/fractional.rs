//! Fractional max pooling from given samples. A layer draws its own: so each plane of a case runs alone, with a
//! seed under which the layer draws the windows that the case's samples stand for.

use engine::{
    LayerSpec, Mode, NodeId, Shape, StepInputs,
    backend::gpu::{Single, launch::Storage},
    ops::{Others, Placement, Reference, fractional_max_pool2d::Starts},
};

use crate::{
    backend::Backend,
    compare::Comparison,
    file::{CaseError, GoldenCase, wide},
    layers,
    suites::layer::{compare, wanted},
};

/// Seeds that are tried for the windows of one plane.
const SEEDS: u32 = 10_000_000;

pub async fn check(case: &GoldenCase, on: &Backend, into: &mut Comparison) -> Result<(), CaseError> {
    case.gives_only(&["output", "upstream"], &["input"])?;
    let op = layers::fractional(case)?;
    let layer = LayerSpec::from(op.clone());
    let (input, [batch, ch, h, w]) = case.input_of::<4>("input")?;
    let (samples, dims) = case.input_of::<3>("samples")?;
    if dims != [batch, ch, 2] {
        let expected = format!("{:?}, a pair (width, height) for each plane", [batch, ch, 2]);
        return Err(CaseError::Extents { key: "samples".to_owned(), found: dims.to_vec(), expected });
    }
    let shape = Shape::new(ch, h, w);
    let output = layer.op().infer(&[shape])?.output;
    let upstream = case.output("upstream")?;
    if upstream.values.len() != batch * output.len() {
        return Err(CaseError::Length { what: "upstream".to_owned(), got: upstream.values.len(), want: batch * output.len() });
    }
    let starts: Vec<[Starts; 2]> = samples.values.as_chunks::<2>().0.iter().map(|pair| op.given_starts(shape, *pair)).collect();
    let want = wanted(case)?;
    let mode = Mode::Train;
    let whole = Placement { node: NodeId(1), batch, mode, input: shape, others: Others::default(), output, activation: None, pooled: None };
    let given = op.reference_at(&whole, &input.wide(), &upstream.wide(), |plane| starts[plane].clone());
    compare("naive", &given, &want, true, into)?;

    let (mut naive, mut fast) = (Reference::default(), Reference::default());
    let at = Placement { batch: 1, input: Shape { ch: 1, ..shape }, output: Shape { ch: 1, ..output }, ..whole };
    let planes = input.values.chunks_exact(shape.plane()).zip(upstream.values.chunks_exact(output.plane()));
    for ((plane, d_output), starts) in planes.zip(&starts) {
        let now = |seed| StepInputs { rate: 0.1, step: 7, seed };
        let seed = (0..SEEDS).find(|seed| op.starts(&at, &now(*seed), 0) == *starts);
        let seed = seed.ok_or_else(|| CaseError::NotAvailable("a seed that draws the windows of these samples".to_owned()))?;
        let (each, once) = layer.op().infer(&[at.input])?.saved;
        let single = Single {
            layer: &layer,
            at,
            now: now(seed),
            input: plane,
            params: &[],
            state: &[],
            d_output,
            saved_len: each + once,
            wants_d_input: true,
            storage: Storage::F32,
            subgroups: true,
        };
        let got = on.single(&single).await?;
        let drawn = layer.reference(&at, &now(seed), &wide(plane), &[], &[], &wide(d_output));
        for (all, output, d_input) in [(&mut naive, drawn.output, drawn.d_input), (&mut fast, wide(&got.output), wide(&got.d_input))] {
            all.output.extend(output);
            all.d_input.extend(d_input);
        }
    }
    compare("naive, drawn,", &naive, &want, true, into)?;
    compare("fast", &fast, &want, true, into)
}
