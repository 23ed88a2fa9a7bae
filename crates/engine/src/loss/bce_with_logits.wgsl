// Binary cross-entropy of each example's outputs, every one for itself, and its gradient:
//     loss = mean of max(x, 0) - x t + ln(1 + exp(-|x|))        d_output = (σ(x) - t) / outputs · weight / batch
// which is -t ln σ(x) - (1 - t) ln(1 - σ(x)) in a form that never overflows.
// One workgroup for each example: invocation k takes outputs k, k + 64, …; the sums are then halved
// pairwise, always in the same order.

alias Stored = f32;

struct Dims {
    outputs: u32,
    batch: u32,
    has_labels: u32,  // 1: the examples have classes
    has_targets: u32, // 1: the examples have a row of targets
    gradient: u32,    // 1: the gradient is wanted; 0: d_output is left alone
    add: u32,         // 1: a later term of a sum, which adds to what is there
    weight: f32,      // of this loss in the sum
}

struct Now {
    rule: vec4<f32>, // what the optimizer's formula takes from the step's number
    rate: f32,       // learning rate
    step: u32,       // updates made before this one
    seed: u32,
    slot: u32,       // place of this batch in the results
    first: u32,      // where the batch begins in the order of the digits
    count: u32,      // examples of the batch that count
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> output: array<Stored>; // the logits x
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read> targets: array<f32>; // the targets t
@group(0) @binding(4) var<storage, read_write> d_output: array<f32>;
@group(0) @binding(5) var<storage, read_write> losses: array<f32>; // one for each example
@group(1) @binding(0) var<uniform> now: Now;

var<workgroup> parts: array<f32, 64>;

// What the row of an example's targets holds; without one, 1 for its class and 0 for the others.
fn wanted(example: u32, j: u32) -> f32 {
    if (dims.has_targets == 1u) {
        return targets[example * dims.outputs + j];
    }
    return select(0.0, 1.0, labels[example] == j);
}

// Gradients are those of the mean over the batch.
fn put_gradient(i: u32, slope: f32) {
    let d = dims.weight * slope / f32(dims.batch);
    d_output[i] = select(d, d_output[i] + d, dims.add == 1u);
}

fn put_loss(example: u32, loss: f32) {
    let own = dims.weight * loss;
    losses[example] = select(own, losses[example] + own, dims.add == 1u);
}

// 1 / (1 + exp(-x)), without overflow.
fn sigmoid(x: f32) -> f32 {
    let small = exp(-abs(x));
    return select(small, 1.0, x >= 0.0) / (1.0 + small);
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) place: u32,
) {
    let example = group.y * groups.x + group.x;
    if (example >= dims.batch) {
        return;
    }
    let row = example * dims.outputs;
    let counts = example < now.count; // the others only fill up the batch, and teach nothing
    let share = 1.0 / f32(dims.outputs);

    var sum = 0.0;
    for (var j = place; j < dims.outputs; j += 64u) {
        var slope = 0.0;
        if (counts) {
            let x = f32(output[row + j]);
            let t = wanted(example, j);
            sum += max(x, 0.0) - x * t + log(1.0 + exp(-abs(x)));
            slope = sigmoid(x) - t;
        }
        if (dims.gradient == 1u) {
            put_gradient(row + j, slope * share);
        }
    }
    parts[place] = sum;
    workgroupBarrier();
    for (var half = 32u; half > 0u; half /= 2u) {
        if (place < half) {
            parts[place] += parts[place + half];
        }
        workgroupBarrier();
    }
    if (place == 0u) {
        put_loss(example, parts[0] * share);
    }
}
