//! `kernelscope predict`: scores of given images, on the CPU.

use std::{fs, path::Path};

use engine::{Cpu, Mode, OptimizerSpec, Plan, PlanOptions, Run, Shape, StepInputs, plan::Watch};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use crate::{arguments::Predict, error::Error};

/// Images that are worked out at once.
const BATCH: usize = 64;

pub fn run(order: &Predict) -> Result<(), Error> {
    let (network, numbers, _) = order.model.open()?;
    let input = network.graph.spec.input;
    let images = read(&order.input, input)?;
    let mut cpu = Cpu::new(&network.graph, OptimizerSpec::default(), 0);
    (cpu.params, cpu.state) = (numbers.params, numbers.state);
    let options = PlanOptions { batch: BATCH, mode: Mode::Eval, watch: Watch::Nothing };
    let mut run = Run::new(Plan::compile(&network.graph, &options).map_err(|cause| Error::Refused { cause })?);
    let (count, classes) = (images.len() / input.len(), network.graph.output().len());
    let mut logits = Vec::with_capacity(count * classes);
    for batch in images.chunks(BATCH * input.len()) {
        run.images.fill(0.0);
        run.images[..batch.len()].copy_from_slice(batch);
        cpu.forward(&mut run, &StepInputs::default());
        logits.extend_from_slice(&run.logits()[..batch.len() / input.len() * classes]);
    }
    write(&order.out, &[count, classes], &logits)
}

/// The images of the file, one after another.
fn read(path: &Path, input: Shape) -> Result<Vec<f32>, Error> {
    let wrong = |message: String| Error::Images { path: path.to_owned(), message };
    let bytes = fs::read(path).map_err(|cause| Error::Read { path: path.to_owned(), cause })?;
    let file = SafeTensors::deserialize(&bytes).map_err(|e| wrong(e.to_string()))?;
    let tensor = file.tensor("images").map_err(|_| wrong("there is no tensor `images`".to_owned()))?;
    match tensor.shape() {
        [batch, ch, h, w] if *batch > 0 && Shape::new(*ch, *h, *w) == input => {}
        other => {
            return Err(wrong(format!(
                "`images` has the extents {other:?}; the network takes (batch, {}, {}, {})",
                input.ch, input.h, input.w
            )));
        }
    }
    if tensor.dtype() != Dtype::F32 {
        return Err(wrong(format!("`images` holds {:?}; F32 can be read", tensor.dtype())));
    }
    Ok(tensor.data().as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect())
}

fn write(path: &Path, dims: &[usize], numbers: &[f32]) -> Result<(), Error> {
    let failed = |e: safetensors::SafeTensorError| Error::Declined { message: format!("the scores cannot be written: {e}") };
    let bytes: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
    let view = TensorView::new(Dtype::F32, dims.to_vec(), &bytes).map_err(failed)?;
    let file = safetensors::serialize([("logits", view)], None).map_err(failed)?;
    fs::write(path, file).map_err(|cause| Error::WriteFile { path: path.to_owned(), cause })
}
