// Focal loss of each example, and its gradient, with p = softmax(s)[class] and r = 1 - p:
//     loss = -r^γ ln p
//     d_output[j] = (softmax(s)[j] - [j = class]) · r^γ (1 - γ p ln(p) / r) · weight / batch
// One invocation for each example.

alias Stored = f32;

struct Dims {
    outputs: u32,
    batch: u32,
    has_labels: u32,  // 1: the examples have classes
    has_targets: u32, // 1: the examples have a row of targets
    gradient: u32,    // 1: the gradient is wanted; 0: d_output is left alone
    add: u32,         // 1: a later term of a sum, which adds to what is there
    weight: f32,      // of this loss in the sum
    gamma: f32,       // 0 is cross-entropy
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
@group(0) @binding(1) var<storage, read> output: array<Stored>; // the scores s
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read> targets: array<f32>; // the largest stands for the class where there is none
@group(0) @binding(4) var<storage, read_write> d_output: array<f32>;
@group(0) @binding(5) var<storage, read_write> losses: array<f32>; // one for each example
@group(1) @binding(0) var<uniform> now: Now;

// Gradients are those of the mean over the batch.
fn put_gradient(i: u32, slope: f32) {
    let d = dims.weight * slope / f32(dims.batch);
    d_output[i] = select(d, d_output[i] + d, dims.add == 1u);
}

fn put_loss(example: u32, loss: f32) {
    let own = dims.weight * loss;
    losses[example] = select(own, losses[example] + own, dims.add == 1u);
}

// The class of an example; without one, the place of the largest target, of equals the first.
fn label_of(example: u32) -> u32 {
    if (dims.has_labels == 1u) {
        return labels[example];
    }
    let row = example * dims.outputs;
    var best = 0u;
    for (var j = 1u; j < dims.outputs; j++) {
        if (targets[row + j] > targets[row + best]) {
            best = j;
        }
    }
    return best;
}

// The highest of an example's scores: taken off before exp, which then never overflows.
fn highest_of(row: u32) -> f32 {
    var highest = f32(output[row]);
    for (var j = 1u; j < dims.outputs; j++) {
        highest = max(highest, f32(output[row + j]));
    }
    return highest;
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) place: u32,
) {
    let example = (group.y * groups.x + group.x) * 64u + place;
    if (example >= dims.batch) {
        return;
    }
    let row = example * dims.outputs;
    if (example >= now.count) { // only fills up the batch, and teaches nothing
        if (dims.gradient == 1u) {
            for (var j = 0u; j < dims.outputs; j++) {
                put_gradient(row + j, 0.0);
            }
        }
        put_loss(example, 0.0);
        return;
    }

    let label = label_of(example);
    let highest = highest_of(row);
    let own = f32(output[row + label]) - highest;
    var others = 0.0; // not all less the label's own: no digits are left of that where p is near 1
    for (var j = 0u; j < dims.outputs; j++) {
        others += select(exp(f32(output[row + j]) - highest), 0.0, j == label);
    }
    let all = others + exp(own);
    let p = exp(own) / all;
    let r = others / all;

    // ln(1 - r) / r, by its series where r is small.
    var ratio = -(1.0 + r * (0.5 + r * (1.0 / 3.0 + r * 0.25)));
    if (r >= 0.01) {
        ratio = (own - log(all)) / r;
    }
    // pow(0, 0) is not 1 everywhere.
    let focus = select(select(0.0, pow(max(r, 1e-37), dims.gamma), r > 0.0), 1.0, dims.gamma == 0.0);
    if (dims.gradient == 1u) {
        let factor = focus * (1.0 - dims.gamma * p * select(0.0, ratio, p > 0.0));
        for (var j = 0u; j < dims.outputs; j++) {
            let softmax = exp(f32(output[row + j]) - highest) / all;
            put_gradient(row + j, factor * select(softmax, -r, j == label));
        }
    }
    put_loss(example, -focus * (ratio * r));
}
