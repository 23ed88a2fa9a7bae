// Gradient of the exponential linear unit: d_input = d_output where the input is above zero, else
// d_output · alpha · e^input.

alias Stored = f32;

struct Dims {
    len: u32,   // numbers in the batch
    alpha: f32, // depth of the floor: far below zero the output is -alpha
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read> d_output: array<f32>;
@group(0) @binding(3) var<storage, read_write> d_input: array<f32>;

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
    d_input[i] = d_output[i] * select(dims.alpha * exp(min(x, 0.0)), 1.0, x > 0.0);
}
