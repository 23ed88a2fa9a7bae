// Global average pooling: output[c] = sum of the channel / its pixels.
// One workgroup for each plane: 64 invocations add every 64th pixel, then halve the sums pairwise.

alias Stored = f32;

struct Dims {
    planes: u32, // batch · channels
    plane: u32,  // pixels in one
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read_write> output: array<Stored>;

var<workgroup> sums: array<f32, 64>;

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
    var sum = 0.0;
    for (var i = place; i < dims.plane; i += 64u) {
        sum += f32(input[p * dims.plane + i]);
    }
    sums[place] = sum;
    workgroupBarrier();
    for (var half = 32u; half > 0u; half /= 2u) {
        if (place < half) {
            sums[place] += sums[place + half];
        }
        workgroupBarrier();
    }
    if (place == 0u) {
        output[p] = Stored(sums[0] / f32(dims.plane));
    }
}
