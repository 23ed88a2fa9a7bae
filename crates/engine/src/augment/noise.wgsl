// Noise: image + standard deviation · a normal number, cut to 0 to 1.
//
// A normal number is nearly the sum of eight uniform ones: of the eight bytes of two hashes, less their mean 1020,
// over their standard deviation. In whole numbers, so that every card has the same. One pixel for each invocation.

struct Dims {
    len: u32,    // numbers in the batch
    batch: u32,  // images in it
    image: u32,  // numbers of an image
    stream: u32, // what the random numbers are for
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

// The sum of the four bytes of number `index` of the stream.
fn bytes(index: u32) -> u32 {
    let x = mix_bits(mix_bits(mix_bits(now.seed) ^ dims.stream) + index * 0x9e3779b9u);
    return (x & 0xffu) + ((x >> 8u) & 0xffu) + ((x >> 16u) & 0xffu) + (x >> 24u);
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
    let deviation = draws[38u * example + 23u];
    if (deviation == 0.0) {
        return;
    }
    let index = 2u * ((now.step * dims.batch + example) * dims.image + i % dims.image);
    let normal = (f32(bytes(index) + bytes(index + 1u)) - 1020.0) * 0.0047841962;
    staged[i] = clamp(staged[i] + deviation * normal, 0.0, 1.0);
}
