// Judges each example of a batch: 1 where it is answered right, 2 where an output is no number.
// With a class: right where the largest output is at its place. With targets alone: where outputs and
// targets are largest at the same place; or, as masks, where both cover at least half of what either
// covers (an output covers above the threshold, a target above 1/2).
// One workgroup for each example: invocation k takes outputs k, k + 64, …; the sums are then halved
// pairwise, always in the same order.

alias Stored = f32;

struct Dims {
    outputs: u32,
    batch: u32,
    has_labels: u32, // 1: the examples have classes
    is_mask: u32,    // 1: outputs and targets are masks
    threshold: f32,
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
@group(0) @binding(1) var<storage, read> output: array<Stored>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read> targets: array<f32>;
@group(0) @binding(4) var<storage, read_write> answers: array<u32>; // one for each example
@group(1) @binding(0) var<uniform> now: Now;

// A largest number and its place.
struct Largest {
    value: f32,
    at: u32,
}

// What was seen of an example.
struct Sight {
    output: Largest,
    want: Largest,
    both: u32,   // pixels that both masks cover
    either: u32, // pixels that one covers, or both
    lost: u32,   // outputs that are no number
}

var<workgroup> sights: array<Sight, 64>;

// Whether x is NaN or infinite. Asked of the bits: a compiler may assume that arithmetic meets neither.
fn is_lost(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7f800000u) == 0x7f800000u;
}

// Of equals the first.
fn larger(a: Largest, b: Largest) -> Largest {
    if (b.value > a.value || (b.value == a.value && b.at < a.at)) {
        return b;
    }
    return a;
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) place: u32,
) {
    let example = group.y * groups.x + group.x;
    if (example >= dims.batch) {
        return;
    }
    let row = example * dims.outputs;
    let nothing = Largest(-3.4028234e38, 0xffffffffu);
    var sight = Sight(nothing, nothing, 0u, 0u, 0u);
    for (var j = place; j < dims.outputs; j += 64u) {
        let x = f32(output[row + j]);
        sight.lost += u32(is_lost(x));
        sight.output = larger(sight.output, Largest(x, j));
        if (dims.has_labels == 0u) {
            let t = targets[row + j];
            sight.want = larger(sight.want, Largest(t, j));
            let got = x > dims.threshold;
            let want = t > 0.5;
            sight.both += u32(got && want);
            sight.either += u32(got || want);
        }
    }
    sights[place] = sight;
    workgroupBarrier();
    for (var half = 32u; half > 0u; half /= 2u) {
        if (place < half) {
            let a = sights[place];
            let b = sights[place + half];
            sights[place] = Sight(
                larger(a.output, b.output), larger(a.want, b.want),
                a.both + b.both, a.either + b.either, a.lost + b.lost,
            );
        }
        workgroupBarrier();
    }
    if (place == 0u) {
        let all = sights[0];
        var right = all.output.at == all.want.at;
        if (dims.has_labels == 1u) {
            right = all.output.at == labels[example];
        } else if (dims.is_mask == 1u) {
            right = 2u * all.both >= all.either;
        }
        // Examples that only fill up the batch are not judged.
        answers[example] = select(0u, u32(right) + 2u * u32(all.lost > 0u), example < now.count);
    }
}
