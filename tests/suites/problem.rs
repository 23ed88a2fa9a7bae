//! One layer with its numbers: what the suites run by the fast kernels and by the naive loops.

use std::fmt::Debug;

use engine::{
    LayerSpec, Mode, NodeId, Shape, StepInputs,
    backend::gpu::{Single, launch::Storage},
    ops::{Activation, Case, Inferred, Op, Others, Placement, Reference},
};

/// A layer, where it stands, and every number that goes in.
#[derive(Clone, Debug)]
pub struct Problem {
    pub layer: LayerSpec,
    pub at: Placement,
    pub inferred: Inferred,
    pub now: StepInputs,
    pub input: Vec<f32>,
    pub params: Vec<f32>,
    pub state: Vec<f32>,
    pub d_output: Vec<f32>,
}

impl Problem {
    /// The layer on `batch` examples of `input`, all numbers zero.
    pub fn new(layer: &LayerSpec, input: Shape, batch: usize, mode: Mode) -> Self {
        Self::joining(layer, input, &[], batch, mode)
    }

    /// As [`Problem::new`], of a layer with further inputs.
    pub fn joining(layer: &LayerSpec, input: Shape, others: &[Shape], batch: usize, mode: Mode) -> Self {
        let inferred = layer.op().infer(&[&[input], others].concat()).unwrap_or_else(|e| panic!("{layer:?} on {input}: {e}"));
        let len = input.len() + others.iter().map(Shape::len).sum::<usize>();
        let count = |trained: bool| -> usize {
            let of_kind = inferred.params.iter().filter(|p| p.role.is_trained() == trained);
            of_kind.map(|p| p.dims.iter().product::<usize>()).sum()
        };
        Self {
            at: Placement {
                node: NodeId(1),
                batch,
                mode,
                input,
                others: Others::new(others),
                output: inferred.output,
                activation: None,
                pooled: None,
            },
            now: StepInputs { rate: 0.1, step: 7, seed: 5 },
            input: vec![0.0; batch * len],
            params: vec![0.0; count(true)],
            state: vec![0.0; count(false)],
            d_output: vec![0.0; batch * inferred.output.len()],
            layer: layer.clone(),
            inferred,
        }
    }

    pub fn of(case: &Case) -> Self {
        Self::joining(&case.layer, case.input, case.others, case.batch, case.mode)
    }

    pub fn op(&self) -> &dyn Op {
        self.layer.op()
    }

    /// Whether a plan leaves the layer out, so that it has no kernel to run.
    pub fn is_identity(&self) -> bool {
        self.op().kind().identity_in.contains(&self.at.mode)
    }

    /// The layer as its kernels run it, on either way.
    pub fn single(&self, wants_d_input: bool) -> Single<'_> {
        let (each, once) = self.inferred.saved;
        Single {
            layer: &self.layer,
            at: self.at,
            now: self.now,
            input: &self.input,
            params: &self.params,
            state: &self.state,
            d_output: &self.d_output,
            saved_len: if self.at.mode == Mode::Train { each * self.at.batch + once } else { 0 },
            wants_d_input,
            storage: Storage::F32,
            subgroups: true,
        }
    }

    /// The naive loops.
    pub fn reference(&self) -> Reference {
        self.reference_at(&wide(&self.input), &wide(&self.params))
    }

    /// The naive loops with other inputs and parameters.
    pub fn reference_at(&self, input: &[f64], params: &[f64]) -> Reference {
        self.layer.reference(&self.at, &self.now, input, params, &wide(&self.state), &wide(&self.d_output))
    }

    /// Products summed for one number, at most, in any of the three results.
    pub fn terms(&self) -> usize {
        let work = self.inferred.cost.multiply_adds as usize;
        let (input, output, batch) = (self.at.input, self.at.output, self.at.batch);
        [work / output.len(), work / input.len(), batch * input.plane(), batch * output.plane()].into_iter().max().unwrap_or(0)
    }

    pub fn with_activation(mut self, activation: Activation) -> Self {
        self.at.activation = Some(activation);
        self
    }
}

pub fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|v| f64::from(*v)).collect()
}

/// How close two results must be: |got - want| <= atol + rtol · |want|.
#[derive(Clone, Copy, Debug)]
pub struct Tolerance {
    pub rtol: f64,
    pub atol: f64,
}

impl Tolerance {
    pub const EXACT: Self = Self { rtol: 0.0, atol: 0.0 };

    /// What `f32` may lose over a sum of so many products of numbers around 1.
    ///
    /// Rounding each of n partial sums, themselves around √n, errs by about n/√2 · 2⁻²⁴; the factor
    /// leaves room for the largest of thousands of results and for numbers above 1.
    pub fn of_sum(terms: usize) -> Self {
        let atol = 8.0 * f64::from(f32::EPSILON) * (terms as f64 + 8.0);
        Self { rtol: 16.0 * f64::from(f32::EPSILON), atol }
    }
}

/// Fails with the first number that lies too far off, naming `what` and its place.
#[track_caller]
pub fn assert_close(what: &dyn Debug, got: &[f64], want: &[f64], within: Tolerance) {
    assert_eq!(got.len(), want.len(), "{what:?}: {} numbers, expected {}", got.len(), want.len());
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        let most = within.atol + within.rtol * w.abs();
        assert!((g - w).abs() <= most, "{what:?}[{i}] of {}: got {g}, want {w}, off by {:e}, at most {most:e}", got.len(), (g - w).abs());
    }
}

/// The four results of a layer against those of another way to get them.
#[track_caller]
pub fn assert_same(what: &str, got: &Reference, want: &Reference, within: Tolerance) {
    assert_close(&format!("{what}: output"), &got.output, &want.output, within);
    assert_close(&format!("{what}: state"), &got.state, &want.state, within);
    assert_close(&format!("{what}: d_input"), &got.d_input, &want.d_input, within);
    assert_close(&format!("{what}: d_params"), &got.d_params, &want.d_params, within);
}
