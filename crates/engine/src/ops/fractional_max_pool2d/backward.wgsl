// Gradient of fractional max pooling: each window's d_output goes to its winner alone.
// Where windows overlap, one pixel may win several: each invocation owns one pixel and adds up the
// windows that it has won, always in the same order. The windows are drawn again as in the forward pass.

struct Dims {
    len: u32, // inputs in the batch
    in_h: u32,
    in_w: u32,
    out_h: u32,
    out_w: u32,
    kernel_h: u32,
    kernel_w: u32,
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
@group(0) @binding(1) var<storage, read> d_output: array<f32>;
@group(0) @binding(2) var<storage, read> saved: array<f32>;
@group(0) @binding(3) var<storage, read_write> d_input: array<f32>;
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

// floor(u · room) with u drawn for number n of this layer, step and run, in steps of 2^-24. Whole numbers
// throughout, in two parts so that they fit 32 bits: the processor draws the same windows.
fn drawn(n: u32, room: u32) -> u32 {
    let seed = mix_bits(now.seed ^ mix_bits(now.step));
    let u = mix_bits(mix_bits(mix_bits(seed) ^ dims.stream) + n * 0x9e3779b9u) >> 8u;
    return ((u >> 12u) * room + (((u & 0xfffu) * room) >> 12u)) >> 12u;
}

// How many windows of an axis start before place `end`. All but the last start at
// floor((i · room + q) / steps) - floor(q / steps): so those with i · room < (end + floor(q / steps)) · steps - q.
fn starting_before(end: u32, room: u32, outputs: u32, q: u32) -> u32 {
    if (end > room) {
        return outputs;
    }
    if (end == 0u) {
        return 0u;
    }
    let steps = outputs - 1u;
    if (steps == 0u) {
        return 0u;
    }
    let most = (end + q / steps) * steps - q;
    return min((most + room - 1u) / room, steps);
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
    let x = i % dims.in_w;
    let y = (i / dims.in_w) % dims.in_h;
    let plane = i / (dims.in_w * dims.in_h);
    let room_h = dims.in_h - dims.kernel_h;
    let room_w = dims.in_w - dims.kernel_w;
    // Each plane has two random numbers, the first for its columns.
    let q_h = drawn(2u * plane + 1u, room_h);
    let q_w = drawn(2u * plane, room_w);

    // The windows that this pixel lies under: those that start at it or before, but not by a kernel or more.
    let first_y = starting_before(max(y + 1u, dims.kernel_h) - dims.kernel_h, room_h, dims.out_h, q_h);
    let first_x = starting_before(max(x + 1u, dims.kernel_w) - dims.kernel_w, room_w, dims.out_w, q_w);
    let end_y = starting_before(y + 1u, room_h, dims.out_h, q_h);
    let end_x = starting_before(x + 1u, room_w, dims.out_w, q_w);

    let pixel = f32(y * dims.in_w + x);
    var sum = 0.0;
    for (var out_y = first_y; out_y < end_y; out_y++) {
        for (var out_x = first_x; out_x < end_x; out_x++) {
            let window = (plane * dims.out_h + out_y) * dims.out_w + out_x;
            if (saved[window] == pixel) {
                sum += d_output[window];
            }
        }
    }
    d_input[i] = sum;
}
