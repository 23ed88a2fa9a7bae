// Adds one gradient to another: where several layers read the same numbers, each has its own gradient
// with respect to them, and the chain rule adds them up.
//
//     sum[i] = sum[i] + d_input[i]

struct Dims {
    len: u32,
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> d_input: array<f32>;
@group(0) @binding(2) var<storage, read_write> sum: array<f32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) place: u32,
) {
    let i = (group.y * groups.x + group.x) * 64u + place;
    if (i < dims.len) {
        sum[i] = sum[i] + d_input[i];
    }
}
