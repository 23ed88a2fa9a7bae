// Stochastic pooling in training: one number of the window is drawn, each with probability
// (its positive part) / (sum of positive parts). A window without a positive number gives 0.
// The place of the one that was drawn is kept for the backward pass. One output for each invocation.

alias Stored = f32;

struct Dims {
    len: u32, // outputs in the batch
    in_h: u32,
    in_w: u32,
    out_h: u32,
    out_w: u32,
    kernel_h: u32,
    kernel_w: u32,
    stride_h: u32,
    stride_w: u32,
    stream: u32, // sets this layer's random numbers apart from all others
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
@group(0) @binding(3) var<storage, read_write> saved: array<f32>;
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

// Uniform in [0, 1), in steps of 2^-24, drawn for number n of this layer, step and run. A hash, not a
// generator with a state: the processor draws the same bits.
fn drawn(n: u32) -> f32 {
    let seed = mix_bits(now.seed ^ mix_bits(now.step));
    let bits = mix_bits(mix_bits(mix_bits(seed) ^ dims.stream) + n * 0x9e3779b9u);
    return f32(bits >> 8u) * (1.0 / 16777216.0);
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
    let x = i % dims.out_w;
    let y = (i / dims.out_w) % dims.out_h;
    let plane = i / (dims.out_w * dims.out_h) * dims.in_h * dims.in_w;
    let first = y * dims.stride_h * dims.in_w + x * dims.stride_w;

    var total = 0.0;
    for (var down = 0u; down < dims.kernel_h; down++) {
        for (var right = 0u; right < dims.kernel_w; right++) {
            total += max(f32(input[plane + first + down * dims.in_w + right]), 0.0);
        }
    }
    // The numbers lie one after another on a line, each as long as it is large: where the mark falls is
    // the one. Numbers are added in the same order as before, so the line ends at the total.
    let mark = drawn(i) * total;
    var reached = 0.0;
    var chosen = 0.0;
    var winner = -1.0;
    for (var down = 0u; down < dims.kernel_h; down++) {
        for (var right = 0u; right < dims.kernel_w; right++) {
            let pixel = first + down * dims.in_w + right;
            let value = f32(input[plane + pixel]);
            if (value > 0.0 && reached <= mark) {
                reached += value;
                chosen = value;
                winner = f32(pixel); // a place below 2^24 is exact in f32
            }
        }
    }
    output[i] = Stored(chosen);
    saved[i] = winner;
}
