// Gradient of batch norm, step 1 of 3: sums over parts of a channel, which all of its gradients need.
//     plain = Σ d        along = Σ d · (x - mean)        d: d_output before the fused ReLU
// An invocation takes every 64th pixel of a channel, in a share of the images: its part. Nobody waits for
// another; d_params.wgsl puts the parts together.

alias Stored = f32;

struct Dims {
    batch: u32,
    ch: u32,
    plane: u32,  // pixels of a channel
    images: u32, // in a share; the last may have fewer
    relu: u32,   // 1 where a ReLU is fused in
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read> output: array<Stored>;
@group(0) @binding(3) var<storage, read> d_output: array<f32>;
@group(0) @binding(4) var<storage, read> saved: array<f32>; // means, then 1 / sqrt(var + eps)
@group(0) @binding(5) var<storage, read_write> scratch: array<vec2<f32>>; // plain and along of each part

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
    if (c >= dims.ch || place >= dims.plane) {
        return;
    }
    let mean = saved[c];
    let first = group.z * dims.images;
    let end = min(first + dims.images, dims.batch);
    var plain = 0.0;
    var along = 0.0;
    for (var n = first; n < end; n++) {
        let begin = (n * dims.ch + c) * dims.plane;
        for (var i = begin + place; i < begin + dims.plane; i += 64u) {
            let d = passed(i);
            plain += d;
            along += d * (f32(input[i]) - mean);
        }
    }
    scratch[(group.z * min(dims.plane, 64u) + place) * dims.ch + c] = vec2<f32>(plain, along);
}
