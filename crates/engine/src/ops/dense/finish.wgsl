// Dense layer, the end of forward: the parts of the sums that `forward` left are added up, in their
// order, and the bias.
//
//   output[n, o] = bias[o] + Σ parts[p][n, o]

alias Stored = f32;

struct Dims {
    len: u32,     // batch · out
    out: u32,     // outputs
    parts: u32,
    bias_at: u32,
    bias: u32,    // 1: there is one
    relu: u32,    // 1: the next layer's ReLU is applied here
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> params: array<f32>;
@group(0) @binding(2) var<storage, read> scratch: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<Stored>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>, @builtin(local_invocation_index) me: u32) {
    let i = (workgroup.y * workgroups.x + workgroup.x) * 64 + me;
    if i >= dims.len {
        return;
    }
    var sum = 0.0;
    for (var part = 0u; part < dims.parts; part++) {
        sum += scratch[part * dims.len + i];
    }
    if dims.bias != 0 {
        sum += params[dims.bias_at + i % dims.out];
    }
    if dims.relu != 0 {
        sum = max(sum, 0.0);
    }
    output[i] = Stored(sum);
}
