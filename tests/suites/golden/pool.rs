//! Fractional max pooling from given samples. A layer draws its own: so each plane of a case runs alone, with a
//! seed under which the layer draws the windows that the case's samples stand for.

use engine::{
    Mode, Shape, StepInputs,
    ops::{Reference, fractional_max_pool2d::Starts},
};

use super::{compare, file::GoldenCase, layers, wanted};
use crate::{problem::Problem, way::Way};

pub async fn fractional(case: &GoldenCase, way: &Way) {
    let (layer, op) = (layers::fractional(case).into(), layers::fractional(case));
    let dims = &case.inputs["input"].dims;
    let (batch, shape) = (dims[0], Shape::new(dims[1], dims[2], dims[3]));
    let starts: Vec<[Starts; 2]> =
        case.inputs["samples"].values.as_chunks::<2>().0.iter().map(|samples| op.given_starts(shape, *samples)).collect();
    assert_eq!(starts.len(), batch * shape.ch, "{}: samples", case.name);
    let want = wanted(case);

    // Naive loops take the windows as they are given.
    let mut whole = Problem::new(&layer, shape, batch, Mode::Train);
    whole.input.clone_from(&case.inputs["input"].values);
    whole.d_output.clone_from(&case.outputs["upstream"].values);
    let (input, d_output) = (case.inputs["input"].wide(), case.outputs["upstream"].wide());
    compare(case, "naive", &op.reference_at(&whole.at, &input, &d_output, |plane| starts[plane].clone()), &want, true);

    let (mut naive, mut fast) = (Reference::default(), Reference::default());
    let size = [shape.plane(), op.output.h * op.output.w];
    for (p, starts) in starts.iter().enumerate() {
        let mut alone = Problem::new(&layer, Shape::new(1, shape.h, shape.w), 1, Mode::Train);
        alone.input.copy_from_slice(&whole.input[p * size[0]..][..size[0]]);
        alone.d_output.copy_from_slice(&whole.d_output[p * size[1]..][..size[1]]);
        let draws = |seed: &u32| op.starts(&alone.at, &StepInputs { seed: *seed, ..alone.now }, 0) == *starts;
        alone.now.seed = (0..1_000_000).find(draws).unwrap_or_else(|| panic!("{}: no seed draws the windows of plane {p}", case.name));
        for (all, one) in [(&mut naive, alone.reference()), (&mut fast, way.layer(&alone).await)] {
            all.output.extend(one.output);
            all.d_input.extend(one.d_input);
        }
    }
    compare(case, "naive, drawn", &naive, &want, true);
    compare(case, &format!("fast {way:?}"), &fast, &want, true);
}
