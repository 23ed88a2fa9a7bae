// Group norm: over the channels of a group, rows and columns of one example
//     output = (input - mean) / sqrt(var + eps) · gain + bias
// and max(output, 0) where a ReLU is fused in. One workgroup for each group of each example.

alias Stored = f32;

struct Dims {
    batch: u32,
    ch: u32,
    plane: u32,     // pixels of a channel
    groups: u32,    // groups of channels
    affine: u32,    // 1 where each channel has a gain and a bias
    params_at: u32, // place of the gains among all weights; the biases follow
    relu: u32,      // 1 where a ReLU is fused in
    eps: f32,
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read> params: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<Stored>;
@group(0) @binding(4) var<storage, read_write> saved: array<vec2<f32>>; // mean and 1 / sqrt(var + eps)

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

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) place: u32,
) {
    let k = group.y * groups.x + group.x;
    if (k >= dims.batch * dims.groups) {
        return;
    }
    let size = dims.ch / dims.groups * dims.plane;
    let start = k * size;
    let end = start + size;

    var sum = 0.0;
    for (var i = start + place; i < end; i += 256u) {
        sum += f32(input[i]);
    }
    let mean = total(sum, place) / f32(size);

    // A second look at the numbers instead of E[x²] - mean²: that loses all digits where the mean
    // is much larger than the spread.
    var squares = 0.0;
    for (var i = start + place; i < end; i += 256u) {
        let away = f32(input[i]) - mean;
        squares += away * away;
    }
    let inverse = 1.0 / sqrt(total(squares, place) / f32(size) + dims.eps);
    if (place == 0u) {
        saved[k] = vec2<f32>(mean, inverse);
    }

    for (var i = start + place; i < end; i += 256u) {
        var value = (f32(input[i]) - mean) * inverse;
        if (dims.affine == 1u) {
            let c = (i / dims.plane) % dims.ch;
            value = value * params[dims.params_at + c] + params[dims.params_at + dims.ch + c];
        }
        output[i] = Stored(select(value, 0.0, dims.relu == 1u && value <= 0.0));
    }
}
