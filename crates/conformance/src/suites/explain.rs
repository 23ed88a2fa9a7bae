//! Class activation maps and gradients of the image, of a network that the case describes in words:
//! `conv3x3 same -> relu -> max_pool 2 -> global_avg_pool -> dense`.

use engine::{
    Graph, Init, LayerSpec, ModelSpec, Padding, Pair, Shape, Sides,
    ops::{Conv2d, Dense, GlobalAvgPool2d, MaxPool2d, Relu},
};
use explain::Explainer;

use crate::{
    attributes::missing,
    compare::Comparison,
    file::{CaseError, GoldenCase, wide},
};

pub fn check(case: &GoldenCase, into: &mut Comparison) -> Result<(), CaseError> {
    if case.op != "explain" {
        return Err(CaseError::NotAvailable(format!("the explanation `{}`", case.op)));
    }
    case.gives_only(&["logits", "input_gradient", "grad_cam", "cam", "fgsm"], &[])?;
    let (image, [_, ch, h, w]) = case.input_of("image")?;
    let (layers, names) = network(case)?;
    let spec = ModelSpec { input: Shape::new(ch, h, w), layers, init: Init::default() };
    let graph = Graph::check(&spec)?;
    let params = params(case, &graph, &names)?;
    let mut explainer = Explainer::new(&spec, &params, &[])?;

    let (image, target) = (&image.values, case.count("target")?);
    let results = [
        ("logits", explainer.scores(image)?),
        ("input_gradient", explainer.input_gradient(image, target)?),
        ("grad_cam", explainer.grad_cam(image, target, None)?.values),
        ("cam", explainer.cam(image, target)?.values),
        ("fgsm", explainer.fgsm(image, target, case.number("fgsm_epsilon")?)?),
    ];
    for (key, got) in results {
        into.add(key, &wide(&got), &case.output(key)?.wide())?;
    }
    Ok(())
}

/// The layers that the sentence names, and for each the stem of its parameters in the file.
fn network(case: &GoldenCase) -> Result<(Vec<LayerSpec>, Vec<Option<String>>), CaseError> {
    let (mut layers, mut names) = (Vec::new(), Vec::new());
    let mut convs = 0;
    for words in case.word("network")?.split("->").map(str::trim) {
        let unknown = || CaseError::NotAvailable(format!("the layer `{words}`"));
        let (layer, name): (LayerSpec, _) = match words.split_once(' ') {
            Some((conv, "same")) => {
                let size = conv.strip_prefix("conv").and_then(|size| size.split_once('x')).ok_or_else(unknown)?;
                let (Ok(rows), Ok(columns)) = (size.0.parse::<usize>(), size.1.parse::<usize>()) else { return Err(unknown()) };
                convs += 1;
                let name = format!("conv{convs}");
                let (_, [out_ch, ..]) = case.input_of::<4>(&format!("{name}.weight"))?;
                // The image keeps its size; of an even kernel's padding the odd pixel goes to the end.
                let (above, left) = (rows.saturating_sub(1) / 2, columns.saturating_sub(1) / 2);
                let pad = Sides::new(above, rows.saturating_sub(1) - above, left, columns.saturating_sub(1) - left);
                (Conv2d { out_ch, kernel: Pair::new(rows, columns), pad: pad.into(), ..Conv2d::default() }.into(), Some(name))
            }
            Some(("max_pool", size)) => {
                let kernel = Pair::square(size.parse().map_err(|_| unknown())?);
                (MaxPool2d { kernel, stride: kernel, pad: Padding::default() }.into(), None)
            }
            None if words == "relu" => (Relu {}.into(), None),
            None if words == "global_avg_pool" => (GlobalAvgPool2d {}.into(), None),
            None if words == "dense" => {
                let (_, [out, _]) = case.input_of::<2>("dense.weight")?;
                (Dense { out, bias: true }.into(), Some("dense".to_owned()))
            }
            _ => return Err(unknown()),
        };
        layers.push(layer);
        names.push(name);
    }
    Ok((layers, names))
}

fn params(case: &GoldenCase, graph: &Graph, names: &[Option<String>]) -> Result<Vec<f32>, CaseError> {
    let mut all = Vec::with_capacity(graph.params_len());
    for param in &graph.params {
        // "3.weight" of layer 3 is "conv2.weight" in the file.
        let tensor = param.name.rsplit('.').next().unwrap_or_default();
        let stem = names[param.node.0].as_deref().ok_or_else(|| missing("input", &param.name))?;
        let key = format!("{stem}.{tensor}");
        let found = case.input(&key)?;
        if found.dims != param.dims {
            return Err(CaseError::Extents { key, found: found.dims.clone(), expected: format!("{:?}", param.dims) });
        }
        all.extend_from_slice(&found.values);
    }
    Ok(all)
}
