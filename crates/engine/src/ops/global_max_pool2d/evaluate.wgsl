// Global max pooling where no gradient is asked for: output[c] = the largest number of the channel.
// One plane for each invocation: there are enough of them, and nobody waits.

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
    var value = f32(input[begin]);
    for (var i = 1u; i < dims.plane; i++) {
        let v = f32(input[begin + i]);
        value = select(value, v, v > value);
    }
    output[p] = Stored(value);
}
