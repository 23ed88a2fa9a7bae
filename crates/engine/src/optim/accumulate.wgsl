// The mean gradient of several batches: sum += gradient · scale. At the last batch the sum becomes the
// gradient, and begins again at nothing.
// One weight for each invocation.

struct Dims {
    len: u32,   // weights of the network
    first: u32, // where the sums begin in the state
    scale: f32, // 1 / number of batches
    last: u32,  // 1 at the last batch
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read_write> grads: array<f32>;
@group(0) @binding(2) var<storage, read_write> optimizer_state: array<f32>;

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
    let sum = optimizer_state[dims.first + i] + grads[i] * dims.scale;
    if (dims.last == 1u) {
        grads[i] = sum;
        optimizer_state[dims.first + i] = 0.0;
    } else {
        optimizer_state[dims.first + i] = sum;
    }
}
