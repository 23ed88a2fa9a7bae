// Puts the changed images into the batch, mixed with another each where that is wanted, and sees to the targets.
//
// Mixup: own · weight + other · (1 - weight). Cutmix: a rectangle of the other. The target is shared likewise. The other
// image is the one so many places on, by a number drawn for the step. One pixel for each invocation.

alias Stored = f32;

struct Dims {
    len: u32,      // numbers in the batch
    image: u32,    // numbers of an image
    columns: u32,
    rows: u32,
    shuffled: u32, // 1: `order` says which digits; 0: they come as they lie
    mixes: u32,    // 1: images are mixed, and targets are shares of classes
    outputs: u32,  // classes of a target
    stream: u32,   // of the step's number
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
@group(0) @binding(1) var<storage, read> staged: array<f32>;
@group(0) @binding(2) var<storage, read> draws: array<f32>;
@group(0) @binding(3) var<storage, read> classes: array<u32>;
@group(0) @binding(4) var<storage, read> order: array<u32>;
@group(0) @binding(5) var<storage, read_write> input: array<Stored>;
@group(0) @binding(6) var<storage, read_write> labels: array<u32>;
@group(0) @binding(7) var<storage, read_write> targets: array<f32>;
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

// The place of the image that goes with the one at `example`.
fn partner(example: u32) -> u32 {
    if (now.count < 2u) {
        return example;
    }
    let bits = mix_bits(mix_bits(mix_bits(now.seed) ^ dims.stream) + now.step * 0x9e3779b9u);
    return (example + 1u + (((bits >> 16u) * (now.count - 1u)) >> 16u)) % now.count;
}

fn class_of(example: u32) -> u32 {
    if (dims.shuffled == 1u) {
        return classes[order[now.first + example]];
    }
    return classes[now.first + example];
}

// How much of the pixel whose left upper corner is `corner` shows the other image.
fn covered(row: u32, corner: vec2<f32>) -> f32 {
    let low = vec2<f32>(draws[row + 33u], draws[row + 34u]);
    let high = vec2<f32>(draws[row + 35u], draws[row + 36u]);
    let sides = max(min(high, corner + 1.0) - max(low, corner), vec2<f32>(0.0));
    return sides.x * sides.y;
}

fn put_target(example: u32, other: u32, share: f32) {
    labels[example] = class_of(example);
    if (dims.mixes == 0u) {
        return;
    }
    for (var k = 0u; k < dims.outputs; k++) {
        let own = select(0.0, share, k == class_of(example));
        targets[example * dims.outputs + k] = own + select(0.0, 1.0 - share, k == class_of(other));
    }
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
    let starts = i % dims.image == 0u; // the image's first pixel sees to its target
    if (example >= now.count) {
        input[i] = Stored(0.0);
        if (starts) {
            labels[example] = 0u;
            for (var k = 0u; k < dims.outputs * dims.mixes; k++) {
                targets[example * dims.outputs + k] = 0.0;
            }
        }
        return;
    }
    let row = 38u * example;
    var x = staged[i];
    var other = example;
    if (dims.mixes == 1u) {
        other = partner(example);
        let y = staged[other * dims.image + i % dims.image];
        x = draws[row + 32u] * x + (1.0 - draws[row + 32u]) * y;
        let corner = vec2<f32>(f32(i % dims.columns), f32(i / dims.columns % dims.rows));
        let share = covered(row, corner);
        x = share * y + (1.0 - share) * x;
    }
    input[i] = Stored(x);
    if (starts) {
        put_target(example, other, draws[row + 37u]);
    }
}
