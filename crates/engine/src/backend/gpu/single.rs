//! One layer alone on the card: what checks of single operators run.

use std::rc::Rc;

use half::f16;
use wgpu::{Buffer, BufferUsages};

use super::{
    card::{Card, CardError},
    commands::Commands,
    launch::{Launch, Site, Slot, Storage},
    line::{Line, Turn},
    pipeline::prepare,
    reader::{bytes, floats, halves},
};
use crate::{
    LayerSpec, Mode, StepInputs,
    ops::{Backward, Forward, INPUTS_LIMIT, Placement, join},
};

/// A layer with every number that goes in. Lengths are those of the placement.
#[derive(Clone, Copy, Debug)]
pub struct Single<'a> {
    pub layer: &'a LayerSpec,
    pub at: Placement,
    pub now: StepInputs,
    /// Those of a join one after another.
    pub input: &'a [f32],
    pub params: &'a [f32],
    pub state: &'a [f32],
    /// Not looked at in evaluation.
    pub d_output: &'a [f32],
    /// Numbers that the layer keeps from forward to backward.
    pub saved_len: usize,
    pub wants_d_input: bool,
    pub storage: Storage,
    /// Sum across subgroups, where the card can.
    pub subgroups: bool,
}

/// What came out. The last two are empty in evaluation, the first of them also where nobody asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SingleResult {
    pub output: Vec<f32>,
    pub state: Vec<f32>,
    pub saved: Vec<f32>,
    pub d_input: Vec<f32>,
    pub d_params: Vec<f32>,
}

/// Numbers before the layer's own, so that a place counted from the wrong start shows.
const LEAD: usize = 3;

impl Single<'_> {
    /// Runs the layer forward and, in training, backward. What the kernels promise to overwrite holds
    /// NaN before, so a number left out shows.
    ///
    /// # Errors
    /// Whatever the card says.
    pub async fn run(&self, card: &Rc<Card>) -> Result<SingleResult, CardError> {
        let (at, training) = (&self.at, self.at.mode == Mode::Train);
        let (wants_d_input, wants_d_sides) = (self.wants_d_input, [self.wants_d_input; INPUTS_LIMIT - 1]);
        let site = Site { params: LEAD, state: LEAD, wants_d_input, wants_d_sides, subgroups: self.subgroups && card.info.subgroups };
        let launches = self.layer.launches(at, &site);
        let line = Line::new(card)?;

        let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
        let make = |what: &str, content: &[u8]| {
            let buffer = card.buffer(what, content.len(), usage)?;
            if !content.is_empty() {
                card.queue.write_buffer(&buffer, 0, content);
            }
            Ok::<_, CardError>(buffer)
        };
        let behind = |numbers: &[f32]| bytes(&[&[f32::NAN; LEAD], numbers].concat());
        let unknown = |len: usize| bytes(&vec![f32::NAN; len]);
        let stored = |numbers: &[f32]| match self.storage {
            Storage::F32 => bytes(numbers),
            Storage::F16 => {
                let mut all: Vec<u8> = numbers.iter().flat_map(|x| f16::from_f32(*x).to_le_bytes()).collect();
                all.resize(all.len().next_multiple_of(4), 0);
                all
            }
        };
        let out_len = at.batch * at.output.len();
        let lens: Vec<usize> = join::shapes(at).map(|shape| at.batch * shape.len()).collect();
        let inputs = parts(self.input, &lens).map(|own| make("input", &stored(own))).collect::<Result<Vec<_>, _>>()?;
        let output = make("output", &stored(&vec![f32::NAN; out_len]))?;
        let params = make("params", &behind(self.params))?;
        let grads = make("grads", &unknown(LEAD + self.params.len()))?;
        let state = make("state", &behind(self.state))?;
        let d_output = make("d_output", &bytes(self.d_output))?;
        let d_inputs = lens.iter().map(|len| make("d_input", &unknown(*len))).collect::<Result<Vec<_>, _>>()?;
        let saved = make("saved", &unknown(self.saved_len))?;
        let scratch = make("scratch", &unknown(launches.scratch_len))?;
        let find = |_: usize, slot: Slot| -> &Buffer {
            match slot {
                Slot::Input => &inputs[0],
                Slot::Side(k) => &inputs[usize::from(k)],
                Slot::Output => &output,
                Slot::Params => &params,
                Slot::Grads => &grads,
                Slot::State => &state,
                Slot::DOutput => &d_output,
                Slot::DInput => &d_inputs[0],
                Slot::DSide(k) => &d_inputs[usize::from(k)],
                Slot::Saved => &saved,
                _ => &scratch,
            }
        };

        line.set_turns(&[Turn { now: self.now, first: 0, count: at.batch as u32 }], |_| [0.0; 4]);
        let backward: &[Launch] = if training { &launches.backward } else { &[] };
        let forward = prepare(card, &launches.forward, self.storage, find)?;
        let backward = prepare(card, backward, self.storage, find)?;
        let wanted = if training && self.wants_d_input { &lens[..] } else { &[] };
        let d_params_len = if training { self.params.len() } else { 0 };
        let size = if self.storage == Storage::F16 { (2 * out_len).next_multiple_of(4) } else { 4 * out_len };
        let fixed = [
            (&output, 0, size),
            (&state, 4 * LEAD, 4 * self.state.len()),
            (&saved, 0, 4 * self.saved_len),
            (&grads, 4 * LEAD, 4 * d_params_len),
        ];
        let back = d_inputs.iter().zip(wanted).map(|(buffer, len)| (buffer, 0, 4 * len));
        let d_input_len = 4 * wanted.iter().sum::<usize>();
        let mut commands = Commands::new(&line, fixed.iter().map(|p| p.2).sum::<usize>() + d_input_len)?;
        commands.launch(&forward, 0);
        commands.launch(&backward, 0);
        for (buffer, first, bytes) in fixed.into_iter().chain(back) {
            commands.copy(buffer, first, bytes);
        }
        commands.submit();
        let content = line.reader.next().await?;
        let mut rest = &content[..];
        let [own, state, saved, d_params] = fixed.map(|(_, _, bytes)| {
            let (own, others) = rest.split_at(bytes);
            rest = others;
            own
        });
        let d_input = &rest[..d_input_len];
        Ok(SingleResult {
            output: if self.storage == Storage::F16 { halves(own).take(out_len).collect() } else { floats(own).collect() },
            state: floats(state).collect(),
            saved: floats(saved).collect(),
            d_input: floats(d_input).collect(),
            d_params: floats(d_params).collect(),
        })
    }
}

impl Single<'_> {
    /// The same by the CPU's kernels.
    pub fn run_on_cpu(&self) -> SingleResult {
        let (op, at, training) = (self.layer, &self.at, self.at.mode == Mode::Train);
        let working = op.working(at);
        let (table, now) = (&working.table[..], &self.now);
        let lens: Vec<usize> = join::shapes(at).map(|shape| at.batch * shape.len()).collect();
        let inputs = &parts(self.input, &lens).collect::<Vec<_>>()[..];
        let mut saved = vec![f32::NAN; if training { self.saved_len } else { 0 }];
        let mut scratch = vec![f32::NAN; working.scratch_len];
        let mut result =
            SingleResult { output: vec![f32::NAN; at.batch * at.output.len()], state: self.state.to_vec(), ..Default::default() };
        op.forward(
            at,
            Forward {
                inputs,
                params: self.params,
                state: &mut result.state,
                output: &mut result.output,
                saved: &mut saved,
                table,
                scratch: &mut scratch,
                first: 0,
                now,
            },
        );
        if training {
            scratch.fill(f32::NAN);
            result.d_params = vec![f32::NAN; self.params.len()];
            result.d_input = vec![f32::NAN; if self.wants_d_input { self.input.len() } else { 0 }];
            let mut rest = &mut result.d_input[..];
            let mut d_inputs: Vec<&mut [f32]> = Vec::new();
            for len in if self.wants_d_input { &lens[..] } else { &[] } {
                let (own, others) = rest.split_at_mut(*len);
                d_inputs.push(own);
                rest = others;
            }
            if lens.len() > 1 {
                d_inputs.resize_with(lens.len(), Default::default);
            }
            op.backward(
                at,
                Backward {
                    inputs,
                    output: &result.output,
                    d_output: self.d_output,
                    params: self.params,
                    saved: &saved,
                    d_inputs: &mut d_inputs,
                    d_params: &mut result.d_params,
                    table,
                    scratch: &mut scratch,
                    first: 0,
                    now,
                },
            );
        }
        result.saved = saved;
        result
    }
}

/// Pieces of these lengths, one after another.
fn parts<'a>(mut values: &'a [f32], lens: &[usize]) -> impl Iterator<Item = &'a [f32]> {
    lens.iter().map(move |len| {
        let (own, others) = values.split_at(*len);
        values = others;
        own
    })
}
