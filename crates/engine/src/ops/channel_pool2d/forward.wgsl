// Mean and maximum over the channels of each pixel. The number of the largest channel (the first of equals)
// is kept for the way back.
//
//     output[n, 0, p] = mean over c of input[n, c, p]
//     output[n, 1, p] = max over c of input[n, c, p]

alias Stored = f32;

struct Dims {
    len: u32,      // pixels of the batch
    channels: u32,
    plane: u32,    // pixels of one map
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read_write> output: array<Stored>;
@group(0) @binding(3) var<storage, read_write> saved: array<f32>;

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
    let example = i / dims.plane;
    let pixel = i % dims.plane;
    var at = example * dims.channels * dims.plane + pixel;
    var sum = 0.0;
    var largest = f32(input[at]);
    var winner = 0u;
    for (var c = 0u; c < dims.channels; c++) {
        let value = f32(input[at]);
        sum += value;
        if (value > largest) {
            largest = value;
            winner = c;
        }
        at += dims.plane;
    }
    let first = 2u * example * dims.plane + pixel;
    output[first] = Stored(sum * (1.0 / f32(dims.channels)));
    output[first + dims.plane] = Stored(largest);
    saved[i] = f32(winner);
}
