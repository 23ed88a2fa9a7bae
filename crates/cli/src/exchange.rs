//! `kernelscope export` and `kernelscope import`.

use std::{fs, path::Path};

use exchange::Weights;
use trainer::checkpoint;

use crate::{
    arguments::{Export, Format, Import},
    error::Error,
};

pub fn export(order: &Export) -> Result<(), Error> {
    let (network, numbers, step) = order.model.open()?;
    let graph = &network.graph;
    let content = match order.to {
        Format::Pytorch => exchange::pytorch(graph)?.into_bytes(),
        Format::Keras => exchange::keras(graph)?.into_bytes(),
        Format::Json => exchange::json(&graph.spec)?.into_bytes(),
        Format::Onnx => exchange::onnx(graph, Weights { params: &numbers.params, state: &numbers.state })?,
    };
    write(&order.out, content)?;
    if order.to != Format::Onnx {
        let beside = order.out.with_extension("safetensors");
        let file = checkpoint::write(&network, &numbers, step, None).map_err(|error| Error::Declined { message: error.to_string() })?;
        write(&beside, file)?;
    }
    Ok(())
}

pub fn import(order: &Import) -> Result<(), Error> {
    let path = &order.weights;
    let bytes = fs::read(path).map_err(|cause| Error::Read { path: path.clone(), cause })?;
    let spec = crate::source::network(&order.network, path, &bytes)?;
    let file = checkpoint::import(&bytes, &spec).map_err(|error| Error::Weights { path: path.clone(), message: error.to_string() })?;
    write(&order.out, file)
}

/// Writes a file and says so.
fn write(path: &Path, content: Vec<u8>) -> Result<(), Error> {
    let len = content.len();
    fs::write(path, content).map_err(|cause| Error::WriteFile { path: path.to_owned(), cause })?;
    println!("{} ({len} bytes)", path.display());
    Ok(())
}
