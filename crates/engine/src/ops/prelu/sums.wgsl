// Gradient of the weights of a PReLU, step 1 of 2: sums over parts of a channel,
//     Σ d_output · input over the numbers that are not above zero.
// One workgroup for each channel and part; d_params.wgsl joins the parts.

alias Stored = f32;

struct Dims {
    ch: u32,
    plane: u32,    // pixels of a channel
    count: u32,    // batch · plane, the numbers of a channel
    parts: u32,    // parts of a channel
    part_len: u32, // numbers of a part; the last may be shorter
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read> d_output: array<f32>;
@group(0) @binding(3) var<storage, read_write> scratch: array<f32>; // channel by channel, its parts

var<workgroup> sums: array<f32, 256>;

// The sum of `own` over the workgroup, for all of it: halved pairwise, always in the same order.
fn total(own: f32, place: u32) -> f32 {
    sums[place] = own;
    workgroupBarrier();
    for (var half = 128u; half > 0u; half /= 2u) {
        if (place < half) {
            sums[place] += sums[place + half];
        }
        workgroupBarrier();
    }
    let all = sums[0];
    workgroupBarrier(); // nobody writes the next sum before all have read this one
    return all;
}

// Address of number k of channel c, counted through its planes image by image.
fn address(c: u32, k: u32) -> u32 {
    return (k / dims.plane * dims.ch + c) * dims.plane + k % dims.plane;
}

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) place: u32,
) {
    let c = group.y * groups.x + group.x;
    if (c >= dims.ch) {
        return;
    }
    let start = group.z * dims.part_len;
    let end = min(start + dims.part_len, dims.count);
    var sum = 0.0;
    for (var k = start + place; k < end; k += 256u) {
        let i = address(c, k);
        let x = f32(input[i]);
        sum += select(x * d_output[i], 0.0, x > 0.0);
    }
    let all = total(sum, place);
    if (place == 0u) {
        scratch[c * dims.parts + group.z] = all;
    }
}
