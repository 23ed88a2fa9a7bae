// Layer, group and instance norm, step 3:
//     output = (input - mean) / sqrt(var + eps) · gain + bias
// and max(output, 0) where a ReLU is fused in. One number for each invocation.

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
@group(0) @binding(2) var<storage, read> params: array<f32>;
@group(0) @binding(3) var<storage, read> scratch: array<vec2<f32>>; // first of 64 for each group: mean and 1 / sqrt(var + eps)
@group(0) @binding(4) var<storage, read_write> output: array<Stored>;
@group(0) @binding(5) var<storage, read_write> saved: array<vec2<f32>>; // the same of each group, for the way back

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
    let size = dims.ch / dims.groups * dims.plane;
    let own = scratch[i / size * 64u];
    if (i % size == 0u) {
        saved[i / size] = own;
    }
    var value = (f32(input[i]) - own.x) * own.y;
    if (dims.affine == 1u) {
        let c = (i / dims.plane) % dims.ch;
        value = value * params[dims.params_at + c] + params[dims.params_at + dims.ch + c];
    }
    output[i] = Stored(select(value, 0.0, dims.relu == 1u && value <= 0.0));
}
