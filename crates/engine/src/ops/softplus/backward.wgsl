// Gradient of softplus: d_input = d_output · sigmoid(beta · input); d_output itself where beta · input is
// above the threshold.

alias Stored = f32;

struct Dims {
    len: u32,       // numbers in the batch
    beta: f32,      // how sharp the bend is
    threshold: f32, // beta · input from which on the layer is the identity
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read> d_output: array<f32>;
@group(0) @binding(3) var<storage, read_write> d_input: array<f32>;

// 1 / (1 + e^-x) by e^-|x|, which never overflows.
fn sigmoid(x: f32) -> f32 {
    let t = exp(-abs(x));
    return select(1.0, t, x < 0.0) / (1.0 + t);
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
    let x = f32(input[i]);
    d_input[i] = d_output[i] * select(sigmoid(dims.beta * x), 1.0, dims.beta * x > dims.threshold);
}
