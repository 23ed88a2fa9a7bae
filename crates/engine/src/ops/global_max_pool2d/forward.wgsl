// Global max pooling in training: output[c] = the largest number of the channel; of equals the first
// in reading order. Its place in the plane is kept for the backward pass.
// One workgroup for each plane: 64 invocations look at every 64th pixel, then the winners meet in pairs.

alias Stored = f32;

struct Dims {
    planes: u32, // batch · channels
    plane: u32,  // pixels in one
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read_write> output: array<Stored>;
@group(0) @binding(3) var<storage, read_write> saved: array<f32>;

var<workgroup> highest: array<f32, 64>;
var<workgroup> winner: array<u32, 64>;

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
    // An invocation without a pixel of its own takes the last: as the place is the same, nobody wins by it.
    let first = min(place, dims.plane - 1u);
    var value = f32(input[p * dims.plane + first]);
    var at = first;
    for (var i = place; i < dims.plane; i += 64u) {
        let v = f32(input[p * dims.plane + i]);
        if (v > value) {
            value = v;
            at = i;
        }
    }
    highest[place] = value;
    winner[place] = at;
    workgroupBarrier();
    for (var half = 32u; half > 0u; half /= 2u) {
        if (place < half) {
            let v = highest[place + half];
            let w = winner[place + half];
            if (v > highest[place] || (v == highest[place] && w < winner[place])) {
                highest[place] = v;
                winner[place] = w;
            }
        }
        workgroupBarrier();
    }
    if (place == 0u) {
        output[p] = Stored(highest[0]);
        saved[p] = f32(winner[0]); // a place below 2^24 is exact in f32
    }
}
