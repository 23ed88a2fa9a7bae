// Gradient descent with momentum: v = momentum · v + g, p -= rate · v,
// where g is the gradient and weight_decay · p.
// One weight for each invocation.

struct Dims {
    len: u32, // weights of the network
    momentum: f32,
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
@group(0) @binding(2) var<storage, read_write> params: array<f32>;
@group(0) @binding(3) var<storage, read_write> optimizer_state: array<f32>; // v of each weight
@group(1) @binding(0) var<uniform> now: Now;

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
    let velocity = dims.momentum * optimizer_state[i] + (grads[i] + dims.weight_decay * params[i]);
    optimizer_state[i] = velocity;
    params[i] -= now.rate * velocity;
}
