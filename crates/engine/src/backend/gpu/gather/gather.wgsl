// Gathers a batch: the digits first, first + 1, … of the order, each byte of grey as a number in 0 to 1.
// Where the batch is not full, the rest stays black with class 0. One pixel for each invocation.

alias Stored = f32;

struct Dims {
    len: u32,      // numbers in the batch
    pixels: u32,   // of a digit
    shuffled: u32, // 1: `order` says which digits; 0: they come as they lie
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
@group(0) @binding(1) var<storage, read> pixels: array<u32>; // four to a word, the first in the lowest byte
@group(0) @binding(2) var<storage, read> classes: array<u32>;
@group(0) @binding(3) var<storage, read> order: array<u32>;
@group(0) @binding(4) var<storage, read_write> input: array<Stored>;
@group(0) @binding(5) var<storage, read_write> labels: array<u32>;
@group(1) @binding(0) var<uniform> now: Now;

// grey / 255, rounded to the nearest as the processor does. Cards may be off by a bit where they
// divide, so the bits are made in whole numbers: the quotient of grey · 2^shift has 24 digits, the
// first of which floating point leaves out.
fn brightness(grey: u32) -> f32 {
    if (grey == 0u) {
        return 0.0;
    }
    let shift = countLeadingZeros(grey);
    let scaled = grey << shift;
    let quotient = scaled / 255u;
    let up = u32(2u * (scaled - 255u * quotient) > 255u); // 255 is odd: never half way
    return bitcast<f32>(((150u - shift) << 23u) + (quotient - 0x800000u) + up);
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
    let example = i / dims.pixels;
    let pixel = i % dims.pixels;
    if (example >= now.count) {
        input[i] = Stored(0.0);
        if (pixel == 0u) {
            labels[example] = 0u;
        }
        return;
    }
    var digit = now.first + example;
    if (dims.shuffled == 1u) {
        digit = order[digit];
    }
    let byte = digit * dims.pixels + pixel;
    let grey = (pixels[byte / 4u] >> (byte % 4u * 8u)) & 0xffu;
    input[i] = Stored(brightness(grey));
    if (pixel == 0u) {
        labels[example] = classes[digit];
    }
}
