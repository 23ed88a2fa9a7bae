// Gradient of layer, group and instance norm, step 1: parts of the sums over each channel of each example,
//     plain = Σ d        along = Σ d · (x - mean) / sqrt(var + eps)        d: d_output before the fused ReLU
// An invocation takes every 64th pixel of a channel, its part. Nobody waits for another; join_sums.wgsl adds them.

alias Stored = f32;

struct Dims {
    batch: u32,
    ch: u32,
    plane: u32,  // pixels of a channel
    groups: u32, // of channels
    relu: u32,   // 1 where a ReLU is fused in
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read> output: array<Stored>;
@group(0) @binding(3) var<storage, read> d_output: array<f32>;
@group(0) @binding(4) var<storage, read> saved: array<vec2<f32>>; // mean and 1 / sqrt(var + eps) of each group
@group(0) @binding(5) var<storage, read_write> scratch: array<vec2<f32>>; // plain and along: 64 parts of each channel

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
    let p = group.y * groups.x + group.x;
    if (p >= dims.batch * dims.ch || place >= dims.plane) {
        return;
    }
    let own = saved[p / (dims.ch / dims.groups)];
    var sum = vec2<f32>();
    for (var i = p * dims.plane + place; i < (p + 1u) * dims.plane; i += 64u) {
        let d = passed(i);
        sum += vec2<f32>(d, d * (f32(input[i]) - own.x) * own.y);
    }
    scratch[p * 64u + place] = sum;
}
