// Softmax cross-entropy of each example with soft targets, smoothing ε and class weights w, and its gradient:
//     t'[j] = (1 - ε) t[j] + ε / outputs,  t the one-hot vector of the class, or the targets without one
//     loss = -Σ w[j] t'[j] ln softmax(s)[j]
//     d_output[j] = ((Σ w t') softmax(s)[j] - w[j] t'[j]) · share · weight / batch
// The mean is over the weights of the batch's classes: share = count / Σ w[class]; 1 without classes.
// The highest score is taken off before exp, which then never overflows.
// One invocation for each example.

alias Stored = f32;

struct Dims {
    outputs: u32,
    batch: u32,
    has_labels: u32,   // 1: the examples have classes
    has_targets: u32,  // 1: the examples have a row of targets
    gradient: u32,     // 1: the gradient is wanted; 0: d_output is left alone
    add: u32,          // 1: a later term of a sum, which adds to what is there
    weight: f32,       // of this loss in the sum
    smoothing: f32,    // ε
    is_weighted: u32,  // 1: the classes have weights
    first_weight: u32, // where they begin
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
@group(0) @binding(3) var<storage, read> targets: array<f32>; // probabilities that are wanted
@group(0) @binding(4) var<storage, read> class_weights: array<f32>; // of all losses of a sum
@group(0) @binding(5) var<storage, read_write> d_output: array<f32>;
@group(0) @binding(6) var<storage, read_write> losses: array<f32>; // one for each example
@group(1) @binding(0) var<uniform> now: Now;

var<workgroup> parts: array<f32, 64>;

// Gradients are those of the mean over the batch.
fn put_gradient(i: u32, slope: f32) {
    let d = dims.weight * slope / f32(dims.batch);
    d_output[i] = select(d, d_output[i] + d, dims.add == 1u);
}

fn put_loss(example: u32, loss: f32) {
    let own = dims.weight * loss;
    losses[example] = select(own, losses[example] + own, dims.add == 1u);
}

// The highest of an example's scores: taken off before exp, which then never overflows.
fn highest_of(row: u32) -> f32 {
    var highest = f32(output[row]);
    for (var j = 1u; j < dims.outputs; j++) {
        highest = max(highest, f32(output[row + j]));
    }
    return highest;
}

fn class_weight(label: u32) -> f32 {
    if (dims.is_weighted == 1u) {
        return class_weights[dims.first_weight + label];
    }
    return 1.0;
}

// w[j] t'[j]
fn wanted(example: u32, j: u32) -> f32 {
    var t = 0.0;
    if (dims.has_labels == 1u) {
        t = select(0.0, 1.0, labels[example] == j);
    } else {
        t = targets[example * dims.outputs + j];
    }
    return class_weight(j) * ((1.0 - dims.smoothing) * t + dims.smoothing / f32(dims.outputs));
}

// Count / Σ w[class] over the batch, which every workgroup adds up for itself.
fn share_of(count: u32, place: u32) -> f32 {
    var sum = 0.0;
    if (dims.has_labels == 1u) {
        for (var i = place; i < count; i += 64u) {
            sum += class_weight(labels[i]);
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
    if (dims.is_weighted == 0u || dims.has_labels == 0u) {
        return 1.0;
    }
    // Where no class of the batch has a weight, nothing is learnt from it.
    return select(0.0, f32(count) / max(parts[0], 1e-37), parts[0] > 0.0);
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) place: u32,
) {
    let example = (group.y * groups.x + group.x) * 64u + place;
    let share = share_of(min(now.count, dims.batch), place);
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

    let highest = highest_of(row);
    var sum = 0.0;
    for (var j = 0u; j < dims.outputs; j++) {
        sum += exp(f32(output[row + j]) - highest);
    }
    var loss = 0.0;
    var all = 0.0;
    for (var j = 0u; j < dims.outputs; j++) {
        let t = wanted(example, j);
        all += t;
        if (t != 0.0) { // not 0 times what may be infinite
            loss -= t * (f32(output[row + j]) - highest - log(sum));
        }
    }
    if (dims.gradient == 1u) {
        for (var j = 0u; j < dims.outputs; j++) {
            let softmax = exp(f32(output[row + j]) - highest) / sum;
            put_gradient(row + j, share * (all * softmax - wanted(example, j)));
        }
    }
    put_loss(example, share * loss);
}
