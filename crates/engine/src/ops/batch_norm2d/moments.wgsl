// Batch norm in training, step 1 of 3: statistics of parts of a channel.
//     mean = Σ x / n        squares = Σ (x - mean)²
// An invocation takes every 64th pixel of a channel, in a share of the images: its part. Nobody waits for
// another; join.wgsl puts the parts together.

alias Stored = f32;

struct Dims {
    batch: u32,
    ch: u32,
    plane: u32,  // pixels of a channel
    images: u32, // in a share; the last may have fewer
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read_write> scratch: array<vec2<f32>>; // mean and squares of each part

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) place: u32,
) {
    let c = group.y * groups.x + group.x;
    if (c >= dims.ch || place >= dims.plane) {
        return;
    }
    let first = group.z * dims.images;
    let end = min(first + dims.images, dims.batch);

    var sum = 0.0;
    for (var n = first; n < end; n++) {
        let begin = (n * dims.ch + c) * dims.plane;
        for (var i = begin + place; i < begin + dims.plane; i += 64u) {
            sum += f32(input[i]);
        }
    }
    let mean = sum / f32((end - first) * ((dims.plane - place + 63u) / 64u));

    // A second look at the numbers instead of E[x²] - mean²: that loses all digits where the mean
    // is much larger than the spread.
    var squares = 0.0;
    for (var n = first; n < end; n++) {
        let begin = (n * dims.ch + c) * dims.plane;
        for (var i = begin + place; i < begin + dims.plane; i += 64u) {
            let away = f32(input[i]) - mean;
            squares += away * away;
        }
    }
    scratch[(group.z * min(dims.plane, 64u) + place) * dims.ch + c] = vec2<f32>(mean, squares);
}
