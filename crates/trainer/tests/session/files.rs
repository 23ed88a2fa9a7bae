//! Files of weights and checkpoints: their form, and what becomes of those that do not fit.

use std::sync::OnceLock;

use proptest::prelude::*;
use protocol::{Command, EvalSet, Event, Message, RunSpec, Save};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde_json::{Value, json};
use trainer::{Stage, checkpoint};

use crate::rig::{RUN, Rig, digits, small};

/// The header of the file, as JSON, and the bytes after it.
fn parts(file: &[u8]) -> (Value, &[u8]) {
    let len = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    (serde_json::from_slice(&file[8..8 + len]).unwrap(), &file[8 + len..])
}

fn joined(header: &Value, data: &[u8]) -> Vec<u8> {
    let mut text = header.to_string();
    text.extend(std::iter::repeat_n(' ', text.len().next_multiple_of(8) - text.len()));
    [&(text.len() as u64).to_le_bytes(), text.as_bytes(), data].concat()
}

/// A run of [`small`] after three steps: weights and checkpoint.
fn files() -> &'static (Vec<u8>, Vec<u8>) {
    static FILES: OnceLock<(Vec<u8>, Vec<u8>)> = OnceLock::new();
    FILES.get_or_init(|| {
        let mut rig = Rig::open(small());
        rig.step(3);
        (rig.save(Save::Weights), rig.save(Save::Checkpoint))
    })
}

/// The message with which an open run of [`small`] refuses `file`, and that it goes on as it was.
fn refusal(rig: &mut Rig, file: &[u8]) -> String {
    let stage = rig.session.stage();
    let said = rig.load(file);
    assert_eq!(rig.session.stage(), stage);
    let Event::LoadFailed { message, .. } = said else { panic!("taken: {said:?}") };
    message
}

/// Byte for byte what `torch.load_state_dict` asks for: names, shapes, types, places.
#[test]
fn weights_are_laid_out_as_pytorch_lays_them_out() {
    let (weights, _) = files();
    let (header, data) = parts(weights);
    let entries = header.as_object().unwrap();
    assert_eq!(8 + header_len(weights) + data.len(), weights.len());
    let form = |name: &str| (entries[name]["dtype"].as_str().unwrap(), entries[name]["shape"].clone());
    let mut names: Vec<_> = entries.keys().map(String::as_str).filter(|n| *n != "__metadata__").collect();
    names.sort();
    let expected = [
        ("0.bias", "F32", json!([4])),
        ("0.weight", "F32", json!([4, 1, 5, 5])),
        ("1.bias", "F32", json!([4])),
        ("1.num_batches_tracked", "I64", json!([])),
        ("1.running_mean", "F32", json!([4])),
        ("1.running_var", "F32", json!([4])),
        ("1.weight", "F32", json!([4])),
        ("6.bias", "F32", json!([10])),
        ("6.weight", "F32", json!([10, 144])),
    ];
    assert_eq!(names, expected.iter().map(|e| e.0).collect::<Vec<_>>());
    for (name, dtype, shape) in expected {
        assert_eq!(form(name), (dtype, shape), "{name}");
    }
    let metadata = &header["__metadata__"];
    assert_eq!(metadata["format"], "pt");
    let note: Value = serde_json::from_str(metadata["kernelscope"].as_str().unwrap()).unwrap();
    assert_eq!((&note["version"], &note["step"], &note["position"]), (&json!(1), &json!(3), &Value::Null));
    assert_eq!(serde_json::from_value::<RunSpec>(note["spec"].clone()).unwrap(), small());

    // Numbers: three batches were tracked, and kernels are where the header says.
    let bytes = |name: &str| {
        let at = |i: usize| entries[name]["data_offsets"][i].as_u64().unwrap() as usize;
        &data[at(0)..at(1)]
    };
    assert_eq!(bytes("1.num_batches_tracked"), 3i64.to_le_bytes());
    let mut rig = Rig::few();
    rig.load(&files().1);
    rig.send(Command::Watch {
        run: RUN,
        tensors: vec![engine::Tensor::Param(engine::ParamId(0)), engine::Tensor::State(engine::ParamId(1))],
    });
    rig.rest();
    let Some(Message { head: Event::Framed { views, .. }, bulk, .. }) = rig.events.last() else { panic!() };
    for (view, name) in views.iter().zip(["0.weight", "1.running_var"]) {
        let numbers: Vec<u8> = bulk[view.range.clone()].iter().flat_map(|x| x.to_le_bytes()).collect();
        assert_eq!(bytes(name), numbers, "{name}");
    }
}

fn header_len(file: &[u8]) -> usize {
    u64::from_le_bytes(file[..8].try_into().unwrap()) as usize
}

#[test]
fn a_checkpoint_holds_the_optimizer_too() {
    let (header, _) = parts(&files().1);
    for slot in ["exp_avg", "exp_avg_sq"] {
        assert_eq!(header[format!("optimizer.{slot}/6.weight")]["shape"], json!([10, 144]));
    }
    let file = checkpoint::read(&files().1).unwrap();
    let (spec, position) = file.checkpoint().unwrap();
    assert_eq!((spec, position.step, position.train_digits), (&small(), 3, 500));
    assert_eq!(position.history.step, [1, 2, 3]);
    assert_eq!(checkpoint::read(&files().0).unwrap().note().unwrap().position, None);
}

#[test]
fn weights_go_into_the_open_network_which_starts_again() {
    let score = |rig: &mut Rig| {
        rig.send(Command::Evaluate { run: RUN, set: EvalSet::Validation });
        let Event::Evaluated { score, .. } = rig.until(|e| matches!(e, Event::Evaluated { .. })) else { panic!() };
        (score.loss, score.confusion)
    };
    let mut done = Rig::open(small());
    done.step(30);
    let file = done.save(Save::Weights);
    let expected = score(&mut done);
    let mut rig = Rig::open(small());
    rig.step(5);
    assert_ne!(score(&mut rig), expected);
    let Event::Opened { spec, progress, history, scores, .. } = rig.load(&file) else { panic!() };
    assert_eq!((spec, progress.step, history.len(), scores.len()), (small(), 0, 0, 0));
    assert_eq!(score(&mut rig), expected);
    rig.step(1);
}

/// Another network begins with the weights of the layers that it shares with this one, whatever their numbers are.
#[test]
fn a_run_begins_with_the_weights_that_fit() {
    let (weights, _) = files();
    let mut spec = small();
    // One layer more before the convolution, and other outputs behind the last one that fits.
    spec.model.layers.insert(0, engine::ops::StochasticDepth { p: 0.0 }.into());
    spec.model.layers.insert(7, engine::ops::Dense { out: 12, bias: true }.into());
    let mut rig = Rig::few();
    let opened = rig.send_with(Message { head: Command::Open { run: RUN, spec: spec.clone() }, bulk: vec![], file: weights.clone() });
    assert!(matches!(opened[0].head, Event::Opened { .. }), "{opened:?}");
    let file = rig.save(Save::Weights);
    let (old, new) = (SafeTensors::deserialize(weights).unwrap(), SafeTensors::deserialize(&file).unwrap());
    for name in ["weight", "bias"] {
        assert_eq!(new.tensor(&format!("1.{name}")).unwrap().data(), old.tensor(&format!("0.{name}")).unwrap().data(), "the convolution");
        assert_eq!(new.tensor(&format!("2.{name}")).unwrap().data(), old.tensor(&format!("1.{name}")).unwrap().data(), "the batch norm");
    }
    assert_eq!(new.tensor("2.running_mean").unwrap().data(), old.tensor("1.running_mean").unwrap().data());
    // What does not fit is as in a new run.
    let mut fresh = Rig::open(spec.clone());
    let bare = fresh.save(Save::Weights);
    let bare = SafeTensors::deserialize(&bare).unwrap();
    for name in ["7.weight", "8.weight"] {
        let same = new.tensor(name).unwrap().data() == bare.tensor(name).unwrap().data();
        let kept = new.tensor(name).unwrap().data() == old.tensor("6.weight").unwrap().data();
        assert!(same != kept, "{name}");
    }
    // A file of another program does not say what its layers are.
    let (mut header, data) = parts(weights);
    header.as_object_mut().unwrap().remove("__metadata__");
    let foreign = joined(&header, data);
    let said = rig.send_with(Message { head: Command::Open { run: RUN, spec }, bulk: vec![], file: foreign });
    assert!(matches!(&said[0].head, Event::Declined { message, .. } if message.contains("weights alone")), "{said:?}");
}

#[test]
fn files_of_torch_are_taken() {
    // Without our note, without the counter, in other types.
    let (weights, _) = files();
    let tensors = SafeTensors::deserialize(weights).unwrap();
    for dtype in [Dtype::F64, Dtype::F16, Dtype::BF16] {
        let mut owned: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::new();
        for (name, view) in tensors.tensors().into_iter().filter(|(_, v)| v.dtype() == Dtype::F32) {
            let numbers = view.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap()));
            let bytes = match dtype {
                Dtype::F64 => numbers.flat_map(|x| f64::from(x).to_le_bytes()).collect(),
                Dtype::BF16 => numbers.flat_map(|x| ((x.to_bits() >> 16) as u16).to_le_bytes()).collect(),
                // Ones: exact in half precision.
                _ => numbers.flat_map(|_| 0x3c00u16.to_le_bytes()).collect(),
            };
            owned.push((name, view.shape().to_vec(), bytes));
        }
        let views = owned.iter().map(|(name, shape, bytes)| (name, TensorView::new(dtype, shape.clone(), bytes).unwrap()));
        let file = safetensors::serialize(views, None).unwrap();
        let mut rig = Rig::open(small());
        assert!(matches!(rig.load(&file), Event::Opened { .. }), "{:?}", rig.last());
        rig.send(Command::Watch { run: RUN, tensors: vec![engine::Tensor::Param(engine::ParamId(0))] });
        rig.rest();
        let got = &rig.events.last().unwrap().bulk;
        let kernel = tensors
            .tensor("0.weight")
            .unwrap()
            .data()
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
            .collect::<Vec<_>>();
        let near = |most: f32| got.iter().zip(&kernel).all(|(a, b)| (a - b).abs() <= most * b.abs());
        match dtype {
            Dtype::F64 => assert!(near(0.0)),
            Dtype::BF16 => assert!(near(1.0 / 128.0) && !near(0.0)),
            _ => assert!(got.iter().all(|x| *x == 1.0)),
        }
    }
}

#[test]
fn a_file_that_does_not_fit_names_what_is_wrong() {
    let (weights, whole) = files();
    let mut rig = Rig::open(small());
    rig.send(Command::Play { run: RUN });
    rig.turn();

    assert!(refusal(&mut rig, b"").starts_with("the file is cut short or damaged"));
    assert!(refusal(&mut rig, b"\x89PNG\r\n\x1a\n and more of a picture").starts_with("the file is cut short or damaged"));
    let foreign = [&16u64.to_le_bytes()[..], b"PK, I am a zip.."].concat();
    assert!(refusal(&mut rig, &foreign).starts_with("this is no safetensors file"), "{}", refusal(&mut rig, &foreign));
    for len in [7, 8, 100, weights.len() - 1] {
        let message = refusal(&mut rig, &weights[..len]);
        assert!(message.starts_with("the file is cut short or damaged"), "{len}: {message}");
    }
    // Lengths that nobody could allocate.
    for len in [u64::MAX, 1 << 40, 99_999_999] {
        let message = refusal(&mut rig, &[&len.to_le_bytes()[..], &weights[8..]].concat());
        assert!(message.starts_with("the file is cut short or damaged"), "{message}");
    }
    let (header, data) = parts(weights);
    let with = |change: &dyn Fn(&mut Value)| {
        let mut header = header.clone();
        change(&mut header);
        joined(&header, data)
    };
    let huge = with(&|h| h["0.weight"]["shape"] = json!([u32::MAX, u32::MAX, u32::MAX, 4]));
    assert!(refusal(&mut rig, &huge).starts_with("the file is cut short or damaged"), "{}", refusal(&mut rig, &huge));

    let rename = |from: &str, to: &str| {
        with(&|h| {
            let entry = h.as_object_mut().unwrap().remove(from).unwrap();
            h[to] = entry;
        })
    };
    assert_eq!(refusal(&mut rig, &rename("0.weight", "0.w")), "the file lacks `0.weight`, which the network has as 4×1×5×5");
    assert_eq!(refusal(&mut rig, &rename("1.running_var", "1.var")), "the file lacks `1.running_var`, which the network has as 4");
    assert_eq!(refusal(&mut rig, &rename("1.num_batches_tracked", "7.weight")), "the file has `7.weight`, which the network has not");
    let turned = with(&|h| h["6.weight"]["shape"] = json!([144, 10]));
    assert_eq!(refusal(&mut rig, &turned), "`6.weight` is 144×10 in the file, but 10×144 in the network");
    let whole_numbers = with(&|h| h["0.bias"]["dtype"] = json!("I32"));
    assert_eq!(refusal(&mut rig, &whole_numbers), "`0.bias` holds I32; F32, F64, F16 and BF16 can be read");
    let mut lost = weights.clone();
    let end = header["6.weight"]["data_offsets"][1].as_u64().unwrap() as usize + 8 + header_len(weights);
    lost[end - 4..end].copy_from_slice(&f32::NAN.to_le_bytes());
    assert_eq!(refusal(&mut rig, &lost), "number 1439 of `6.weight` is NaN");

    let note = |change: &dyn Fn(&mut Value), file: &[u8]| {
        let (mut header, data) = parts(file);
        let mut note: Value = serde_json::from_str(header["__metadata__"]["kernelscope"].as_str().unwrap()).unwrap();
        change(&mut note);
        header["__metadata__"]["kernelscope"] = json!(note.to_string());
        joined(&header, data)
    };
    assert_eq!(refusal(&mut rig, &note(&|n| n["version"] = json!(2), whole)), "the file has version 2; this program reads 1");
    assert!(refusal(&mut rig, &note(&|n| n["spec"] = json!("n1"), whole)).starts_with("the file's note about itself cannot be read: "));
    let batch = note(&|n| n["spec"]["train"]["batch"] = json!(0), whole);
    assert_eq!(refusal(&mut rig, &batch), "the file's network cannot be opened: `batch` is 0, but must lie in 1 to 1024");
    let layers = note(&|n| n["spec"]["model"]["layers"] = json!([]), whole);
    assert_eq!(refusal(&mut rig, &layers), "the file's network cannot be opened: the network has no layers");
    for (change, message) in [
        (json!({"step": 99_999}), "step 99999 lies beyond its 2 epochs"),
        (json!({"goal": u32::MAX}), "step 3 lies beyond its 4294967295 epochs"),
        (json!({"rate": -3.0}), "`rate` is -3, but must lie in 0 to 100"),
        (json!({"train_digits": 50_000}), "it went through 50000 training digits, this session has 500"),
        (json!({"step": 2}), "its steps do not count up to 2"),
        (
            json!({"scores": [{"set": "test", "step": 0, "epoch": 0.0, "loss": 0.0, "accuracy": 0.0, "count": 0, "confusion": [1]}]}),
            "its score of step 0 is damaged",
        ),
    ] {
        let file = note(&|n| n["position"].as_object_mut().unwrap().extend(change.as_object().unwrap().clone()), whole);
        assert_eq!(refusal(&mut rig, &file), format!("the file's history cannot be used: {message}"));
    }
    let (mut header, data) = parts(whole);
    let entry = header.as_object_mut().unwrap().remove("optimizer.exp_avg/0.bias").unwrap();
    header["optimizer.exp_avg/0.b"] = entry;
    assert_eq!(refusal(&mut rig, &joined(&header, data)), "the file has `optimizer.exp_avg/0.b`, which the network has not");

    // None of this touched the run.
    assert_eq!(rig.session.stage(), Stage::Playing);
    rig.until(|e| matches!(e, Event::Finished { .. }));
    let mut plain = Rig::open(small());
    plain.send(Command::Play { run: RUN });
    plain.until(|e| matches!(e, Event::Finished { .. }));
    assert_eq!(rig.curve(), plain.curve());
}

#[test]
fn weights_need_a_network() {
    let mut rig = Rig::few();
    assert_eq!(refusal(&mut rig, &files().0), "these are weights alone: they need an open network to go into");
}

#[test]
fn a_long_history_stays_small() {
    let spec = RunSpec { train: protocol::TrainSpec { batch: 1, epochs: 9, ..small().train }, ..small() };
    let mut rig = Rig::new(trainer::Session::with_portion(digits(), trainer::Portion { train: 1_000, scored: 1 }));
    rig.send(Command::Open { run: RUN, spec });
    rig.send(Command::Play { run: RUN });
    rig.until(|e| matches!(e, Event::Finished { .. }));
    let file = rig.save(Save::Checkpoint);
    let Event::Opened { history, .. } = rig.load(&file) else { panic!() };
    assert_eq!(history.len(), 2_000 + 1_000 + 1_000 + 125);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), header in "\\PC{0,80}") {
        let _ = checkpoint::read(&bytes);
        let framed = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &bytes].concat();
        let _ = checkpoint::read(&framed);
    }

    /// A damaged file is either refused or holds finite numbers, and the run can go on.
    #[test]
    fn a_damaged_file_does_no_harm(
        checkpoint in any::<bool>(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), 0..8u32), 1..4),
        in_header in any::<bool>(),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut file = if checkpoint { files().1.clone() } else { files().0.clone() };
        let reach = if in_header { 8 + header_len(&file) } else { file.len() };
        for (at, bit) in flips {
            file[at.index(reach)] ^= 1 << bit;
        }
        if let Some(cut) = cut {
            file.truncate(cut.index(file.len()));
        }
        let mut rig = Rig::open(small());
        let said = rig.load(&file);
        let as_said = matches!(said, Event::Opened { .. } | Event::LoadFailed { .. });
        prop_assert!(as_said, "{:?}", said);
        rig.send(Command::Step { run: RUN, count: 1 });
        rig.rest();
    }
}
