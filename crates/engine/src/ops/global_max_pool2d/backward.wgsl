// Gradient of global max pooling: the winner of a channel gets its d_output, every other pixel nothing.

struct Dims {
    len: u32,   // inputs in the batch
    plane: u32, // pixels of a channel
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> d_output: array<f32>;
@group(0) @binding(2) var<storage, read> saved: array<f32>;
@group(0) @binding(3) var<storage, read_write> d_input: array<f32>;

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
    let p = i / dims.plane;
    d_input[i] = select(0.0, d_output[p], f32(i - p * dims.plane) == saved[p]);
}
