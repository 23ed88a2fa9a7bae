// Gradient of mean and maximum over the channels: every channel has its share of the mean's, and the largest
// one has all of the maximum's.
//
//     d_input[n, c, p] = d_output[n, 0, p] / channels + (c was largest ? d_output[n, 1, p] : 0)

struct Dims {
    len: u32,      // numbers of the batch
    channels: u32,
    plane: u32,    // pixels of one map
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> d_output: array<f32>;
@group(0) @binding(2) var<storage, read> saved: array<f32>;
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
    let pixel = i % dims.plane;
    let channel = i / dims.plane % dims.channels;
    let example = i / (dims.plane * dims.channels);
    let first = 2u * example * dims.plane + pixel;
    let winner = u32(saved[example * dims.plane + pixel]);
    d_input[i] = d_output[first] * (1.0 / f32(dims.channels)) + select(0.0, d_output[first + dims.plane], channel == winner);
}
