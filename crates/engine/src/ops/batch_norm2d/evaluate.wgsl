// Batch norm in evaluation: the running statistics are constants,
//     output = (input - mean) / sqrt(var + eps) · gain + bias
// and max(output, 0) where a ReLU is fused in. One number for each invocation.

alias Stored = f32;

struct Dims {
    len: u32, // numbers in the batch
    ch: u32,
    plane: u32,     // pixels of a channel
    params_at: u32, // place of the gains among all weights; the biases follow
    state_at: u32,  // place of the running means among all statistics; the variances follow
    relu: u32,      // 1 where a ReLU is fused in
    eps: f32,
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read> params: array<f32>;
@group(0) @binding(3) var<storage, read> state: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<Stored>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) place: u32,
) {
    let i = (group.y * groups.x + group.x) * 64u + place;
    if (i >= dims.len) {
        return;
    }
    let c = i / dims.plane % dims.ch;
    let mean = state[dims.state_at + c];
    let inverse = inverseSqrt(state[dims.state_at + dims.ch + c] + dims.eps);
    let scale = params[dims.params_at + c] * inverse;
    let value = (f32(input[i]) - mean) * scale + params[dims.params_at + dims.ch + c];
    output[i] = Stored(select(value, 0.0, dims.relu == 1u && value <= 0.0));
}
