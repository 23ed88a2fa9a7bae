// Gradient of stochastic pooling: each window's d_output goes to the pixel that was drawn, alone.
// Where windows overlap, one pixel may be drawn by several: each invocation owns one pixel and adds up
// the windows that have drawn it, always in the same order.

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
    let x = i % dims.in_w;
    let y = (i / dims.in_w) % dims.in_h;
    let plane = i / (dims.in_w * dims.in_h);

    // The windows that this pixel lies under: window w of an axis covers the places
    // w · stride to w · stride + kernel - 1.
    let first_y = (max(y + dims.stride_h, dims.kernel_h) - dims.kernel_h) / dims.stride_h;
    let first_x = (max(x + dims.stride_w, dims.kernel_w) - dims.kernel_w) / dims.stride_w;
    let end_y = min(y / dims.stride_h + 1u, dims.out_h);
    let end_x = min(x / dims.stride_w + 1u, dims.out_w);

    let pixel = f32(y * dims.in_w + x);
    var sum = 0.0;
    for (var out_y = first_y; out_y < end_y; out_y++) {
        for (var out_x = first_x; out_x < end_x; out_x++) {
            let window = (plane * dims.out_h + out_y) * dims.out_w + out_x;
            if (saved[window] == pixel) {
                sum += d_output[window];
            }
        }
    }
    d_input[i] = sum;
}
