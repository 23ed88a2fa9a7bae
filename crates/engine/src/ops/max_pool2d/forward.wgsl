// Max pooling in training: output[y, x] = max over the window; of equals the first in reading order.
// The winner's place in its plane is kept for the backward pass. One output for each invocation.

alias Stored = f32;

struct Dims {
    len: u32, // outputs in the batch
    in_h: u32,
    in_w: u32,
    out_h: u32,
    out_w: u32,
    kernel_h: u32,
    kernel_w: u32,
    stride_h: u32,
    stride_w: u32,
    pad_top: u32,
    pad_left: u32,
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
    let x = i % dims.out_w;
    let y = (i / dims.out_w) % dims.out_h;
    let plane = i / (dims.out_w * dims.out_h) * dims.in_h * dims.in_w;

    // The window, clipped to the pixels that exist. Padding is smaller than the window.
    let start_y = y * dims.stride_h;
    let start_x = x * dims.stride_w;
    let first_y = max(start_y, dims.pad_top) - dims.pad_top;
    let first_x = max(start_x, dims.pad_left) - dims.pad_left;
    let end_y = min(start_y + dims.kernel_h - dims.pad_top, dims.in_h);
    let end_x = min(start_x + dims.kernel_w - dims.pad_left, dims.in_w);

    var winner = first_y * dims.in_w + first_x;
    var highest = f32(input[plane + winner]);
    for (var yy = first_y; yy < end_y; yy++) {
        for (var xx = first_x; xx < end_x; xx++) {
            let pixel = yy * dims.in_w + xx;
            let value = f32(input[plane + pixel]);
            if (value > highest) {
                highest = value;
                winner = pixel;
            }
        }
    }
    output[i] = Stored(highest);
    saved[i] = f32(winner); // a place below 2^24 is exact in f32
}
