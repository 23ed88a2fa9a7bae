// AdamW (Loshchilov and Hutter 2019): Adam, but weights decay by themselves instead of through the gradient:
//     p -= rate · weight_decay · p, m = beta1 · m + (1 - beta1) · g, v = beta2 · v + (1 - beta2) · g²,
//     p -= rate · (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)
// where t is the step's number from 1. The powers come with the step, worked out in double precision.
// One weight for each invocation.

struct Dims {
    len: u32, // weights of the network
    beta1: f32,
    beta2: f32,
    eps: f32,
    weight_decay: f32,
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
@group(0) @binding(1) var<storage, read> grads: array<f32>;
@group(0) @binding(2) var<storage, read> rates: array<u32>; // of each group: end, factor of the rate, factor of the decay, penalised
@group(0) @binding(3) var<storage, read_write> params: array<f32>;
@group(0) @binding(4) var<storage, read_write> optimizer_state: array<f32>; // m of each weight, then v of each
@group(1) @binding(0) var<uniform> now: Now;

// The group of layers that weight i belongs to: the first that ends beyond it.
fn group_of(i: u32) -> u32 {
    var low = 0u;
    var high = arrayLength(&rates) / 4u - 1u;
    while (low < high) {
        let middle = (low + high) / 2u;
        if (i < rates[4u * middle]) {
            high = middle;
        } else {
            low = middle + 1u;
        }
    }
    return low;
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) place: u32,
) {
    let i = (group.y * groups.x + group.x) * 64u + place;
    if (i >= dims.len) {
        return;
    }
    let own = 4u * group_of(i);
    let factor = bitcast<f32>(rates[own + 1u]);
    if (factor == 0.0) {
        return; // frozen
    }
    let decay = bitcast<f32>(rates[own + 2u]) * dims.weight_decay;
    let rate = factor * now.rule.x; // rate / (1 - beta1^t)
    let correct = now.rule.y;       // sqrt(1 - beta2^t)
    let g = grads[i];
    let m = dims.beta1 * optimizer_state[i] + (1.0 - dims.beta1) * g;
    let v = dims.beta2 * optimizer_state[dims.len + i] + (1.0 - dims.beta2) * (g * g);
    optimizer_state[i] = m;
    optimizer_state[dims.len + i] = v;
    let kept = params[i] * (1.0 - factor * now.rate * decay);
    params[i] = kept - rate * m / (sqrt(v) / correct + dims.eps);
}
