// Global average pooling: output[c] = sum of the channel / its pixels.
// One plane for each invocation: there are enough of them, and nobody waits. It adds four pixels at a time.

alias Stored = f32;

struct Dims {
    planes: u32, // batch · channels
    plane: u32,  // pixels in one
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read_write> output: array<Stored>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) place: u32,
) {
    let p = (group.y * groups.x + group.x) * 64u + place;
    if (p >= dims.planes) {
        return;
    }
    let begin = p * dims.plane;
    let end = begin + dims.plane;
    var sums = vec4<f32>();
    var i = begin;
    for (; i + 4u <= end; i += 4u) {
        sums += vec4(f32(input[i]), f32(input[i + 1u]), f32(input[i + 2u]), f32(input[i + 3u]));
    }
    for (; i < end; i++) {
        sums.x += f32(input[i]);
    }
    output[p] = Stored((sums.x + sums.y + sums.z + sums.w) / f32(dims.plane));
}
