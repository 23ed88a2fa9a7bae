// Convolution, forward:
//
//   output[n, o, y, x] = bias[o] + Σ weight[o, c, ky, kx] · padded[n, c, y·stride_h + ky·dilation_h, x·stride_w + kx·dilation_w]
//
// summed over c, ky, kx: all channels of the input (with groups, those of the group) and the whole kernel.
// Where there is padding, `frame` has put it around the input before.
//
// This is a product of two matrices. A row is an output channel o, a column is a place (n, y, x) of a
// map, and the sum has in_ch · kernel_h · kernel_w terms. The second matrix, what each place sees, is
// never written down: its numbers are read from the input where they are needed.
//
// A workgroup computes 8 channels at 512 places, an invocation 8 channels at 8 of the places: 64 sums.
// For one term it reads 8 weights and 8 numbers of the input and adds their 64 products. The weights are
// shared: for 64 terms at a time, each invocation brings those of one term to workgroup memory.

alias Stored = f32;

struct Dims {
    columns: u32, // batch · out_h · out_w
    groups: u32,
    tiles: u32,   // workgroups that share the channels of a group
    in_ch: u32,   // of a group
    out_ch: u32,  // of a group
    in_h: u32,    // with its padding
    in_w: u32,
    out_h: u32,
    out_w: u32,
    kernel_h: u32,
    kernel_w: u32,
    stride_h: u32,
    stride_w: u32,
    dilation_h: u32,
    dilation_w: u32,
    weight_at: u32,
    bias_at: u32,
    bias: u32,    // 1: there is one
    relu: u32,    // 1: the next layer's ReLU is applied here
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read> params: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<Stored>;

// Where the windows of four columns begin.
fn windows(columns: vec4<u32>, group: u32) -> vec4<u32> {
    let c = min(columns, vec4(dims.columns - 1)); // What is computed beyond the last is not written.
    let row = c / dims.out_w;
    let image = row / dims.out_h * dims.groups + group;
    let y = row % dims.out_h * dims.stride_h;
    let x = c % dims.out_w * dims.stride_w;
    return (image * dims.in_ch * dims.in_h + y) * dims.in_w + x;
}

// How far from there a term looks.
fn offset(term: u32) -> u32 {
    let row = term / dims.kernel_w;
    let channel = row / dims.kernel_h;
    let y = row % dims.kernel_h * dims.dilation_h;
    let x = term % dims.kernel_w * dims.dilation_w;
    return (channel * dims.in_h + y) * dims.in_w + x;
}

fn seen(at: vec4<u32>) -> vec4<f32> {
    return vec4(f32(input[at.x]), f32(input[at.y]), f32(input[at.z]), f32(input[at.w]));
}

// The numbers of four channels, `step` apart; of the last one where there are fewer.
fn of_channels(at: u32, row: u32, end: u32, step: u32) -> vec4<f32> {
    let r = at + min(row + vec4(0u, 1, 2, 3), vec4(end - 1)) * step;
    return vec4(params[r.x], params[r.y], params[r.z], params[r.w]);
}

// One term, for the workgroup's 8 channels.
struct Term {
    low: vec4<f32>,
    high: vec4<f32>,
    offset: u32,
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

fn add(sums: ptr<function, Sums>, near: vec4<u32>, far: vec4<u32>, k: u32) {
    let t = terms[k];
    let a = seen(near + t.offset);
    let b = seen(far + t.offset);
    sums.near_low += outer(t.low, a);
    sums.near_high += outer(t.high, a);
    sums.far_low += outer(t.low, b);
    sums.far_high += outer(t.high, b);
}

fn put(value: f32, row: u32, end: u32, at: u32) {
    if row < end {
        output[at + row * dims.out_h * dims.out_w] = Stored(select(value, max(value, 0.0), dims.relu != 0));
    }
}

fn put_column(low: vec4<f32>, high: vec4<f32>, row: u32, end: u32, column: u32) {
    if column < dims.columns {
        let plane = dims.out_h * dims.out_w;
        let at = column / plane * dims.groups * dims.out_ch * plane + column % plane;
        put(low.x, row, end, at);
        put(low.y, row + 1, end, at);
        put(low.z, row + 2, end, at);
        put(low.w, row + 3, end, at);
        put(high.x, row + 4, end, at);
        put(high.y, row + 5, end, at);
        put(high.z, row + 6, end, at);
        put(high.w, row + 7, end, at);
    }
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
            let at = dims.weight_at + k;
            terms[me] = Term(of_channels(at, row, end, depth), of_channels(at, row + 4, end, depth), offset(k));
        } else {
            terms[me] = Term();
        }
        workgroupBarrier();
        let count = min(depth - first, 64);
        for (var i = 0u; i < count; i += 4) {
            add(&sums, near, far, i);
            add(&sums, near, far, i + 1);
            add(&sums, near, far, i + 2);
            add(&sums, near, far, i + 3);
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
    put_column(sums.near_low[0], sums.near_high[0], row, end, column);
    put_column(sums.near_low[1], sums.near_high[1], row, end, column + 64);
    put_column(sums.near_low[2], sums.near_high[2], row, end, column + 128);
    put_column(sums.near_low[3], sums.near_high[3], row, end, column + 192);
    put_column(sums.far_low[0], sums.far_high[0], row, end, column + 256);
    put_column(sums.far_low[1], sums.far_high[1], row, end, column + 320);
    put_column(sums.far_low[2], sums.far_high[2], row, end, column + 384);
    put_column(sums.far_low[3], sums.far_high[3], row, end, column + 448);
}
