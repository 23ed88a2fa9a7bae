// Gathers a batch: flips, bends, slants, turns, scales, shifts and tilts each image as draw.wgsl drew it.
//
// Each pixel looks up where it comes from: what was done last is undone first. There the grey lies between four
// of the digit's pixels; outside, a digit is black. One pixel for each invocation.

struct Dims {
    len: u32,      // numbers in the batch
    batch: u32,    // images in it
    columns: u32,  // of an image
    rows: u32,
    channels: u32,
    shuffled: u32, // 1: `order` says which digits; 0: they come as they lie
    stream: u32,   // of the displacements of the elastic grid's knots
    cells: u32,    // of that grid along a side
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
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read> draws: array<f32>;
@group(0) @binding(4) var<storage, read_write> staged: array<f32>;
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

// Number index of the stream, in -1 to 1.
fn drawn(index: u32) -> f32 {
    let bits = mix_bits(mix_bits(mix_bits(now.seed) ^ dims.stream) + index * 0x9e3779b9u);
    return 2.0 * (f32(bits >> 8u) * (1.0 / 16777216.0)) - 1.0;
}

// Cubic B-splines: weights of the four knots around a place that lies f beyond the second.
fn weights(f: f32) -> vec4<f32> {
    let g = 1.0 - f;
    let f2 = f * f;
    let f3 = f2 * f;
    return vec4<f32>(g * g * g, 3.0 * f3 - 6.0 * f2 + 4.0, -3.0 * f3 + 3.0 * f2 + 3.0 * f + 1.0, f3) / 6.0;
}

// How far the elastic grid moves a place of the unit square, before the strength.
fn displacement(spot: vec2<f32>, image: u32) -> vec2<f32> {
    let at = clamp(spot, vec2<f32>(0.0), vec2<f32>(1.0)) * f32(dims.cells);
    let cell = min(vec2<u32>(at), vec2<u32>(dims.cells - 1u));
    let across = weights(at.x - f32(cell.x));
    let down = weights(at.y - f32(cell.y));
    var sum = vec2<f32>(0.0);
    for (var i = 0u; i < 4u; i++) {
        for (var j = 0u; j < 4u; j++) {
            let knot = (cell.y + i) * (dims.cells + 3u) + cell.x + j;
            let index = image * 256u + 2u * knot;
            sum += across[j] * down[i] * vec2<f32>(drawn(index), drawn(index + 1u));
        }
    }
    return sum;
}

// Where pixel p of image `example` comes from, both counted from the centre.
fn source(p: vec2<f32>, example: u32) -> vec2<f32> {
    let row = 38u * example;
    let length = max(vec2<f32>(f32(dims.columns), f32(dims.rows)) - 1.0, vec2<f32>(1.0));
    var q = p;
    if (draws[row + 8u] == 1.0) {
        let u = q / length + 0.5;
        let below = draws[row + 15u] * u.x + draws[row + 16u] * u.y + 1.0;
        let x = draws[row + 9u] * u.x + draws[row + 10u] * u.y + draws[row + 11u];
        let y = draws[row + 12u] * u.x + draws[row + 13u] * u.y + draws[row + 14u];
        q = (vec2<f32>(x, y) / below - 0.5) * length;
    }
    q -= vec2<f32>(draws[row], draws[row + 1u]);
    let turn = vec2<f32>(draws[row + 2u], draws[row + 3u]);
    q = vec2<f32>(turn.x * q.x + turn.y * q.y, turn.x * q.y - turn.y * q.x);
    q.x -= draws[row + 4u] * q.y;
    let elastic = draws[row + 7u];
    if (elastic > 0.0) {
        q += elastic * displacement(q / length + 0.5, now.step * dims.batch + example);
    }
    return q * vec2<f32>(draws[row + 5u], draws[row + 6u]);
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
fn between(first: u32, spot: vec2<f32>) -> f32 {
    let corner = floor(spot);
    let share = spot - corner;
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
    if (example >= now.count) {
        staged[i] = 0.0;
        return;
    }
    var digit = now.first + example;
    if (dims.shuffled == 1u) {
        digit = order[digit];
    }
    let centre = 0.5 * (vec2<f32>(f32(dims.columns), f32(dims.rows)) - 1.0);
    let p = vec2<f32>(f32(pixel % dims.columns), f32(pixel / dims.columns)) - centre;
    let first = (digit * dims.channels + channel) * plane;
    staged[i] = between(first, source(p, example) + centre) / 255.0;
}
