// Gradient of average pooling: each window's d_output is shared equally among its pixels.
// Where windows overlap, a pixel gets a share of each: each invocation owns one pixel and adds
// them up, always in the same order.

struct Dims {
    len: u32, // inputs in the batch
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
    padded_h: u32, // rows with the padding of both sides
    padded_w: u32,
    count_include_pad: u32,
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> d_output: array<f32>;
@group(0) @binding(2) var<storage, read_write> d_input: array<f32>;

// Pixels that a window's sum is divided by: those that exist, or also those of the padding (never
// those beyond it, where the last window sticks out).
fn area(start_y: u32, start_x: u32) -> u32 {
    if (dims.count_include_pad == 1u) {
        let h = min(start_y + dims.kernel_h, dims.padded_h) - start_y;
        let w = min(start_x + dims.kernel_w, dims.padded_w) - start_x;
        return h * w;
    }
    let first_y = max(start_y, dims.pad_top) - dims.pad_top;
    let first_x = max(start_x, dims.pad_left) - dims.pad_left;
    let end_y = min(start_y + dims.kernel_h - dims.pad_top, dims.in_h);
    let end_x = min(start_x + dims.kernel_w - dims.pad_left, dims.in_w);
    return (end_y - first_y) * (end_x - first_x);
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
    let x = i % dims.in_w;
    let y = (i / dims.in_w) % dims.in_h;
    let plane = i / (dims.in_w * dims.in_h);

    // The windows that this pixel lies under: window w of an axis covers the padded places
    // w · stride to w · stride + kernel - 1.
    let padded_y = y + dims.pad_top;
    let padded_x = x + dims.pad_left;
    let first_y = (max(padded_y + dims.stride_h, dims.kernel_h) - dims.kernel_h) / dims.stride_h;
    let first_x = (max(padded_x + dims.stride_w, dims.kernel_w) - dims.kernel_w) / dims.stride_w;
    let end_y = min(padded_y / dims.stride_h + 1u, dims.out_h);
    let end_x = min(padded_x / dims.stride_w + 1u, dims.out_w);

    var sum = 0.0;
    for (var out_y = first_y; out_y < end_y; out_y++) {
        for (var out_x = first_x; out_x < end_x; out_x++) {
            let share = f32(area(out_y * dims.stride_h, out_x * dims.stride_w));
            sum += d_output[(plane * dims.out_h + out_y) * dims.out_w + out_x] / share;
        }
    }
    d_input[i] = sum;
}
