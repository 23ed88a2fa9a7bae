// Fractional max pooling in training: output[y, x] = max over a window whose place is drawn; of equals
// the first in reading order. The winner's place in its plane is kept for the backward pass.
// One output for each invocation.

alias Stored = f32;

struct Dims {
    len: u32, // outputs in the batch
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

// floor(u · room) with u drawn for number n of this layer, step and run, in steps of 2^-24. Whole numbers
// throughout, in two parts so that they fit 32 bits: the processor draws the same windows.
fn drawn(n: u32, room: u32) -> u32 {
    let seed = mix_bits(now.seed ^ mix_bits(now.step));
    let u = mix_bits(mix_bits(mix_bits(seed) ^ dims.stream) + n * 0x9e3779b9u) >> 8u;
    return ((u >> 12u) * room + (((u & 0xfffu) * room) >> 12u)) >> 12u;
}

// Where window i of an axis starts: floor((i + u) · room / steps) - floor(u · room / steps), the last at
// room, with room = in - kernel, steps = outputs - 1, q = floor(u · room).
fn start(i: u32, room: u32, outputs: u32, q: u32) -> u32 {
    let steps = outputs - 1u;
    if (i == steps) {
        return room;
    }
    return (i * room + q) / steps - q / steps;
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
    let p = i / (dims.out_w * dims.out_h);
    let plane = p * dims.in_h * dims.in_w;
    let room_h = dims.in_h - dims.kernel_h;
    let room_w = dims.in_w - dims.kernel_w;
    // Each plane has two random numbers, the first for its columns.
    let first_y = start(y, room_h, dims.out_h, drawn(2u * p + 1u, room_h));
    let first_x = start(x, room_w, dims.out_w, drawn(2u * p, room_w));

    var winner = first_y * dims.in_w + first_x;
    var highest = f32(input[plane + winner]);
    for (var yy = first_y; yy < first_y + dims.kernel_h; yy++) {
        for (var xx = first_x; xx < first_x + dims.kernel_w; xx++) {
            let pixel = yy * dims.in_w + xx;
            let value = f32(input[plane + pixel]);
            if (value > highest) {
                highest = value;
                winner = pixel;
            }
        }
    }
    output[i] = Stored(highest);
    saved[i] = f32(winner); // a place below 2^24 is exact in f32
}
