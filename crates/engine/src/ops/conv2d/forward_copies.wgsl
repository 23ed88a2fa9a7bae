// Convolution, forward, where the padding copies pixels (`forward` does the rest):
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
// shared: for up to 64 terms at a time, each invocation brings those of one term to workgroup memory.
// Where a tap of the kernel looks is laborious to say, so it is worked out once for all channels.

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
    columns: u32,    // batch · out_h · out_w
    in_h: u32,       // with its padding
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

// The windows of four columns: where their image begins, and their first pixel.
struct Windows {
    image: vec4<i32>,
    y: vec4<i32>,
    x: vec4<i32>,
}

fn windows(columns: vec4<u32>, group: u32) -> Windows {
    let c = min(columns, vec4(dims.columns - 1)); // What is computed beyond the last is not written.
    let row = c / dims.out_w;
    let image = (row / dims.out_h * dims.groups + group) * dims.in_ch * dims.in_h * dims.in_w;
    let y = vec4<i32>(row % dims.out_h * dims.stride_h) - dims.top;
    let x = vec4<i32>(c % dims.out_w * dims.stride_w) - dims.left;
    return Windows(vec4<i32>(image), y, x);
}

// Where a tap of four windows looks in the input's first channel, and 1 if anything is there, else 0.
struct Seen {
    at: vec4<i32>,
    there: vec4<f32>,
}

fn under(weight: u32, w: Windows) -> Seen {
    let tap = select(weight, dims.kernel_h * dims.kernel_w - 1 - weight, dims.flipped != 0);
    let y = source(w.y + i32(tap / dims.kernel_w * dims.dilation_h), dims.in_h, dims.before_y, dims.after_y);
    let x = source(w.x + i32(tap % dims.kernel_w * dims.dilation_w), dims.in_w, dims.before_x, dims.after_x);
    let at = w.image + max(y, vec4(0)) * i32(dims.in_w) + max(x, vec4(0));
    return Seen(at, select(vec4(0.0), vec4(1.0), min(y, x) >= vec4(0)));
}

fn seen(s: Seen, plane: i32) -> vec4<f32> {
    let at = s.at + plane;
    return vec4(f32(input[at.x]), f32(input[at.y]), f32(input[at.z]), f32(input[at.w])) * s.there;
}

// The numbers of four channels, `step` apart; of the last one where there are fewer.
fn of_channels(at: u32, row: u32, end: u32, step: u32) -> vec4<f32> {
    let r = at + min(row + vec4(0u, 1, 2, 3), vec4(end - 1)) * step;
    return vec4(params[r.x], params[r.y], params[r.z], params[r.w]);
}

// The weights of a term, for the workgroup's 8 channels.
struct Term {
    low: vec4<f32>,
    high: vec4<f32>,
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
    let area = dims.kernel_h * dims.kernel_w;
    let depth = dims.in_ch * area;
    // The terms by blocks of so many channels and taps.
    let channels = min(dims.in_ch, 64);
    let taps = min(64 / channels, area);
    let blocks = (area + taps - 1) / taps;
    for (var block = 0u; block < blocks * ((dims.in_ch + channels - 1) / channels); block++) {
        let channel = block / blocks * channels;
        let tap = block % blocks * taps;
        workgroupBarrier(); // All are done with the last terms.
        let my_channel = channel + me % channels;
        let my_tap = tap + me / channels;
        if my_channel < dims.in_ch && my_tap < min(tap + taps, area) {
            let at = dims.weight_at + my_channel * area + my_tap;
            terms[me] = Term(of_channels(at, row, end, depth), of_channels(at, row + 4, end, depth));
        }
        workgroupBarrier();
        let count = min(channels, dims.in_ch - channel);
        for (var i = 0u; i < min(taps, area - tap); i++) {
            let a = under(tap + i, near);
            let b = under(tap + i, far);
            for (var c = 0u; c < count; c++) {
                let plane = i32((channel + c) * dims.in_h * dims.in_w);
                let x = seen(a, plane);
                let y = seen(b, plane);
                let w = terms[i * channels + c];
                sums.near_low += outer(w.low, x);
                sums.near_high += outer(w.high, x);
                sums.far_low += outer(w.low, y);
                sums.far_high += outer(w.high, y);
            }
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
