// Convolution, the gradient of the input:
//
//   d_input[n, c, y, x] = Σ weight[o, c, ky, kx] · spread[n, o, y + (kernel_h − 1 − ky)·dilation_h, x + (kernel_w − 1 − kx)·dilation_w]
//
// summed over o, ky, kx: all channels of the output (with groups, those of the group) and the whole
// kernel. `spread` has laid out the output's gradient so before that nothing is ever read beside it.
//
// The product of matrices of `forward`, with the kernel turned around: a row is an input channel c, a
// column is a place (n, y, x) of the input, and the sum has out_ch · kernel_h · kernel_w terms. Where the
// padding copies pixels, the gradient is worked out for the padding too, and `fold` sums it up.
//
// An invocation computes 8 channels at 8 places: 64 sums, which stay in registers. For one term it reads 8
// weights and 8 numbers of the gradient and adds their 64 products. Nobody waits for another.

struct Dims {
    groups: u32,
    in_ch: u32,      // of a group
    out_ch: u32,     // of a group
    kernel_h: u32,
    kernel_w: u32,
    dilation_h: u32,
    dilation_w: u32,
    flipped: u32,    // 1: the kernel is turned by half a turn, the true convolution
    tiles: u32,      // workgroups that share the channels of a group
    columns: u32,    // batch · in_h · in_w
    in_h: u32,       // with its padding, where that copies pixels
    in_w: u32,
    spread_h: u32,   // the spread gradient's plane
    spread_w: u32,
    weight_at: u32,
    folds: u32,      // 1: the result goes to `scratch`, for `fold`
    padded_at: u32,
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> params: array<f32>;
@group(0) @binding(2) var<storage, read_write> d_input: array<f32>;
// The spread gradient, and behind it room for the gradient of the padded input.
@group(0) @binding(3) var<storage, read_write> scratch: array<f32>;

// Where the windows of four columns begin.
fn windows(columns: vec4<u32>, group: u32) -> vec4<u32> {
    let c = min(columns, vec4(dims.columns - 1)); // What is computed beyond the last is not written.
    let row = c / dims.in_w;
    let image = row / dims.in_h * dims.groups + group;
    return (image * dims.out_ch * dims.spread_h + row % dims.in_h) * dims.spread_w + c % dims.in_w;
}

fn seen(at: vec4<u32>) -> vec4<f32> {
    return vec4(scratch[at.x], scratch[at.y], scratch[at.z], scratch[at.w]);
}

fn of_channels(at: vec4<u32>) -> vec4<f32> {
    return vec4(params[at.x], params[at.y], params[at.z], params[at.w]);
}

// A row for each channel, a column for each place: 8 × 8, in quarters.
struct Sums {
    near_low: mat4x4<f32>,
    near_high: mat4x4<f32>,
    far_low: mat4x4<f32>,
    far_high: mat4x4<f32>,
}

// Every number of `a` times every number of `b`.
fn outer(a: vec4<f32>, b: vec4<f32>) -> mat4x4<f32> {
    return mat4x4(a * b.x, a * b.y, a * b.z, a * b.w);
}

// Writes the channels of a column. Where the last one was computed several times, it is written so.
fn put(low: vec4<f32>, high: vec4<f32>, row: u32, end: u32, column: u32) {
    if column >= dims.columns {
        return;
    }
    let plane = dims.in_h * dims.in_w;
    let image = column / plane * dims.groups * dims.in_ch;
    let a = (image + min(row + vec4(0u, 1, 2, 3), vec4(end - 1))) * plane + column % plane;
    let b = (image + min(row + vec4(4u, 5, 6, 7), vec4(end - 1))) * plane + column % plane;
    if dims.folds == 0 {
        d_input[a.x] = low.x;
        d_input[a.y] = low.y;
        d_input[a.z] = low.z;
        d_input[a.w] = low.w;
    } else {
        scratch[dims.padded_at + a.x] = low.x;
        scratch[dims.padded_at + a.y] = low.y;
        scratch[dims.padded_at + a.z] = low.z;
        scratch[dims.padded_at + a.w] = low.w;
    }
    if row + 4 >= end {
        return;
    }
    if dims.folds == 0 {
        d_input[b.x] = high.x;
        d_input[b.y] = high.y;
        d_input[b.z] = high.z;
        d_input[b.w] = high.w;
    } else {
        scratch[dims.padded_at + b.x] = high.x;
        scratch[dims.padded_at + b.y] = high.y;
        scratch[dims.padded_at + b.z] = high.z;
        scratch[dims.padded_at + b.w] = high.w;
    }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>, @builtin(local_invocation_index) me: u32) {
    let group = workgroup.z / dims.tiles;
    // The workgroup's channels, within the group and among those of all groups.
    let channel = workgroup.z % dims.tiles * 8;
    let row = group * dims.in_ch + channel;
    let end = (group + 1) * dims.in_ch;
    // Neighbours in the workgroup take neighbouring places.
    let column = (workgroup.y * workgroups.x + workgroup.x) * 512 + me;
    let columns = column + vec4(0u, 64, 128, 192);
    let near = windows(columns, group);
    let far = windows(columns + 256, group);

    var sums = Sums();
    let area = dims.kernel_h * dims.kernel_w;
    // The channels; the last one where there are fewer.
    let wide = row + 4 < end; // More than four.
    let kernels = dims.weight_at + group * dims.out_ch * dims.in_ch * area;
    let low_kernels = kernels + min(channel + vec4(0u, 1, 2, 3), vec4(dims.in_ch - 1)) * area;
    let high_kernels = kernels + min(channel + vec4(4u, 5, 6, 7), vec4(dims.in_ch - 1)) * area;
    for (var weight = 0u; weight < area; weight++) {
        // What a weight looked at from above and to the left lies below and to the right of it.
        let tap = select(area - 1 - weight, weight, dims.flipped != 0);
        let offset = tap / dims.kernel_w * dims.dilation_h * dims.spread_w + tap % dims.kernel_w * dims.dilation_w;
        for (var o = 0u; o < dims.out_ch; o++) {
            let low = of_channels(low_kernels + o * dims.in_ch * area + weight);
            let plane = o * dims.spread_h * dims.spread_w + offset;
            let a = seen(near + plane);
            let b = seen(far + plane);
            sums.near_low += outer(low, a);
            sums.far_low += outer(low, b);
            if wide {
                let high = of_channels(high_kernels + o * dims.in_ch * area + weight);
                sums.near_high += outer(high, a);
                sums.far_high += outer(high, b);
            }
        }
    }
    put(sums.near_low[0], sums.near_high[0], row, end, column);
    put(sums.near_low[1], sums.near_high[1], row, end, column + 64);
    put(sums.near_low[2], sums.near_high[2], row, end, column + 128);
    put(sums.near_low[3], sums.near_high[3], row, end, column + 192);
    put(sums.far_low[0], sums.far_high[0], row, end, column + 256);
    put(sums.far_low[1], sums.far_high[1], row, end, column + 320);
    put(sums.far_low[2], sums.far_high[2], row, end, column + 384);
    put(sums.far_low[3], sums.far_high[3], row, end, column + 448);
}
