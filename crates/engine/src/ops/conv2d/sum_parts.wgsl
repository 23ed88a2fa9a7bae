// The parts of a gradient, added up in their order:
//
//   grads[i] = Σ parts[p][i]

struct Dims {
    len: u32,      // numbers of one part
    parts: u32,
    grads_at: u32,
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> scratch: array<f32>;
@group(0) @binding(2) var<storage, read_write> grads: array<f32>;

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
    grads[dims.grads_at + i] = sum;
}
