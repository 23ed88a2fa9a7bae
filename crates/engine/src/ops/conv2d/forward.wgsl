// Convolution, forward:
//
//   output[n, o, y, x] = bias[o] + Σ weight[o, c, ky, kx] · padded[n, c, y·stride_h + ky·dilation_h, x·stride_w + kx·dilation_w]
//
// summed over c, ky, kx: all channels of the input (with groups, those of the group) and the whole kernel.
//
// This is a product of two matrices. A row is an output channel o, a column is a place (n, y, x) of a
// map, and the sum has in_ch · kernel_h · kernel_w terms. The second matrix, what each place sees, is
// never written down: its numbers are read from the input where they are needed.
//
// A workgroup computes 8 channels at 512 places, an invocation 8 channels at 8 of the places: 64 sums.
// For one term it reads 8 weights and 8 numbers of the input and adds their 64 products. The weights are
// shared: for 64 terms at a time, each invocation brings those of one term to workgroup memory, and
// works out where the term looks. `forward_copies` is for padding that copies pixels.

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
    tiles: u32,      // workgroups that share the channels of a group
    columns: u32,    // batch · out_h · out_w
    in_h: u32,
    in_w: u32,
    out_h: u32,
    out_w: u32,
    stride_h: u32,
    stride_w: u32,
    weight_at: u32,
    bias_at: u32,
    bias: u32,       // 1: there is one
    relu: u32,       // 1: the next layer's ReLU is applied here
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read> params: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<Stored>;

// The windows of four columns: their first pixel, and where it is in the input (or would be, in the padding).
struct Windows {
    at: vec4<i32>,
    y: vec4<i32>,
    x: vec4<i32>,
}

fn windows(columns: vec4<u32>, group: u32) -> Windows {
    let c = min(columns, vec4(dims.columns - 1)); // What is computed beyond the last is not written.
    let row = c / dims.out_w;
    let image = (row / dims.out_h * dims.groups + group) * dims.in_ch * dims.in_h; // Its first row in the input.
    let y = vec4<i32>(row % dims.out_h * dims.stride_h) - dims.top;
    let x = vec4<i32>(c % dims.out_w * dims.stride_w) - dims.left;
    return Windows((vec4<i32>(image) + y) * i32(dims.in_w) + x, y, x);
}

// The numbers of four channels, `step` apart; of the last one where there are fewer.
fn of_channels(at: u32, row: u32, end: u32, step: u32) -> vec4<f32> {
    let r = at + min(row + vec4(0u, 1, 2, 3), vec4(end - 1)) * step;
    return vec4(params[r.x], params[r.y], params[r.z], params[r.w]);
}

// One term, for the workgroup's 8 channels: the weights, and how far from a window's first pixel it looks.
struct Term {
    low: vec4<f32>,
    high: vec4<f32>,
    y: i32,
    x: i32,
    offset: i32, // channel, y and x in one number
}

fn term(k: u32, row: u32, end: u32) -> Term {
    let depth = dims.in_ch * dims.kernel_h * dims.kernel_w;
    let at = dims.weight_at + k;
    let area = dims.kernel_h * dims.kernel_w;
    let tap = select(k % area, area - 1 - k % area, dims.flipped != 0);
    let y = tap / dims.kernel_w * dims.dilation_h;
    let x = tap % dims.kernel_w * dims.dilation_w;
    let offset = (k / area * dims.in_h + y) * dims.in_w + x;
    return Term(of_channels(at, row, end, depth), of_channels(at, row + 4, end, depth), i32(y), i32(x), i32(offset));
}

// What a term sees in four windows: 0 beside the image.
fn seen(w: Windows, t: Term) -> vec4<f32> {
    let there = (vec4<u32>(w.y + t.y) < vec4(dims.in_h)) & (vec4<u32>(w.x + t.x) < vec4(dims.in_w));
    let at = select(vec4(0), w.at + t.offset, there);
    return select(vec4(0.0), vec4(f32(input[at.x]), f32(input[at.y]), f32(input[at.z]), f32(input[at.w])), there);
}

var<workgroup> terms: array<Term, 64>;

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

fn finished(sums: vec4<f32>) -> vec4<f32> {
    return select(sums, vec4(0.0), (sums <= vec4(0.0)) & vec4(dims.relu != 0));
}

// Writes the channels of a column. Where the last one was computed several times, it is written so.
fn put(low: vec4<f32>, high: vec4<f32>, row: u32, end: u32, column: u32) {
    if column >= dims.columns {
        return;
    }
    let plane = dims.out_h * dims.out_w;
    let image = column / plane * dims.groups * dims.out_ch;
    let a = (image + min(row + vec4(0u, 1, 2, 3), vec4(end - 1))) * plane + column % plane;
    let b = (image + min(row + vec4(4u, 5, 6, 7), vec4(end - 1))) * plane + column % plane;
    let v = finished(low);
    let w = finished(high);
    output[a.x] = Stored(v.x);
    output[a.y] = Stored(v.y);
    output[a.z] = Stored(v.z);
    output[a.w] = Stored(v.w);
    output[b.x] = Stored(w.x);
    output[b.y] = Stored(w.y);
    output[b.z] = Stored(w.z);
    output[b.w] = Stored(w.w);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>, @builtin(local_invocation_index) me: u32) {
    let group = workgroup.z / dims.tiles;
    // The workgroup's channels, among those of all groups.
    let row = group * dims.out_ch + workgroup.z % dims.tiles * 8;
    let end = (group + 1) * dims.out_ch;
    // Neighbours in the workgroup take neighbouring places.
    let column = (workgroup.y * workgroups.x + workgroup.x) * 512 + me;
    let columns = column + vec4(0u, 64, 128, 192);
    let near = windows(columns, group);
    let far = windows(columns + 256, group);

    var sums = Sums();
    let depth = dims.in_ch * dims.kernel_h * dims.kernel_w;
    for (var first = 0u; first < depth; first += 64) {
        let k = first + me;
        workgroupBarrier(); // All are done with the last terms.
        if k < depth {
            terms[me] = term(k, row, end);
        }
        workgroupBarrier();
        let count = min(depth - first, 64);
        for (var i = 0u; i < count; i++) {
            let t = terms[i];
            let x = seen(near, t);
            let y = seen(far, t);
            sums.near_low += outer(t.low, x);
            sums.near_high += outer(t.high, x);
            sums.far_low += outer(t.low, y);
            sums.far_high += outer(t.high, y);
        }
    }
    if dims.bias != 0 {
        let low = outer(of_channels(dims.bias_at, row, end, 1), vec4(1.0));
        let high = outer(of_channels(dims.bias_at, row + 4, end, 1), vec4(1.0));
        sums.near_low += low;
        sums.near_high += high;
        sums.far_low += low;
        sums.far_high += high;
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
