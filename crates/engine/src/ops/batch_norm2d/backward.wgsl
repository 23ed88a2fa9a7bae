// Gradient of batch norm, step 3 of 3, with x̂ = (x - mean) · inverse and inverse = 1 / sqrt(var + eps):
//     d_input = gain · inverse · (d - Σ d / count - x̂ · Σ (d · x̂) / count)
// where d is d_output before the fused ReLU, and the two sums are d_bias and d_gain. (Ioffe and Szegedy 2015.)
// An invocation takes every 64th pixel of a channel, in a share of the images.

alias Stored = f32;

struct Dims {
    batch: u32,
    ch: u32,
    plane: u32,     // pixels of a channel
    images: u32,    // in a share; the last may have fewer
    params_at: u32, // place of the gains among all weights; the biases follow
    relu: u32,      // 1 where a ReLU is fused in
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read> output: array<Stored>;
@group(0) @binding(3) var<storage, read> d_output: array<f32>;
@group(0) @binding(4) var<storage, read> params: array<f32>;
@group(0) @binding(5) var<storage, read> saved: array<f32>; // means, then 1 / sqrt(var + eps)
@group(0) @binding(6) var<storage, read> grads: array<f32>; // those of the gains and biases are ready
@group(0) @binding(7) var<storage, read_write> d_input: array<f32>;

// The gradient before the fused ReLU: it lets pass where the output is above zero.
fn passed(i: u32) -> f32 {
    return select(d_output[i], 0.0, dims.relu == 1u && f32(output[i]) <= 0.0);
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) place: u32,
) {
    let c = group.y * groups.x + group.x;
    if (c >= dims.ch) {
        return;
    }
    let mean = saved[c];
    let inverse = saved[dims.ch + c];
    let count = f32(dims.batch * dims.plane);
    let scale = params[dims.params_at + c] * inverse;
    let mean_d = grads[dims.params_at + dims.ch + c] / count;
    let mean_along = grads[dims.params_at + c] / count * inverse;
    let first = group.z * dims.images;
    let end = min(first + dims.images, dims.batch);
    for (var n = first; n < end; n++) {
        let begin = (n * dims.ch + c) * dims.plane;
        for (var i = begin + place; i < begin + dims.plane; i += 64u) {
            d_input[i] = scale * (passed(i) - mean_d - (f32(input[i]) - mean) * mean_along);
        }
    }
}
