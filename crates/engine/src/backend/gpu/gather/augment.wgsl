// Gathers a batch as gather.wgsl does, and turns, scales and shifts each image by random amounts.
//
// An image is turned about its centre, made larger by a factor, then shifted. So the pixel at p,
// counted from the centre, shows what lies at R(-angle) · (p - shift) / factor in the digit, between
// four of its pixels; outside, a digit is black. One pixel for each invocation.

alias Stored = f32;

struct Dims {
    len: u32,          // numbers in the batch
    batch: u32,        // images in it
    columns: u32,      // of an image
    rows: u32,
    channels: u32,
    shuffled: u32,     // 1: `order` says which digits; 0: they come as they lie
    dx_stream: u32,    // set the four random numbers of an image apart
    dy_stream: u32,
    angle_stream: u32,
    factor_stream: u32,
    shift: f32,        // most that an image is shifted either way, in pixels
    rotate: f32,       // most that it is turned either way, in radians: 45° at most
    scale: f32,        // the factor lies between 1 - scale and 1 + scale
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

// Number `index` of a stream, uniform in -1 to 1. A hash, not a generator with a state: every pixel
// of an image draws the same again, and the processor draws the same bits.
fn drawn(stream: u32, index: u32) -> f32 {
    let bits = mix_bits(mix_bits(mix_bits(now.seed) ^ stream) + index * 0x9e3779b9u);
    return 2.0 * f32(bits >> 8u) * (1.0 / 16777216.0) - 1.0;
}

// Cosine and sine of an angle of at most 45°, by Taylor's polynomials: those that a card brings along
// differ from maker to maker.
fn direction(angle: f32) -> vec2<f32> {
    let square = angle * angle;
    let sine = angle * (1.0 - square * (1.0 / 6.0 - square * (1.0 / 120.0 - square * (1.0 / 5040.0))));
    let cosine = 1.0 - square * (1.0 / 2.0 - square * (1.0 / 24.0 - square * (1.0 / 720.0 - square * (1.0 / 40320.0))));
    return vec2<f32>(cosine, sine);
}

// Where pixel p of image `example` comes from, both counted from the centre.
fn source(p: vec2<f32>, example: u32) -> vec2<f32> {
    let index = now.step * dims.batch + example; // of the image among all of the run
    let shift = dims.shift * vec2<f32>(drawn(dims.dx_stream, index), drawn(dims.dy_stream, index));
    let factor = 1.0 + dims.scale * drawn(dims.factor_stream, index);
    let turn = direction(dims.rotate * drawn(dims.angle_stream, index)) / factor;
    let q = p - shift;
    return vec2<f32>(turn.x * q.x + turn.y * q.y, turn.x * q.y - turn.y * q.x);
}

// The grey, 0 to 255, of the plane that begins at byte `first`; 0 outside of it.
fn grey(first: u32, column: i32, row: i32) -> f32 {
    if (column < 0 || column >= i32(dims.columns) || row < 0 || row >= i32(dims.rows)) {
        return 0.0;
    }
    let byte = first + u32(row) * dims.columns + u32(column);
    return f32((pixels[byte / 4u] >> (byte % 4u * 8u)) & 0xffu);
}

// The grey at a place between four pixels, which count the more the nearer they are.
fn between(first: u32, place: vec2<f32>) -> f32 {
    let corner = floor(place);
    let share = place - corner;
    let left = i32(corner.x);
    let top = i32(corner.y);
    let upper = mix(grey(first, left, top), grey(first, left + 1, top), share.x);
    let lower = mix(grey(first, left, top + 1), grey(first, left + 1, top + 1), share.x);
    return mix(upper, lower, share.y);
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
    let plane = dims.columns * dims.rows;
    let example = i / (plane * dims.channels);
    let channel = i / plane % dims.channels;
    let pixel = i % plane;
    let starts = pixel == 0u && channel == 0u; // the image's first pixel sees to its class
    if (example >= now.count) {
        input[i] = Stored(0.0);
        if (starts) {
            labels[example] = 0u;
        }
        return;
    }
    var digit = now.first + example;
    if (dims.shuffled == 1u) {
        digit = order[digit];
    }
    let centre = 0.5 * (vec2<f32>(f32(dims.columns), f32(dims.rows)) - 1.0);
    let p = vec2<f32>(f32(pixel % dims.columns), f32(pixel / dims.columns)) - centre;
    let first = (digit * dims.channels + channel) * plane;
    input[i] = Stored(between(first, source(p, example) + centre) / 255.0);
    if (starts) {
        labels[example] = classes[digit];
    }
}
