// Rectifier with a learned slope: output = input where it is above zero, else weight · input.

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
@group(0) @binding(2) var<storage, read> params: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<Stored>;

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
    let x = f32(input[i]);
    output[i] = Stored(select(slope(i) * x, x, x > 0.0));
}
