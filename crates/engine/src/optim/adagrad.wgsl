// AdaGrad (Duchi et al. 2011): s += g², p -= rate / (1 + t · lr_decay) · g / (sqrt(s) + eps),
// where g is the gradient and weight_decay · p, and t the updates made before.
// One weight for each invocation.

struct Dims {
    len: u32, // weights of the network
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
@group(0) @binding(4) var<storage, read_write> optimizer_state: array<f32>; // s of each weight
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
    let rate = factor * now.rule.x; // rate / (1 + t · lr_decay)
    let g = grads[i] + decay * params[i];
    let sum = optimizer_state[i] + g * g;
    optimizer_state[i] = sum;
    params[i] -= rate * g / (sqrt(sum) + dims.eps);
}
