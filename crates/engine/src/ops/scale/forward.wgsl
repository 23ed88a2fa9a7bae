// Maps times a gate, which is repeated along channels or pixels where it has only one.
//
//     output[n, c, p] = maps[n, c, p] * gate[n, c or 0, p or 0]        maps: input, gate: side

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
@group(0) @binding(2) var<storage, read> side: array<Stored>;
@group(0) @binding(3) var<storage, read_write> output: array<Stored>;

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
    output[i] = Stored(f32(input[i]) * f32(side[g]));
}
