// Softmax cross-entropy of one batch: loss = ln Σ exp(s) - s[label].
// The highest score is taken off before exp, which then never overflows.
// One workgroup for the whole batch: invocation k takes examples k, k + 256, …; the sums are then
// halved pairwise, always in the same order.

alias Stored = f32;

struct Dims {
    classes: u32,
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
@group(0) @binding(1) var<storage, read> output: array<Stored>; // the scores s
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read_write> results: array<vec4<u32>>;
@group(1) @binding(0) var<uniform> now: Now;

var<workgroup> losses: array<f32, 256>;
var<workgroup> tallies: array<vec2<u32>, 256>; // right answers; examples with a score that is no number

// Whether x is NaN or infinite. Asked of the bits: a compiler may assume that arithmetic meets neither.
fn is_lost(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7f800000u) == 0x7f800000u;
}

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) place: u32) {
    let count = min(now.count, dims.batch);
    var loss_sum = 0.0;
    var tally = vec2<u32>();
    for (var example = place; example < count; example += 256u) {
        let row = example * dims.classes;
        let label = labels[example];

        var best = 0u; // of equals the first
        var highest = f32(output[row]);
        var lost = false;
        for (var j = 0u; j < dims.classes; j++) {
            let score = f32(output[row + j]);
            lost = lost || is_lost(score);
            if (score > highest) {
                highest = score;
                best = j;
            }
        }
        var sum = 0.0;
        for (var j = 0u; j < dims.classes; j++) {
            sum += exp(f32(output[row + j]) - highest);
        }
        loss_sum += highest + log(sum) - f32(output[row + label]);
        tally += vec2<u32>(u32(best == label), u32(lost));
    }

    losses[place] = loss_sum;
    tallies[place] = tally;
    workgroupBarrier();
    for (var half = 128u; half > 0u; half /= 2u) {
        if (place < half) {
            losses[place] += losses[place + half];
            tallies[place] += tallies[place + half];
        }
        workgroupBarrier();
    }
    if (place == 0u) {
        // A lost score makes the sum NaN (as bits, see is_lost), so that the run is seen to have failed.
        let bits = select(bitcast<u32>(losses[0]), 0x7fc00000u, tallies[0].y > 0u);
        results[now.slot] = vec4<u32>(bits, tallies[0].x, count, 0u);
    }
}
