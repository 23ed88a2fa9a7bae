// Gradient of the maps that a gate scales: d_maps = d_output * gate.

alias Stored = f32;

struct Dims {
    len: u32,           // numbers to be worked out, in the batch
    channels: u32,
    plane: u32,         // pixels of one map
    gate_channels: u32, // 1 or channels
    gate_plane: u32,    // 1 or plane
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> side: array<Stored>;
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
    let channel = i / dims.plane % dims.channels;
    let example = i / (dims.plane * dims.channels);
    let c = select(channel, 0u, dims.gate_channels == 1u);
    let p = select(i % dims.plane, 0u, dims.gate_plane == 1u);
    let g = (example * dims.gate_channels + c) * dims.gate_plane + p;
    d_input[i] = d_output[i] * f32(side[g]);
}
