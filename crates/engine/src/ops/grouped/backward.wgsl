// Gradient of the input of layer, group and instance norm, step 3: with x̂ = (x - mean) · inverse,
// inverse = 1 / sqrt(var + eps), g = gain · d, d: d_output before the fused ReLU, and size the numbers of a group,
//     d_input = inverse · (g - Σ g / size - x̂ · Σ (g · x̂) / size)
// One number for each invocation.

alias Stored = f32;

struct Dims {
    batch: u32,
    ch: u32,
    plane: u32,     // pixels of a channel
    groups: u32,    // of channels
    affine: u32,    // 1 where each channel has a gain and a bias
    params_at: u32, // place of the gains among all weights; the biases follow
    relu: u32,      // 1 where a ReLU is fused in
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read> output: array<Stored>;
@group(0) @binding(3) var<storage, read> d_output: array<f32>;
@group(0) @binding(4) var<storage, read> params: array<f32>;
@group(0) @binding(5) var<storage, read> saved: array<vec2<f32>>; // mean and inverse of each group
@group(0) @binding(6) var<storage, read> scratch: array<vec2<f32>>; // second of 64 for each group's first channel: Σ g and Σ g · x̂
@group(0) @binding(7) var<storage, read_write> d_input: array<f32>;

// The gradient before the fused ReLU: it lets pass where the output is above zero.
fn passed(i: u32) -> f32 {
    return select(d_output[i], 0.0, dims.relu == 1u && f32(output[i]) <= 0.0);
}

fn gain(c: u32) -> f32 {
    if (dims.affine == 0u) {
        return 1.0;
    }
    return params[dims.params_at + c];
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) place: u32,
) {
    let i = (group.y * groups.x + group.x) * 64u + place;
    if (i >= dims.batch * dims.ch * dims.plane) {
        return;
    }
    let channels = dims.ch / dims.groups;
    let size = channels * dims.plane;
    let k = i / size;
    let own = saved[k];
    let mean_g = scratch[k * channels * 64u + 1u] / f32(size);
    let normal = (f32(input[i]) - own.x) * own.y;
    let g = passed(i) * gain((i / dims.plane) % dims.ch);
    d_input[i] = own.y * (g - mean_g.x - normal * mean_g.y);
}
