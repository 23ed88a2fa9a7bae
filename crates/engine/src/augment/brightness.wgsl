// Brightness: image · factor, cut to 0 to 1; the factor is what draw.wgsl drew. One pixel for each invocation.

struct Dims {
    len: u32,   // numbers in the batch
    image: u32, // numbers of an image
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> draws: array<f32>;
@group(0) @binding(2) var<storage, read_write> staged: array<f32>;

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
    staged[i] = clamp(staged[i] * draws[38u * (i / dims.image) + 21u], 0.0, 1.0);
}
