// Gradient of layer, group and instance norm, step 2: adds the parts of each channel's sums, and leaves them in place
// of the first part; and in place of the group's second part the sums of its channels, each weighed by its gain.
// One group for each invocation.

struct Dims {
    batch: u32,
    ch: u32,
    plane: u32,     // pixels of a channel
    groups: u32,    // of channels
    affine: u32,    // 1 where each channel has a gain and a bias
    params_at: u32, // place of the gains among all weights; the biases follow
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> params: array<f32>;
@group(0) @binding(2) var<storage, read_write> scratch: array<vec2<f32>>; // plain and along: 64 parts of each channel

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
    let k = (group.y * groups.x + group.x) * 64u + place;
    if (k >= dims.batch * dims.groups) {
        return;
    }
    let channels = dims.ch / dims.groups;
    let parts = min(dims.plane, 64u);
    var weighed = vec2<f32>();
    for (var p = k * channels; p < (k + 1u) * channels; p++) {
        var sum = vec2<f32>();
        for (var i = 0u; i < parts; i++) {
            sum += scratch[p * 64u + i];
        }
        scratch[p * 64u] = sum;
        weighed += gain(p % dims.ch) * sum;
    }
    scratch[k * channels * 64u + 1u] = weighed;
}
