// Contrast: factor · image + (1 - factor) · mean, cut to 0 to 1; the factor is what draw.wgsl drew.
//
// One workgroup for each image: every invocation sums its share of the pixels, the first sums those sums, then all
// change their pixels.

struct Dims {
    batch: u32, // images in it
    image: u32, // numbers of an image
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> draws: array<f32>;
@group(0) @binding(2) var<storage, read_write> staged: array<f32>;

var<workgroup> sums: array<f32, 64>;
var<workgroup> mean: f32;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) place: u32,
) {
    let first = group.x * dims.image;
    var sum = 0.0;
    for (var i = place; i < dims.image; i += 64u) {
        sum += staged[first + i];
    }
    sums[place] = sum;
    workgroupBarrier();
    if (place == 0u) {
        var all = 0.0;
        for (var k = 0u; k < 64u; k++) {
            all += sums[k];
        }
        mean = all / f32(dims.image);
    }
    workgroupBarrier();
    let factor = draws[38u * group.x + 22u];
    for (var i = place; i < dims.image; i += 64u) {
        staged[first + i] = clamp(factor * staged[first + i] + (1.0 - factor) * mean, 0.0, 1.0);
    }
}
