// The result of a batch: the sum of its examples' losses, and its right answers.
// One workgroup for the whole batch: invocation k takes examples k, k + 256, …; the sums are then
// halved pairwise, always in the same order.

struct Dims {
    batch: u32,
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
@group(0) @binding(1) var<storage, read> losses: array<f32>;  // one for each example
@group(0) @binding(2) var<storage, read> answers: array<u32>; // 1 where right, 2 where an output is no number
@group(0) @binding(3) var<storage, read_write> results: array<vec4<u32>>;
@group(1) @binding(0) var<uniform> now: Now;

var<workgroup> sums: array<f32, 256>;
var<workgroup> tallies: array<vec2<u32>, 256>; // right answers; examples with an output that is no number

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) place: u32) {
    let count = min(now.count, dims.batch);
    var sum = 0.0;
    var tally = vec2<u32>();
    for (var example = place; example < count; example += 256u) {
        sum += losses[example];
        tally += vec2<u32>(answers[example] & 1u, answers[example] >> 1u);
    }
    sums[place] = sum;
    tallies[place] = tally;
    workgroupBarrier();
    for (var half = 128u; half > 0u; half /= 2u) {
        if (place < half) {
            sums[place] += sums[place + half];
            tallies[place] += tallies[place + half];
        }
        workgroupBarrier();
    }
    if (place == 0u) {
        // A lost output makes the sum NaN (as bits, since a compiler may assume that arithmetic meets
        // none), so that the run is seen to have failed.
        let bits = select(bitcast<u32>(sums[0]), 0x7fc00000u, tallies[0].y > 0u);
        results[now.slot] = vec4<u32>(bits, tallies[0].x, count, 0u);
    }
}
