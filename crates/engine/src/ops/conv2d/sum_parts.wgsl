// The parts of a gradient, added up: each fourth in its order, and then the four sums.
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
    var sums = vec4(0.0);
    for (var first = 0u; first < dims.parts; first += 4) {
        let parts = first + vec4(0u, 1, 2, 3);
        let at = min(parts, vec4(dims.parts - 1)) * dims.len + i;
        let values = vec4(scratch[at.x], scratch[at.y], scratch[at.z], scratch[at.w]);
        sums += select(vec4(0.0), values, parts < vec4(dims.parts));
    }
    grads[dims.grads_at + i] = sums.x + sums.y + sums.z + sums.w;
}
