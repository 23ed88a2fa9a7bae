// Gradient of batch norm, step 2 of 2: joins the parts' sums, then, with x̂ = (x - mean) · inverse and
// inverse = 1 / sqrt(var + eps),
//     d_gain = Σ d · x̂        d_bias = Σ d
//     d_input = gain · inverse · (d - Σ d / count - x̂ · Σ (d · x̂) / count)
// where d is d_output before the fused ReLU. (Ioffe and Szegedy 2015.)
// One workgroup for each channel and part of it; a channel's first part writes the weights' gradients.

alias Stored = f32;

struct Dims {
    ch: u32,
    plane: u32,     // pixels of a channel
    count: u32,     // batch · plane, the numbers of a channel
    parts: u32,     // parts of a channel
    part_len: u32,  // numbers of a part; the last may be shorter
    params_at: u32, // place of the gains among all weights; the biases follow
    relu: u32,      // 1 where a ReLU is fused in
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read> output: array<Stored>;
@group(0) @binding(3) var<storage, read> d_output: array<f32>;
@group(0) @binding(4) var<storage, read> params: array<f32>;
@group(0) @binding(5) var<storage, read> saved: array<f32>; // means, then 1 / sqrt(var + eps)
@group(0) @binding(6) var<storage, read> scratch: array<vec2<f32>>; // plain and along of each part
@group(0) @binding(7) var<storage, read_write> d_input: array<f32>;
@group(0) @binding(8) var<storage, read_write> grads: array<f32>;

// Address of number k of channel c, counted through its planes image by image.
fn address(c: u32, k: u32) -> u32 {
    return (k / dims.plane * dims.ch + c) * dims.plane + k % dims.plane;
}

// The gradient before the fused ReLU: it lets pass where the output is above zero.
fn passed(i: u32) -> f32 {
    return select(d_output[i], 0.0, dims.relu == 1u && f32(output[i]) <= 0.0);
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

    var sums = vec2<f32>();
    for (var part = 0u; part < dims.parts; part++) {
        sums += scratch[part * dims.ch + c];
    }
    let mean = saved[c];
    let inverse = saved[dims.ch + c];
    let d_gain = sums.y * inverse;
    if (group.z == 0u && place == 0u) {
        grads[dims.params_at + c] = d_gain;
        grads[dims.params_at + dims.ch + c] = sums.x;
    }

    let scale = params[dims.params_at + c] * inverse;
    let mean_d = sums.x / f32(dims.count);
    let mean_along = d_gain / f32(dims.count) * inverse;
    let start = group.z * dims.part_len;
    let end = min(start + dims.part_len, dims.count);
    for (var k = start + place; k < end; k += 256u) {
        let i = address(c, k);
        d_input[i] = scale * (passed(i) - mean_d - (f32(input[i]) - mean) * mean_along);
    }
}
