// Layer, group and instance norm are one: the channels of an example fall into groups, and each is normalised for
// itself. Layer norm has one group, instance norm as many as channels.
// Step 1: statistics of parts of a group.
//     mean = Σ x / n        squares = Σ (x - mean)²
// An invocation takes every 64th number of a group, its part. Nobody waits for another; join.wgsl puts the
// parts together.

alias Stored = f32;

struct Dims {
    batch: u32,
    ch: u32,
    plane: u32,  // pixels of a channel
    groups: u32, // of channels
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read_write> scratch: array<vec2<f32>>; // mean and squares: 64 parts of each group

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) place: u32,
) {
    let k = group.y * groups.x + group.x;
    let size = dims.ch / dims.groups * dims.plane;
    if (k >= dims.batch * dims.groups || place >= size) {
        return;
    }
    let begin = k * size + place;
    let end = (k + 1u) * size;

    var sum = 0.0;
    for (var i = begin; i < end; i += 64u) {
        sum += f32(input[i]);
    }
    let mean = sum / f32((size - place + 63u) / 64u);

    // A second look at the numbers instead of E[x²] - mean²: that loses all digits where the mean
    // is much larger than the spread.
    var squares = 0.0;
    for (var i = begin; i < end; i += 64u) {
        let away = f32(input[i]) - mean;
        squares += away * away;
    }
    scratch[k * 64u + place] = vec2<f32>(mean, squares);
}
