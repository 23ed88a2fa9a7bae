// Gradient of softmax over the channels: d_input = output · (d_output - Σ d_output · output). One pixel
// for each invocation.

alias Stored = f32;

struct Dims {
    pixels: u32, // pixels of the batch
    ch: u32,
    plane: u32,  // pixels of a channel
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> output: array<Stored>;
@group(0) @binding(2) var<storage, read> d_output: array<f32>;
@group(0) @binding(3) var<storage, read_write> d_input: array<f32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) place: u32,
) {
    let i = (group.y * groups.x + group.x) * 64u + place;
    if (i >= dims.pixels) {
        return;
    }
    let first = i / dims.plane * dims.ch * dims.plane + i % dims.plane;
    let end = first + dims.ch * dims.plane;

    var sum = 0.0;
    for (var k = first; k < end; k += dims.plane) {
        sum += d_output[k] * f32(output[k]);
    }
    for (var k = first; k < end; k += dims.plane) {
        d_input[k] = f32(output[k]) * (d_output[k] - sum);
    }
}
