// Max pooling in training with windows of 2×2 that do not overlap: the usual case of `forward.wgsl`,
// without loops. Of equals the first in reading order wins; its place in its plane is kept for the
// backward pass. One output for each invocation.

alias Stored = f32;

struct Dims {
    len: u32, // outputs in the batch
    in_h: u32,
    in_w: u32,
    out_h: u32,
    out_w: u32,
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read_write> output: array<Stored>;
@group(0) @binding(3) var<storage, read_write> saved: array<f32>;

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
    let row = i / dims.out_w;
    let plane = row / dims.out_h;
    let first = (row - plane * dims.out_h) * 2u * dims.in_w + (i - row * dims.out_w) * 2u;
    let at = plane * dims.in_h * dims.in_w + first;

    let a = f32(input[at]);
    let b = f32(input[at + 1u]);
    let c = f32(input[at + dims.in_w]);
    let d = f32(input[at + dims.in_w + 1u]);
    let upper = select(a, b, b > a);
    let lower = select(c, d, d > c);
    let upper_winner = select(first, first + 1u, b > a);
    let lower_winner = select(first, first + 1u, d > c) + dims.in_w;
    output[i] = Stored(select(upper, lower, lower > upper));
    saved[i] = f32(select(upper_winner, lower_winner, lower > upper)); // a place below 2^24 is exact in f32
}
