// Multi-class hinge of each example, and its gradient (PyTorch's MultiMarginLoss with p = 1):
//     loss = Σ over j ≠ class of max(0, margin - s[class] + s[j]) / outputs
//     d_output[j] = [term j above 0] / outputs · weight / batch; the class has the others' sum, negative
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
    margin: f32,      // by which the class is to lead
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
    let own = f32(output[row + label]);
    let share = 1.0 / f32(dims.outputs);
    var sum = 0.0;
    var lacking = 0.0;
    for (var j = 0u; j < dims.outputs; j++) {
        let lack = dims.margin - (own - f32(output[row + j]));
        if (j != label) {
            let slope = select(0.0, share, lack > 0.0);
            sum += max(lack, 0.0);
            lacking += slope;
            if (dims.gradient == 1u) {
                put_gradient(row + j, slope);
            }
        }
    }
    if (dims.gradient == 1u) {
        put_gradient(row + label, -lacking);
    }
    put_loss(example, sum * share);
}
