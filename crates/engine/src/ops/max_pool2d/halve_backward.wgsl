// Gradient of max pooling with windows of 2×2 that do not overlap: the usual case of `backward.wgsl`.
// An invocation owns the four pixels of one window: the winner gets the window's gradient, the others
// nothing. Where the image has an odd side, no window looks at its last row or column, and the last
// windows write the zeros there.

struct Dims {
    len: u32, // outputs in the batch
    in_h: u32,
    in_w: u32,
    out_h: u32,
    out_w: u32,
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> d_output: array<f32>;
@group(0) @binding(2) var<storage, read> saved: array<f32>;
@group(0) @binding(3) var<storage, read_write> d_input: array<f32>;

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
    let y = (row - plane * dims.out_h) * 2u;
    let x = (i - row * dims.out_w) * 2u;
    let first = y * dims.in_w + x;
    let start = plane * dims.in_h * dims.in_w;
    let at = start + first;

    let d = d_output[i];
    let winner = u32(saved[i]);
    d_input[at] = select(0.0, d, winner == first);
    d_input[at + 1u] = select(0.0, d, winner == first + 1u);
    d_input[at + dims.in_w] = select(0.0, d, winner == first + dims.in_w);
    d_input[at + dims.in_w + 1u] = select(0.0, d, winner == first + dims.in_w + 1u);

    let column_left = x + 3u == dims.in_w;
    let row_left = y + 3u == dims.in_h;
    if (column_left) {
        d_input[at + 2u] = 0.0;
        d_input[at + dims.in_w + 2u] = 0.0;
    }
    if (row_left) {
        d_input[at + 2u * dims.in_w] = 0.0;
        d_input[at + 2u * dims.in_w + 1u] = 0.0;
    }
    if (column_left && row_left) {
        d_input[at + 2u * dims.in_w + 2u] = 0.0;
    }
}
