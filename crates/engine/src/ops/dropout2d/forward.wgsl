// Spatial dropout in training: output = input · keep / (1 - p), keep drawn for each channel of each
// example, 0 with probability p, else 1.

alias Stored = f32;

struct Dims {
    len: u32,    // numbers in the batch
    plane: u32,  // pixels of a channel
    stream: u32, // sets this layer's random numbers apart from all others
    p: f32,      // share of numbers that are dropped
    scale: f32,  // 1 / (1 - p)
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
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read_write> output: array<Stored>;
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

// 0 or 1 / (1 - p), drawn for channel i of the batch. A hash, not a generator with a
// state: the backward pass draws the same again, and the processor draws the same bits.
fn factor(i: u32) -> f32 {
    let seed = mix_bits(now.seed ^ mix_bits(now.step));
    let bits = mix_bits(mix_bits(mix_bits(seed) ^ dims.stream) + i * 0x9e3779b9u);
    let drawn = f32(bits >> 8u) * (1.0 / 16777216.0); // uniform in [0, 1), in steps of 2^-24
    return select(dims.scale, 0.0, drawn < dims.p);
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
    output[i] = Stored(f32(input[i]) * factor(i / dims.plane));
}
