// Gradient of a gate: the sum of d_output * maps over everything that one number of the gate scales.

alias Stored = f32;

struct Dims {
    len: u32,           // numbers to be worked out, in the batch
    channels: u32,
    plane: u32,         // pixels of one map
    gate_channels: u32, // 1 or channels
    gate_plane: u32,    // 1 or plane
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read> d_output: array<f32>;
@group(0) @binding(3) var<storage, read_write> d_side: array<f32>;

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
    let pixel = i % dims.gate_plane;
    let channel = i / dims.gate_plane % dims.gate_channels;
    let example = i / (dims.gate_plane * dims.gate_channels);
    // Where the gate has one channel, or one pixel, it scales all of them.
    let channels = select(1u, dims.channels, dims.gate_channels == 1u);
    let pixels = select(1u, dims.plane, dims.gate_plane == 1u);
    var sum = 0.0;
    for (var c = 0u; c < channels; c++) {
        for (var p = 0u; p < pixels; p++) {
            let at = (example * dims.channels + channel + c) * dims.plane + pixel + p;
            sum += d_output[at] * f32(input[at]);
        }
    }
    d_side[i] = sum;
}
