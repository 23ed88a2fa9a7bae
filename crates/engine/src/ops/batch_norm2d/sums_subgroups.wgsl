// Gradient of batch norm, step 1 of 2: sums over parts of a channel, which all of its gradients need.
//     plain = Σ d        along = Σ d · (x - mean)        d: d_output before the fused ReLU
// One workgroup for each channel and part; backward.wgsl joins the parts.
// As sums.wgsl, for cards on which the invocations of a subgroup can add without memory.

enable subgroups;

alias Stored = f32;

struct Dims {
    ch: u32,
    plane: u32,    // pixels of a channel
    count: u32,    // batch · plane, the numbers of a channel
    part_len: u32, // numbers of a part; the last may be shorter
    relu: u32,     // 1 where a ReLU is fused in
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read> output: array<Stored>;
@group(0) @binding(3) var<storage, read> d_output: array<f32>;
@group(0) @binding(4) var<storage, read> saved: array<f32>; // means, then 1 / sqrt(var + eps)
@group(0) @binding(5) var<storage, read_write> scratch: array<vec2<f32>>; // plain and along of each part

var<workgroup> sums: array<vec2<f32>, 64>; // one of each subgroup; none has fewer than four invocations

// The sum of `own` over the workgroup, for all of it: first within each subgroup, which needs no
// memory, then over the subgroups in order.
fn total(own: vec2<f32>, place: u32, width: u32, lane: u32) -> vec2<f32> {
    let part = subgroupAdd(own);
    if (lane == 0u) {
        sums[place / width] = part;
    }
    workgroupBarrier();
    var all = vec2<f32>();
    for (var i = 0u; i < 256u / width; i++) {
        all += sums[i];
    }
    workgroupBarrier(); // nobody writes the next sum before all have read this one
    return all;
}

// Address of number k of channel c, counted through its planes image by image.
fn address(c: u32, k: u32) -> u32 {
    return (k / dims.plane * dims.ch + c) * dims.plane + k % dims.plane;
}

// The gradient before the fused ReLU: it lets pass where the output is above zero.
fn passed(i: u32) -> f32 {
    return select(d_output[i], 0.0, dims.relu == 1u && f32(output[i]) <= 0.0);
}

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) place: u32,
    @builtin(subgroup_size) width: u32,
    @builtin(subgroup_invocation_id) lane: u32,
) {
    let c = group.y * groups.x + group.x;
    if (c >= dims.ch) {
        return;
    }
    let mean = saved[c];
    let start = group.z * dims.part_len;
    let end = min(start + dims.part_len, dims.count);
    var plain = 0.0;
    var along = 0.0;
    for (var k = start + place; k < end; k += 256u) {
        let i = address(c, k);
        let d = passed(i);
        plain += d;
        along += d * (f32(input[i]) - mean);
    }
    let all = total(vec2<f32>(plain, along), place, width, lane);
    if (place == 0u) {
        scratch[group.z * dims.ch + c] = all;
    }
}
