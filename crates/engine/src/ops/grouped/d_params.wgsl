// Gradient of the gains and biases of layer, group and instance norm: joins the sums of a channel over the examples,
//     d_gain = Σ along        d_bias = Σ plain
// One channel for each invocation.

struct Dims {
    batch: u32,
    ch: u32,
    params_at: u32, // place of the gains among all weights; the biases follow
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> scratch: array<vec2<f32>>; // first of 64 for each channel of each example: plain and along
@group(0) @binding(2) var<storage, read_write> grads: array<f32>;

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
    for (var n = 0u; n < dims.batch; n++) {
        sums += scratch[(n * dims.ch + c) * 64u];
    }
    grads[dims.params_at + c] = sums.y;
    grads[dims.params_at + dims.ch + c] = sums.x;
}
