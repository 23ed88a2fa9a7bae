// Gradient of batch norm, step 2 of 3: joins the parts' sums,
//     d_gain = Σ d · (x - mean) · inverse        d_bias = Σ d
// One channel for each invocation.

struct Dims {
    ch: u32,
    parts: u32,     // parts of a channel
    params_at: u32, // place of the gains among all weights; the biases follow
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> saved: array<f32>; // means, then 1 / sqrt(var + eps)
@group(0) @binding(2) var<storage, read> scratch: array<vec2<f32>>; // plain and along of each part
@group(0) @binding(3) var<storage, read_write> grads: array<f32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) place: u32,
) {
    let c = (group.y * groups.x + group.x) * 64u + place;
    if (c >= dims.ch) {
        return;
    }
    var sums = vec2<f32>();
    for (var part = 0u; part < dims.parts; part++) {
        sums += scratch[part * dims.ch + c];
    }
    grads[dims.params_at + c] = sums.y * saved[dims.ch + c];
    grads[dims.params_at + dims.ch + c] = sums.x;
}
