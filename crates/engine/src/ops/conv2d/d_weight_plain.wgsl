// Convolution, the gradient of the weights and of the bias, in the usual case: stride and dilation 1,
// zeros as padding (`d_weight` and `d_weight_copies` do the rest).
//
//   d_weight[o, c, ky, kx] = Σ d_output[n, o, y, x] · padded[n, c, y + ky, x + kx]
//   d_bias[o]              = Σ d_output[n, o, y, x]
//
// summed over all places (n, y, x) of the output. Where the next layer's ReLU was applied to the output,
// its gradient counts only where the output is above 0.
//
// The result is small and the sum is long. Nine taps (ky, kx) to (ky + 2, kx + 2) of a channel c are a
// slice; an invocation computes a tile, 4 channels o × 2 slices: 72 sums, which stay in registers. They
// are summed over a share of the places; `sum_parts` adds the shares. One turn of its loop takes a patch
// of 2 × 4 places: the taps of a slice together see 4 × 6 pixels of it, so 2 × 24 pixels and 4 × 8
// numbers of the gradient are read, and 576 products added.

alias Stored = f32;

struct Dims {
    groups: u32,
    in_ch: u32,     // of a group
    out_ch: u32,    // of a group
    kernel_h: u32,
    kernel_w: u32,
    top: i32,       // padding
    left: i32,
    fours: u32,     // tiles, 4 channels each, that share the output's channels of a group
    slices: u32,
    pairs: u32,     // tiles, 2 slices each, that share them
    down: u32,      // patches, 2 rows each, that share the height of a map
    across: u32,    // patches, 4 columns each, that share its width
    patches: u32,   // batch · down · across
    parts: u32,     // invocations that share the patches
    work: u32,      // tiles · parts
    in_h: u32,
    in_w: u32,
    out_h: u32,
    out_w: u32,
    relu: u32,      // 1: the next layer's ReLU was applied
    bias: u32,      // 1: there is one
    len: u32,       // numbers of one part: the weights, then the biases
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read> output: array<Stored>;
@group(0) @binding(3) var<storage, read> d_output: array<f32>;
@group(0) @binding(4) var<storage, read_write> scratch: array<f32>;

// Channel c and first tap (ky, kx) of a slice.
struct Slice {
    c: u32,
    ky: u32,
    kx: u32,
}

fn slice(i: u32) -> Slice {
    let across = (dims.kernel_w + 2) / 3;
    let down = (dims.kernel_h + 2) / 3;
    return Slice(i / across / down, i / across % down * 3, i % across * 3);
}

// Six columns side by side, and which of them are inside the image. For the others the first one stands.
struct Columns {
    first: vec4<u32>,
    last: vec2<u32>,
    first_inside: vec4<bool>,
    last_inside: vec2<bool>,
}

fn columns(x: i32) -> Columns {
    // What is left of the image is far right of it, as a number without a sign.
    let first = vec4<u32>(x + vec4(0, 1, 2, 3));
    let last = vec2<u32>(x + vec2(4, 5));
    let i = first < vec4(dims.in_w);
    let j = last < vec2(dims.in_w);
    return Columns(select(vec4(0u), first, i), select(vec2(0u), last, j), i, j);
}

// Six pixels side by side.
struct Line {
    first: vec4<f32>,
    last: vec2<f32>,
}

// What row y of a plane has in these columns: 0 beside the image.
fn seen(plane: u32, y: i32, at: Columns) -> Line {
    let inside = u32(y) < dims.in_h;
    let row = plane + select(0, u32(y) * dims.in_w, inside);
    let i = row + at.first;
    let j = row + at.last;
    let first = vec4(f32(input[i.x]), f32(input[i.y]), f32(input[i.z]), f32(input[i.w]));
    let last = vec2(f32(input[j.x]), f32(input[j.y]));
    return Line(select(vec4(0.0), first, at.first_inside & vec4(inside)), select(vec2(0.0), last, at.last_inside & vec2(inside)));
}

// The gradient of four channels at a place: 0 where it does not count.
fn gradient(at: vec4<u32>, counts: bool) -> vec4<f32> {
    let d = vec4(d_output[at.x], d_output[at.y], d_output[at.z], d_output[at.w]);
    let out = vec4(f32(output[at.x]), f32(output[at.y]), f32(output[at.z]), f32(output[at.w]));
    return select(vec4(0.0), d, vec4(counts) & ((out > vec4(0.0)) | vec4(dims.relu == 0)));
}

// The gradients of a row of the patch: four channels (rows) at four places (columns).
fn gradients(maps: vec4<u32>, y: u32, x: u32) -> mat4x4<f32> {
    let row = maps + min(y, dims.out_h - 1) * dims.out_w;
    let there = y < dims.out_h;
    let edge = dims.out_w - 1;
    return mat4x4(
        gradient(row + x, there),
        gradient(row + min(x + 1, edge), there && x + 1 <= edge),
        gradient(row + min(x + 2, edge), there && x + 2 <= edge),
        gradient(row + min(x + 3, edge), there && x + 3 <= edge),
    );
}

// What four places side by side add to three taps (columns) of four channels (rows).
fn products(d: mat4x4<f32>, line: Line) -> mat3x4<f32> {
    return mat3x4(d * line.first, d * vec4(line.first.yzw, line.last.x), d * vec4(line.first.zw, line.last));
}

// Writes the sum of a tap. Where there are fewer channels, the last one was computed several times, and
// is written so.
fn put(sums: vec4<f32>, to: vec4<u32>, counts: bool) {
    if counts {
        scratch[to.x] = sums.x;
        scratch[to.y] = sums.y;
        scratch[to.z] = sums.z;
        scratch[to.w] = sums.w;
    }
}

// Writes those of a row of taps.
fn put_row(sums: mat3x4<f32>, to: vec4<u32>, kx: u32, counts: bool) {
    put(sums[0], to, counts);
    put(sums[1], to + 1, counts && kx + 1 < dims.kernel_w);
    put(sums[2], to + 2, counts && kx + 2 < dims.kernel_w);
}

// Writes those of a slice. `to` is where the part of the sum begins, for each channel o.
fn put_slice(upper: mat3x4<f32>, middle: mat3x4<f32>, lower: mat3x4<f32>, to: vec4<u32>, s: Slice, counts: bool) {
    let first = to + (s.c * dims.kernel_h + s.ky) * dims.kernel_w + s.kx;
    put_row(upper, first, s.kx, counts);
    put_row(middle, first + dims.kernel_w, s.kx, counts && s.ky + 1 < dims.kernel_h);
    put_row(lower, first + 2 * dims.kernel_w, s.kx, counts && s.ky + 2 < dims.kernel_h);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>, @builtin(local_invocation_index) me: u32) {
    let id = (workgroup.y * workgroups.x + workgroup.x) * 64 + me;
    if id >= dims.work {
        return;
    }
    // Neighbours in the workgroup share the patches of a tile.
    let part = id % dims.parts;
    let tile = id / dims.parts;
    let pair = tile % dims.pairs * 2;
    let two = pair + 1 < dims.slices;
    let first = slice(pair);
    let second = slice(select(pair, pair + 1, two));
    // Its channels o, among those of all groups: the last one where there are fewer.
    let group = tile / dims.pairs / dims.fours;
    let channel = group * dims.out_ch + tile / dims.pairs % dims.fours * 4;
    let channels = min(channel + vec4(0u, 1, 2, 3), vec4((group + 1) * dims.out_ch - 1));
    let in_plane = dims.in_h * dims.in_w;
    let out_plane = dims.out_h * dims.out_w;

    // For each slice and row of taps: a column for each tap, a row for each channel o.
    var upper_a = mat3x4<f32>();
    var middle_a = mat3x4<f32>();
    var lower_a = mat3x4<f32>();
    var upper_b = mat3x4<f32>();
    var middle_b = mat3x4<f32>();
    var lower_b = mat3x4<f32>();
    var bias = vec4(0.0);
    for (var patch_id = part; patch_id < dims.patches; patch_id += dims.parts) {
        let n = patch_id / dims.across / dims.down;
        let y = patch_id / dims.across % dims.down * 2;
        let x = patch_id % dims.across * 4;
        let maps = (n * dims.groups * dims.out_ch + channels) * out_plane;
        let d0 = gradients(maps, y, x);
        let d1 = gradients(maps, y + 1, x);
        bias += d0 * vec4(1.0) + d1 * vec4(1.0);
        let planes = (n * dims.groups + group) * dims.in_ch;

        let a = (planes + first.c) * in_plane;
        let v = i32(y + first.ky) - dims.top;
        let u = columns(i32(x + first.kx) - dims.left);
        let a0 = seen(a, v, u);
        let a1 = seen(a, v + 1, u);
        let a2 = seen(a, v + 2, u);
        let a3 = seen(a, v + 3, u);
        upper_a += products(d0, a0) + products(d1, a1);
        middle_a += products(d0, a1) + products(d1, a2);
        lower_a += products(d0, a2) + products(d1, a3);
        if two {
            let b = (planes + second.c) * in_plane;
            let w = i32(y + second.ky) - dims.top;
            let z = columns(i32(x + second.kx) - dims.left);
            let b0 = seen(b, w, z);
            let b1 = seen(b, w + 1, z);
            let b2 = seen(b, w + 2, z);
            let b3 = seen(b, w + 3, z);
            upper_b += products(d0, b0) + products(d1, b1);
            middle_b += products(d0, b1) + products(d1, b2);
            lower_b += products(d0, b2) + products(d1, b3);
        }
    }

    let depth = dims.in_ch * dims.kernel_h * dims.kernel_w;
    let to = part * dims.len + channels * depth;
    put_slice(upper_a, middle_a, lower_a, to, first, true);
    put_slice(upper_b, middle_b, lower_b, to, second, two);
    // One of the tiles that share the output's channels writes the bias.
    if dims.bias != 0 && pair == 0 {
        let at = part * dims.len + dims.groups * dims.out_ch * depth + channels;
        scratch[at.x] = bias.x;
        scratch[at.y] = bias.y;
        scratch[at.z] = bias.z;
        scratch[at.w] = bias.w;
    }
}
