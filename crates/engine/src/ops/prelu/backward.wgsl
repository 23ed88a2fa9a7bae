// Gradient of the input of a PReLU: d_input = d_output where the input is above zero, else
// weight · d_output.

alias Stored = f32;

struct Dims {
    len: u32,         // numbers in the batch
    ch: u32,
    plane: u32,       // pixels of a channel
    per_channel: u32, // 1 where each channel has a weight of its own
    params_at: u32,   // place of the first weight among all
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read> d_output: array<f32>;
@group(0) @binding(3) var<storage, read> params: array<f32>;
@group(0) @binding(4) var<storage, read_write> d_input: array<f32>;

// The weight that number i meets.
fn slope(i: u32) -> f32 {
    return params[dims.params_at + select(0u, i / dims.plane % dims.ch, dims.per_channel == 1u)];
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
    d_input[i] = d_output[i] * select(slope(i), 1.0, f32(input[i]) > 0.0);
}
