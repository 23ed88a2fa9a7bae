// A gradient longer than the limit is made as long as that: g *= min(1, limit / (norm + 1e-6)).
// Every workgroup adds up the parts of the sum of squares by itself, in the same order.
// One weight for each invocation.

struct Dims {
    len: u32,   // weights of the network
    parts: u32, // at most 256
    limit: f32,
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> scratch: array<f32>; // the parts
@group(0) @binding(2) var<storage, read_write> grads: array<f32>;

var<workgroup> sums: array<f32, 256>;

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) place: u32,
) {
    sums[place] = 0.0;
    if (place < dims.parts) {
        sums[place] = scratch[place];
    }
    workgroupBarrier();
    for (var half = 128u; half > 0u; half /= 2u) {
        if (place < half) {
            sums[place] += sums[place + half];
        }
        workgroupBarrier();
    }
    let norm = sqrt(sums[0]);
    let i = (group.y * groups.x + group.x) * 256u + place;
    if (i >= dims.len) {
        return;
    }
    grads[i] *= min(1.0, dims.limit / (norm + 1e-6));
}
