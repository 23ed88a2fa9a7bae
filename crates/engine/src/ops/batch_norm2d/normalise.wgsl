// Batch norm in training, step 3 of 3:
//     output = (input - mean) / sqrt(var + eps) · gain + bias
// and max(output, 0) where a ReLU is fused in.
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
@group(0) @binding(2) var<storage, read> params: array<f32>;
@group(0) @binding(3) var<storage, read> saved: array<f32>; // means, then 1 / sqrt(var + eps)
@group(0) @binding(4) var<storage, read_write> output: array<Stored>;

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
    let scale = params[dims.params_at + c] * saved[dims.ch + c];
    let bias = params[dims.params_at + dims.ch + c];
    let first = group.z * dims.images;
    let end = min(first + dims.images, dims.batch);
    for (var n = first; n < end; n++) {
        let begin = (n * dims.ch + c) * dims.plane;
        for (var i = begin + place; i < begin + dims.plane; i += 64u) {
            let value = (f32(input[i]) - mean) * scale + bias;
            output[i] = Stored(select(value, 0.0, dims.relu == 1u && value <= 0.0));
        }
    }
}
