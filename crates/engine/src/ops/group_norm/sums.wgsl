// Gradient of group norm, step 1: sums over each channel of each example, which all of its gradients need,
//     plain = Σ d        along = Σ d · (x - mean) / sqrt(var + eps)        d: d_output before the fused ReLU
// One workgroup for each channel of each example.

alias Stored = f32;

struct Dims {
    batch: u32,
    ch: u32,
    plane: u32,  // pixels of a channel
    groups: u32, // groups of channels
    relu: u32,   // 1 where a ReLU is fused in
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read> output: array<Stored>;
@group(0) @binding(3) var<storage, read> d_output: array<f32>;
@group(0) @binding(4) var<storage, read> saved: array<vec2<f32>>; // mean and 1 / sqrt(var + eps) of each group of each example
@group(0) @binding(5) var<storage, read_write> scratch: array<vec2<f32>>; // plain and along

var<workgroup> sums: array<vec2<f32>, 64>;

// The sum of `own` over the workgroup, for all of it: halved pairwise, always in the same order.
fn total(own: vec2<f32>, place: u32) -> vec2<f32> {
    sums[place] = own;
    workgroupBarrier();
    for (var half = 32u; half > 0u; half /= 2u) {
        if (place < half) {
            sums[place] += sums[place + half];
        }
        workgroupBarrier();
    }
    let all = sums[0];
    workgroupBarrier(); // nobody writes the next sum before all have read this one
    return all;
}

// The gradient before the fused ReLU: it lets pass where the output is above zero.
fn passed(i: u32) -> f32 {
    return select(d_output[i], 0.0, dims.relu == 1u && f32(output[i]) <= 0.0);
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) place: u32,
) {
    let p = group.y * groups.x + group.x;
    if (p >= dims.batch * dims.ch) {
        return;
    }
    let own = saved[p / (dims.ch / dims.groups)];
    var sum = vec2<f32>();
    for (var i = p * dims.plane + place; i < (p + 1u) * dims.plane; i += 64u) {
        let d = passed(i);
        sum += vec2<f32>(d, d * (f32(input[i]) - own.x) * own.y);
    }
    let all = total(sum, place);
    if (place == 0u) {
        scratch[p] = all;
    }
}
