// Logarithm of softmax over the channels: output = input - ln Σ e^input. One pixel for each invocation.

alias Stored = f32;

struct Dims {
    pixels: u32, // pixels of the batch
    ch: u32,
    plane: u32,  // pixels of a channel
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read_write> output: array<Stored>;

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

    var greatest = f32(input[first]);
    for (var k = first + dims.plane; k < end; k += dims.plane) {
        greatest = max(greatest, f32(input[k]));
    }
    // The greatest becomes e^0: nothing overflows, and the sum is at least 1.
    var sum = 0.0;
    for (var k = first; k < end; k += dims.plane) {
        sum += exp(f32(input[k]) - greatest);
    }
    for (var k = first; k < end; k += dims.plane) {
        output[k] = Stored(f32(input[k]) - greatest - log(sum));
    }
}
