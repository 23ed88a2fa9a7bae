// Global max pooling where no gradient is asked for: output[c] = the largest number of the channel.
// One workgroup for each plane: 64 invocations look at every 64th pixel, then the winners meet in pairs.

alias Stored = f32;

struct Dims {
    planes: u32, // batch · channels
    plane: u32,  // pixels in one
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read_write> output: array<Stored>;

var<workgroup> highest: array<f32, 64>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) place: u32,
) {
    let p = group.y * groups.x + group.x;
    if (p >= dims.planes) {
        return;
    }
    // An invocation without a pixel of its own takes the last one.
    var value = f32(input[p * dims.plane + min(place, dims.plane - 1u)]);
    for (var i = place; i < dims.plane; i += 64u) {
        let v = f32(input[p * dims.plane + i]);
        if (v > value) {
            value = v;
        }
    }
    highest[place] = value;
    workgroupBarrier();
    for (var half = 32u; half > 0u; half /= 2u) {
        if (place < half && highest[place + half] > highest[place]) {
            highest[place] = highest[place + half];
        }
        workgroupBarrier();
    }
    if (place == 0u) {
        output[p] = Stored(highest[0]);
    }
}
