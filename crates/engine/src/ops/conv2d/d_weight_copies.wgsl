// Convolution, the gradient of the weights and of the bias, where the padding copies pixels (`d_weight`
// does the rest):
//
//   d_weight[o, c, ky, kx] = Σ d_output[n, o, y, x] · padded[n, c, y·stride_h + ky·dilation_h, x·stride_w + kx·dilation_w]
//   d_bias[o]              = Σ d_output[n, o, y, x]
//
// summed over all places (n, y, x) of the output. Where the next layer's ReLU was applied to the output,
// its gradient counts only where the output is above 0.
//
// The result is small and the sum is long. An invocation computes a tile, 8 channels o × 12 taps (c, ky, kx):
// 96 sums, which stay in registers. They are summed over a share of the places, 8 numbers of the gradient
// times 12 of the input at each; `sum_parts` adds the shares. Nobody waits for another.

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
    tiles: u32,      // tiles that share the channels of a group
    twelves: u32,    // tiles that share the taps
    places: u32,     // batch · out_h · out_w
    parts: u32,      // invocations that share the places
    work: u32,       // groups · tiles · twelves · parts
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

// Writes the sums of a tap for four channels. Where there are fewer channels, the last one was computed several
// times, and is written so.
fn put(sums: vec4<f32>, to: vec4<u32>, counts: bool) {
    if counts {
        scratch[to.x] = sums.x;
        scratch[to.y] = sums.y;
        scratch[to.z] = sums.z;
        scratch[to.w] = sums.w;
    }
}

// Writes those of four taps, a column for each. `to` is where the first one's are.
fn put_taps(sums: mat4x4<f32>, to: vec4<u32>, tap: u32, depth: u32) {
    put(sums[0], to, tap < depth);
    put(sums[1], to + 1, tap + 1 < depth);
    put(sums[2], to + 2, tap + 2 < depth);
    put(sums[3], to + 3, tap + 3 < depth);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>, @builtin(local_invocation_index) me: u32) {
    let id = (workgroup.y * workgroups.x + workgroup.x) * 64 + me;
    if id >= dims.work {
        return;
    }
    // Neighbours in the workgroup share the places of a tile.
    let part = id % dims.parts;
    let tile = id / dims.parts;
    let first = tile % dims.twelves * 12;
    let group = tile / dims.twelves / dims.tiles;
    // The tile's channels, among those of all groups; the last one where there are fewer.
    let row = group * dims.out_ch + tile / dims.twelves % dims.tiles * 8;
    let end = (group + 1) * dims.out_ch;
    let low = min(row + vec4(0u, 1, 2, 3), vec4(end - 1));
    let high = min(row + vec4(4u, 5, 6, 7), vec4(end - 1));
    let wide = row + 4 < end; // More than four.
    let out_plane = dims.out_h * dims.out_w;
    let taps0 = taps_of(first);
    let taps1 = taps_of(first + 4);
    let taps2 = taps_of(first + 8);

    var low0 = mat4x4<f32>();
    var low1 = mat4x4<f32>();
    var low2 = mat4x4<f32>();
    var high0 = mat4x4<f32>();
    var high1 = mat4x4<f32>();
    var high2 = mat4x4<f32>();
    var bias_low = vec4(0.0);
    var bias_high = vec4(0.0);
    for (var place = part; place < dims.places; place += dims.parts) {
        let x = place % dims.out_w;
        let y = place / dims.out_w % dims.out_h;
        let n = place / out_plane;
        let window_y = i32(y) * dims.stride_h - dims.top;
        let window_x = i32(x) * dims.stride_w - dims.left;
        let window = (i32((n * dims.groups + group) * dims.in_ch * dims.in_h) + window_y) * i32(dims.in_w) + window_x;
        let x0 = seen(window, window_y, window_x, taps0);
        let x1 = seen(window, window_y, window_x, taps1);
        let x2 = seen(window, window_y, window_x, taps2);
        let out = n * dims.groups * dims.out_ch * out_plane + place % out_plane;
        let d_low = gradient(out + low * out_plane);
        low0 += outer(d_low, x0);
        low1 += outer(d_low, x1);
        low2 += outer(d_low, x2);
        bias_low += d_low;
        if wide {
            let d_high = gradient(out + high * out_plane);
            high0 += outer(d_high, x0);
            high1 += outer(d_high, x1);
            high2 += outer(d_high, x2);
            bias_high += d_high;
        }
    }

    let depth = dims.in_ch * dims.kernel_h * dims.kernel_w;
    let to_low = part * dims.len + low * depth + first;
    let to_high = part * dims.len + high * depth + first;
    put_taps(low0, to_low, first, depth);
    put_taps(low1, to_low + 4, first + 4, depth);
    put_taps(low2, to_low + 8, first + 8, depth);
    if wide {
        put_taps(high0, to_high, first, depth);
        put_taps(high1, to_high + 4, first + 4, depth);
        put_taps(high2, to_high + 8, first + 8, depth);
    }
    // One of the tiles that share the channels writes the bias.
    let biases = part * dims.len + dims.groups * dims.out_ch * depth;
    put(bias_low, biases + low, dims.bias != 0 && first == 0);
    put(bias_high, biases + high, dims.bias != 0 && first == 0 && wide);
}
