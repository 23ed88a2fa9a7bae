// Global max pooling in training: output[c] = the largest number of the channel; of equals the first
// in reading order. Its place in the plane is kept for the backward pass.
// One plane for each invocation: there are enough of them, and nobody waits.

alias Stored = f32;

struct Dims {
    planes: u32, // batch · channels
    plane: u32,  // pixels in one
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read_write> output: array<Stored>;
@group(0) @binding(3) var<storage, read_write> saved: array<f32>;

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
    var at = 0u;
    for (var i = 1u; i < dims.plane; i++) {
        let v = f32(input[begin + i]);
        if (v > value) {
            value = v;
            at = i;
        }
    }
    output[p] = Stored(value);
    saved[p] = f32(at); // a place below 2^24 is exact in f32
}
