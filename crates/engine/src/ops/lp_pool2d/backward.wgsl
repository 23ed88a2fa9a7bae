// Gradient of power-average pooling: a window gives each of its pixels d_output · (input / output)^(p-1),
// and nothing where its output is zero: there the root has no slope.
// Where windows overlap, a pixel gets from each: each invocation owns one pixel and adds them up, always
// in the same order.

alias Stored = f32;

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
    norm_type: f32, // p
    whole: u32,     // p where it is a whole number, else 0
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read> output: array<Stored>;
@group(0) @binding(3) var<storage, read> d_output: array<f32>;
@group(0) @binding(4) var<storage, read_write> d_input: array<f32>;

// The power p - 1, with the sign of the ratio unless p is odd. The ratio is taken first: alone, neither
// power need be a number that f32 holds.
fn power(ratio: f32) -> f32 {
    if (dims.whole > 0u) {
        var product = 1.0;
        for (var n = 1u; n < dims.whole; n++) {
            product *= ratio;
        }
        return product;
    }
    if (ratio == 0.0) {
        return 0.0;
    }
    return sign(ratio) * pow(abs(ratio), dims.norm_type - 1.0);
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

    // The windows that this pixel lies under: window w of an axis covers the places
    // w · stride to w · stride + kernel - 1.
    let first_y = (max(y + dims.stride_h, dims.kernel_h) - dims.kernel_h) / dims.stride_h;
    let first_x = (max(x + dims.stride_w, dims.kernel_w) - dims.kernel_w) / dims.stride_w;
    let end_y = min(y / dims.stride_h + 1u, dims.out_h);
    let end_x = min(x / dims.stride_w + 1u, dims.out_w);

    let value = f32(input[i]);
    var sum = 0.0;
    for (var out_y = first_y; out_y < end_y; out_y++) {
        for (var out_x = first_x; out_x < end_x; out_x++) {
            let window = (plane * dims.out_h + out_y) * dims.out_w + out_x;
            let norm = f32(output[window]);
            if (norm != 0.0) {
                sum += d_output[window] * power(value / norm);
            }
        }
    }
    d_input[i] = sum;
}
