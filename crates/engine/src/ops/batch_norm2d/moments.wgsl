// Batch norm in training, step 1 of 2: statistics of parts of a channel.
//     mean = Σ x / n        squares = Σ (x - mean)²
// One workgroup for each channel and part, so that a few channels still keep the whole card busy;
// normalise.wgsl joins the parts.

alias Stored = f32;

struct Dims {
    ch: u32,
    plane: u32,    // pixels of a channel
    count: u32,    // batch · plane, the numbers of a channel
    part_len: u32, // numbers of a part; the last may be shorter
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read_write> scratch: array<vec2<f32>>; // mean and squares of each part

var<workgroup> sums: array<f32, 256>;

// The sum of `own` over the workgroup, for all of it: halved pairwise, always in the same order.
fn total(own: f32, place: u32) -> f32 {
    sums[place] = own;
    workgroupBarrier();
    for (var half = 128u; half > 0u; half /= 2u) {
        if (place < half) {
            sums[place] += sums[place + half];
        }
        workgroupBarrier();
    }
    let all = sums[0];
    workgroupBarrier(); // nobody writes the next sum before all have read this one
    return all;
}

// Address of number k of channel c, counted through its planes image by image.
fn address(c: u32, k: u32) -> u32 {
    return (k / dims.plane * dims.ch + c) * dims.plane + k % dims.plane;
}

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) place: u32,
) {
    let c = group.y * groups.x + group.x;
    if (c >= dims.ch) {
        return;
    }
    let start = group.z * dims.part_len;
    let end = min(start + dims.part_len, dims.count);

    var sum = 0.0;
    for (var k = start + place; k < end; k += 256u) {
        sum += f32(input[address(c, k)]);
    }
    let mean = total(sum, place) / f32(end - start);

    // A second look at the numbers instead of E[x²] - mean²: that loses all digits where the mean
    // is much larger than the spread.
    var squares = 0.0;
    for (var k = start + place; k < end; k += 256u) {
        let away = f32(input[address(c, k)]) - mean;
        squares += away * away;
    }
    let all = total(squares, place);
    if (place == 0u) {
        scratch[group.z * dims.ch + c] = vec2<f32>(mean, all);
    }
}
