// Convolution, the gradient of the weights and of the bias, where the padding copies pixels (`d_weight`
// does the rest):
//
//   d_weight[o, c, ky, kx] = Σ d_output[n, o, y, x] · padded[n, c, y·stride_h + ky·dilation_h, x·stride_w + kx·dilation_w]
//   d_bias[o]              = Σ d_output[n, o, y, x]
//
// summed over all places (n, y, x) of the output. Where the next layer's ReLU was applied to the output,
// its gradient counts only where the output is above 0.
//
// The result is small and the sum is long. A workgroup computes 8 channels o × 12 taps (c, ky, kx) over
// a part of the places; each invocation adds up its own share of them, 8 numbers of the gradient times 12
// of the input at each place; then the 64 shares are added in workgroup memory. `sum_parts` adds the
// parts.

alias Stored = f32;

struct Dims {
    groups: u32,
    in_ch: u32,      // of a group
    out_ch: u32,     // of a group
    kernel_h: u32,
    kernel_w: u32,
    dilation_h: u32,
    dilation_w: u32,
    flipped: u32,    // 1: the kernel is turned by half a turn, the true convolution
    top: i32,        // padding
    left: i32,
    before_y: i32,   // what stands beyond the edge: see `source`
    after_y: i32,
    before_x: i32,
    after_x: i32,
    slope: i32,
    tiles: u32,      // workgroups that share the channels of a group
    places: u32,     // batch · out_h · out_w
    part: u32,       // places of a part
    in_h: u32,
    in_w: u32,
    out_h: u32,
    out_w: u32,
    stride_h: i32,
    stride_w: i32,
    relu: u32,       // 1: the next layer's ReLU was applied
    bias: u32,       // 1: there is one
    len: u32,        // numbers of one part: the weights, then the biases
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read> output: array<Stored>;
@group(0) @binding(3) var<storage, read> d_output: array<f32>;
@group(0) @binding(4) var<storage, read_write> scratch: array<f32>;

// Which row or column of the image stands at a place. Beyond the edge:
//
//                before        after           slope
//   reflect       0            2 · extent − 2  −1
//   symmetric    −1            2 · extent − 1  −1
//   replicate     0            extent − 1       0
//   circular     extent        −extent          1
fn source(at: vec4<i32>, extent: u32, before: i32, after: i32) -> vec4<i32> {
    let beyond = select(vec4(after), vec4(before), at < vec4(0)) + dims.slope * at;
    return select(beyond, at, vec4<u32>(at) < vec4(extent));
}

// Where four taps look, seen from a window's first pixel.
struct Taps {
    y: vec4<i32>,
    x: vec4<i32>,
    offset: vec4<i32>, // channel, y and x in one number
}

// Four taps, or the last one where there are fewer.
fn taps_of(first: u32) -> Taps {
    let k = min(first + vec4(0u, 1, 2, 3), vec4(dims.in_ch * dims.kernel_h * dims.kernel_w - 1));
    let area = dims.kernel_h * dims.kernel_w;
    let channel = k / area;
    let tap = select(k % area, area - 1 - k % area, vec4(dims.flipped != 0));
    let y = tap / dims.kernel_w * dims.dilation_h;
    let x = tap % dims.kernel_w * dims.dilation_w;
    return Taps(vec4<i32>(y), vec4<i32>(x), vec4<i32>((channel * dims.in_h + y) * dims.in_w + x));
}

var<workgroup> taps: array<Taps, 3>;

// What four taps of the window at (y, x) see.
fn seen(window: i32, y: i32, x: i32, t: Taps) -> vec4<f32> {
    let rows = source(y + t.y, dims.in_h, dims.before_y, dims.after_y);
    let columns = source(x + t.x, dims.in_w, dims.before_x, dims.after_x);
    let at = window + t.offset + (rows - y - t.y) * i32(dims.in_w) + columns - x - t.x;
    return vec4(f32(input[at.x]), f32(input[at.y]), f32(input[at.z]), f32(input[at.w]));
}

// The gradient of four channels at a place.
fn gradient(at: vec4<u32>) -> vec4<f32> {
    let d = vec4(d_output[at.x], d_output[at.y], d_output[at.z], d_output[at.w]);
    let out = vec4(f32(output[at.x]), f32(output[at.y]), f32(output[at.z]), f32(output[at.w]));
    return select(d, vec4(0.0), (out <= vec4(0.0)) & vec4(dims.relu != 0));
}

// Every number of `a` times every number of `b`.
fn outer(a: vec4<f32>, b: vec4<f32>) -> mat4x4<f32> {
    return mat4x4(a * b.x, a * b.y, a * b.z, a * b.w);
}

// For each invocation 32 sums of 8 columns, and 8 of the bias. A 41st place stays empty: an odd distance,
// so that neighbours write to different banks of the memory.
var<workgroup> shares: array<f32, 2624>;

fn hold(at: u32, v: vec4<f32>) {
    shares[at] = v.x;
    shares[at + 1] = v.y;
    shares[at + 2] = v.z;
    shares[at + 3] = v.w;
}

// Adds two matrices over all invocations. Of the 32 sums, column by column, invocation i < 32 gets the
// i-th; where `count` is 40, the next eight get those of the bias.
fn total(low: mat4x4<f32>, high: mat4x4<f32>, me: u32, count: u32) -> f32 {
    workgroupBarrier();
    let at = me * 41;
    hold(at, low[0]);
    hold(at + 4, low[1]);
    hold(at + 8, low[2]);
    hold(at + 12, low[3]);
    hold(at + 16, high[0]);
    hold(at + 20, high[1]);
    hold(at + 24, high[2]);
    hold(at + 28, high[3]);
    workgroupBarrier();
    let rounds = select(0u, 64, me < count);
    var sum = 0.0;
    for (var i = 0u; i < rounds; i++) {
        sum += shares[i * 41 + me];
    }
    return sum;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) me: u32) {
    let group = workgroup.z / dims.tiles;
    // The workgroup's channels, among those of all groups.
    let row = group * dims.out_ch + workgroup.z % dims.tiles * 8;
    let end = (group + 1) * dims.out_ch;
    let first = workgroup.x * 12;
    // Where the channels' planes begin in an image; the last one's where there are fewer.
    let low = min(row + vec4(0u, 1, 2, 3), vec4(end - 1)) * dims.out_h * dims.out_w;
    let high = min(row + vec4(4u, 5, 6, 7), vec4(end - 1)) * dims.out_h * dims.out_w;
    if me < 3 {
        taps[me] = taps_of(first + me * 4);
    }
    workgroupBarrier();
    let taps0 = taps[0];
    let taps1 = taps[1];
    let taps2 = taps[2];

    var low0 = mat4x4<f32>();
    var low1 = mat4x4<f32>();
    var low2 = mat4x4<f32>();
    var high0 = mat4x4<f32>();
    var high1 = mat4x4<f32>();
    var high2 = mat4x4<f32>();
    var bias_low = vec4(0.0);
    var bias_high = vec4(0.0);
    let begin = workgroup.y * dims.part + me;
    let stop = min((workgroup.y + 1) * dims.part, dims.places);
    // The place's image, row and column; the next place of this invocation is 64 further on.
    var x = begin % dims.out_w;
    var y = begin / dims.out_w % dims.out_h;
    var n = begin / dims.out_w / dims.out_h;
    let step_x = 64 % dims.out_w;
    let step_y = 64 / dims.out_w % dims.out_h;
    let step_n = 64 / dims.out_w / dims.out_h;
    for (var place = begin; place < stop; place += 64) {
        let window_y = i32(y) * dims.stride_h - dims.top;
        let window_x = i32(x) * dims.stride_w - dims.left;
        let window = (i32((n * dims.groups + group) * dims.in_ch * dims.in_h) + window_y) * i32(dims.in_w) + window_x;
        let x0 = seen(window, window_y, window_x, taps0);
        let x1 = seen(window, window_y, window_x, taps1);
        let x2 = seen(window, window_y, window_x, taps2);
        let out = (n * dims.groups * dims.out_ch * dims.out_h + y) * dims.out_w + x;
        let d_low = gradient(out + low);
        let d_high = gradient(out + high);
        low0 += outer(d_low, x0);
        low1 += outer(d_low, x1);
        low2 += outer(d_low, x2);
        high0 += outer(d_high, x0);
        high1 += outer(d_high, x1);
        high2 += outer(d_high, x2);
        bias_low += d_low;
        bias_high += d_high;
        x += step_x;
        y += step_y + select(0u, 1, x >= dims.out_w);
        x -= select(0, dims.out_w, x >= dims.out_w);
        n += step_n + select(0u, 1, y >= dims.out_h);
        y -= select(0, dims.out_h, y >= dims.out_h);
    }

    hold(me * 41 + 32, bias_low);
    hold(me * 41 + 36, bias_high);
    let sum0 = total(low0, high0, me, 40);
    let sum1 = total(low1, high1, me, 32);
    let sum2 = total(low2, high2, me, 32);
    let depth = dims.in_ch * dims.kernel_h * dims.kernel_w;
    let part = workgroup.y * dims.len;
    // Columns 0 to 3 belong to the first four channels.
    let channel = row + me / 16 * 4 + me % 4;
    let k = first + me / 4 % 4;
    let at = part + channel * depth + k;
    if me < 32 && channel < end {
        if k < depth {
            scratch[at] = sum0;
        }
        if k + 4 < depth {
            scratch[at + 4] = sum1;
        }
        if k + 8 < depth {
            scratch[at + 8] = sum2;
        }
    }
    // One of the workgroups that share the channels writes the bias.
    if dims.bias != 0 && first == 0 && me >= 32 && row + me - 32 < min(end, row + 8) {
        scratch[part + dims.groups * dims.out_ch * depth + row + me - 32] = sum0;
    }
}
