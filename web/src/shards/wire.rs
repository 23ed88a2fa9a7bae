//! Tasks and answers as bytes in an `ArrayBuffer`: a head of numbers, then the numbers in bulk. Each is copied once, out
//! of or into the memory of the module, which cannot be moved itself.

use engine::{
    StepInputs,
    loss::BatchResult,
    shards::{GradSum, Loan, Node, Task, What},
};
use js_sys::{ArrayBuffer, Float32Array, Float64Array, Uint8Array};

/// Numbers of a head.
const HEAD: usize = 16;
/// Numbers that say what a node is.
const NODE: usize = 6;

/// Writes one block after another.
struct Writer {
    buffer: ArrayBuffer,
    at: u32,
}

impl Writer {
    /// Into `buffer`, or a new one where that is too small.
    fn new(buffer: Option<ArrayBuffer>, bytes: usize) -> Self {
        let fits = |buffer: &ArrayBuffer| buffer.byte_length() as usize >= bytes;
        Self { buffer: buffer.filter(fits).unwrap_or_else(|| ArrayBuffer::new(bytes as u32)), at: 0 }
    }

    fn doubles(&mut self, values: &[f64]) {
        Float64Array::new_with_byte_offset_and_length(&self.buffer, self.at, values.len() as u32).copy_from(values);
        self.at += 8 * values.len() as u32;
    }

    fn floats(&mut self, values: &[f32]) {
        Float32Array::new_with_byte_offset_and_length(&self.buffer, self.at, values.len() as u32).copy_from(values);
        self.at += 4 * values.len() as u32;
    }

    fn bytes(&mut self, values: &[u8]) {
        Uint8Array::new_with_byte_offset_and_length(&self.buffer, self.at, values.len() as u32).copy_from(values);
        self.at += values.len() as u32;
    }
}

struct Reader<'a> {
    buffer: &'a ArrayBuffer,
    at: u32,
}

impl Reader<'_> {
    fn head<const N: usize>(&mut self) -> [f64; N] {
        let mut values = [0.0; N];
        Float64Array::new_with_byte_offset_and_length(self.buffer, self.at, N as u32).copy_to(&mut values);
        self.at += 8 * N as u32;
        values
    }

    fn doubles(&mut self, values: &mut Vec<f64>, len: usize) {
        values.resize(len, 0.0);
        Float64Array::new_with_byte_offset_and_length(self.buffer, self.at, len as u32).copy_to(values);
        self.at += 8 * len as u32;
    }

    fn floats(&mut self, values: &mut Vec<f32>, len: usize) {
        values.resize(len, 0.0);
        Float32Array::new_with_byte_offset_and_length(self.buffer, self.at, len as u32).copy_to(values);
        self.at += 4 * len as u32;
    }

    fn bytes(&mut self, values: &mut Vec<u8>, len: usize) {
        values.resize(len, 0);
        Uint8Array::new_with_byte_offset_and_length(self.buffer, self.at, len as u32).copy_to(values);
        self.at += len as u32;
    }
}

pub fn write_task(buffer: Option<ArrayBuffer>, task: &Task, loan: &Loan<'_>) -> ArrayBuffer {
    let Loan { params, state, pixels, labels, whole } = *loan;
    let bytes = 8 * (HEAD + whole.len()) + 4 * (params.len() + state.len()) + pixels.len() + labels.len();
    let mut to = Writer::new(buffer, bytes);
    let (what, phase) = match task.what {
        What::Begin => (0, 0),
        What::GoOn { phase } => (1, phase),
        What::Score => (2, 0),
    };
    let StepInputs { rate, step, seed } = task.now;
    let lens = [whole.len(), params.len(), state.len(), pixels.len(), labels.len()].map(|n| n as f64);
    let mut head = [0.0; HEAD];
    head[..8].copy_from_slice(&[
        task.number.into(),
        what.into(),
        phase.into(),
        task.leaves.start as f64,
        task.leaves.end as f64,
        rate.into(),
        step.into(),
        seed.into(),
    ]);
    head[8..13].copy_from_slice(&lens);
    head[13] = task.place.map_or(-1.0, |place| place as f64);
    to.doubles(&head);
    to.doubles(whole);
    to.floats(params);
    to.floats(state);
    to.bytes(pixels);
    to.bytes(labels);
    to.buffer
}

pub fn read_task(buffer: &ArrayBuffer, task: &mut Task) {
    let mut from = Reader { buffer, at: 0 };
    let head: [f64; HEAD] = from.head();
    task.number = head[0] as u32;
    task.what = match head[1] as u32 {
        0 => What::Begin,
        1 => What::GoOn { phase: head[2] as u32 },
        _ => What::Score,
    };
    task.leaves = head[3] as usize..head[4] as usize;
    task.place = (head[13] >= 0.0).then_some(head[13] as usize);
    task.now = StepInputs { rate: head[5] as f32, step: head[6] as u32, seed: head[7] as u32 };
    let [whole, params, state, pixels, labels] = [8, 9, 10, 11, 12].map(|i| head[i] as usize);
    from.doubles(&mut task.whole, whole);
    from.floats(&mut task.params, params);
    from.floats(&mut task.state, state);
    from.bytes(&mut task.pixels, pixels);
    from.bytes(&mut task.labels, labels);
}

/// Into the buffer in which the task came, as a rule.
pub fn write_answer(buffer: ArrayBuffer, task: &Task) -> ArrayBuffer {
    let parts: usize = task.parts.iter().map(|n| 8 * (NODE + n.sum.len())).sum();
    let sums: usize = task.sums.iter().map(|n| 8 * NODE + 4 * n.sum.grads.len()).sum();
    let mut to = Writer::new(Some(buffer), 8 * HEAD + parts + sums + 4 * task.scores.len());
    let mut head = [0.0; HEAD];
    let counts = [task.parts.len() as f64, task.sums.len() as f64, task.scores.len() as f64];
    head[0] = task.number.into();
    head[1..4].copy_from_slice(&counts);
    head[4..7].copy_from_slice(&result_numbers(&task.result));
    to.doubles(&head);
    for Node { level, index, sum } in &task.parts {
        to.doubles(&[(*level).into(), (*index).into(), sum.len() as f64, 0.0, 0.0, 0.0]);
        to.doubles(sum);
    }
    for Node { level, index, sum: GradSum { grads, result } } in &task.sums {
        let [loss, correct, count] = result_numbers(result);
        to.doubles(&[(*level).into(), (*index).into(), grads.len() as f64, loss, correct, count]);
        to.floats(grads);
        // Numbers of eight bytes begin at multiples of eight.
        to.at = to.at.next_multiple_of(8);
    }
    to.floats(&task.scores);
    to.buffer
}

pub fn read_answer(buffer: &ArrayBuffer, task: &mut Task) {
    let mut from = Reader { buffer, at: 0 };
    let head: [f64; HEAD] = from.head();
    task.number = head[0] as u32;
    task.result = result_of([head[4], head[5], head[6]]);
    task.parts.resize_with(head[1] as usize, Node::default);
    for node in &mut task.parts {
        let [level, index, len, ..]: [f64; NODE] = from.head();
        (node.level, node.index) = (level as u32, index as u32);
        from.doubles(&mut node.sum, len as usize);
    }
    task.sums.resize_with(head[2] as usize, Node::default);
    for node in &mut task.sums {
        let [level, index, len, loss, correct, count]: [f64; NODE] = from.head();
        (node.level, node.index) = (level as u32, index as u32);
        node.sum.result = result_of([loss, correct, count]);
        from.floats(&mut node.sum.grads, len as usize);
        from.at = from.at.next_multiple_of(8);
    }
    from.floats(&mut task.scores, head[3] as usize);
}

fn result_numbers(result: &BatchResult) -> [f64; 3] {
    [result.loss_sum, result.correct.into(), result.count.into()]
}

fn result_of([loss_sum, correct, count]: [f64; 3]) -> BatchResult {
    BatchResult { loss_sum, correct: correct as u32, count: count as u32 }
}
