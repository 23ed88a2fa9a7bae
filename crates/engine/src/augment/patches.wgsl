// Random erasing and cutout: a rectangle of random greys, and a square of 0, where draw.wgsl put them. A pixel that is
// covered in part is changed in part. One pixel for each invocation.

struct Dims {
    len: u32,     // numbers in the batch
    batch: u32,   // images in it
    image: u32,   // numbers of an image
    columns: u32,
    rows: u32,
    stream: u32,  // of the random greys
}

struct Now {
    rule: vec4<f32>, // what the optimizer's formula takes from the step's number
    rate: f32,       // learning rate
    step: u32,       // updates made before this one
    seed: u32,
    slot: u32,       // place of this batch in the results
    first: u32,      // where the batch begins in the order of the digits
    count: u32,      // examples of the batch that count
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> draws: array<f32>;
@group(0) @binding(2) var<storage, read_write> staged: array<f32>;
@group(1) @binding(0) var<uniform> now: Now;

// Mixes the bits of x (the triple32 permutation of Chris Wellons, 2018).
fn mix_bits(bits: u32) -> u32 {
    var x = bits;
    x ^= x >> 17u;
    x *= 0xed5ad4bbu;
    x ^= x >> 11u;
    x *= 0xac4c1b51u;
    x ^= x >> 15u;
    x *= 0x31848babu;
    return x ^ (x >> 14u);
}

fn fill(index: u32) -> f32 {
    let bits = mix_bits(mix_bits(mix_bits(now.seed) ^ dims.stream) + index * 0x9e3779b9u);
    return f32(bits >> 8u) * (1.0 / 16777216.0);
}

// How much of the pixel whose left upper corner is `corner` lies in the rectangle.
fn covered(first: u32, corner: vec2<f32>) -> f32 {
    let low = vec2<f32>(draws[first], draws[first + 1u]);
    let high = vec2<f32>(draws[first + 2u], draws[first + 3u]);
    let sides = max(min(high, corner + 1.0) - max(low, corner), vec2<f32>(0.0));
    return sides.x * sides.y;
}

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
    let example = i / dims.image;
    let corner = vec2<f32>(f32(i % dims.columns), f32(i / dims.columns % dims.rows));
    var x = staged[i];
    let erased = covered(38u * example + 24u, corner);
    if (erased > 0.0) {
        x = erased * fill((now.step * dims.batch + example) * dims.image + i % dims.image) + (1.0 - erased) * x;
    }
    x -= covered(38u * example + 28u, corner) * x;
    staged[i] = x;
}
