// Convolution, the gradient of the weights and of the bias, in the usual case: stride and dilation 1,
// zeros as padding (`d_weight` and `d_weight_copies` do the rest).
//
//   d_weight[o, c, ky, kx] = Σ d_output[n, o, y, x] · padded[n, c, y + ky, x + kx]
//   d_bias[o]              = Σ d_output[n, o, y, x]
//
// summed over all places (n, y, x) of the output. Where the next layer's ReLU was applied to the output,
// its gradient counts only where the output is above 0.
//
// The result is small and the sum is long. An invocation computes a tile, 4 channels o × 2 channels c ×
// nine taps, (ky, kx) to (ky + 2, kx + 2): 72 sums, which stay in registers. They are summed over a share
// of the places; `sum_parts` adds the shares. One turn of its loop takes a patch of 2 × 4 places: the
// nine taps together see 4 × 6 pixels of it, so 2 × 24 pixels and 4 × 8 numbers of the gradient are read,
// and 576 products added.

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
    pairs: u32,     // tiles, 2 channels each, that share the input's
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

// Six columns side by side: where they are, or the image's edge where they are beside it.
struct Columns {
    first: vec4<i32>,
    last: vec2<i32>,
    first_inside: vec4<bool>,
    last_inside: vec2<bool>,
}

fn columns(x: i32) -> Columns {
    let first = x + vec4(0, 1, 2, 3);
    let last = x + vec2(4, 5);
    let edge = i32(dims.in_w) - 1;
    let i = clamp(first, vec4(0), vec4(edge));
    let j = clamp(last, vec2(0), vec2(edge));
    return Columns(i, j, i == first, j == last);
}

// Six pixels side by side.
struct Line {
    first: vec4<f32>,
    last: vec2<f32>,
}

// What row y of a plane has in these columns: 0 beside the image.
fn seen(plane: i32, y: i32, at: Columns) -> Line {
    let v = clamp(y, 0, i32(dims.in_h) - 1);
    let i = plane + v * i32(dims.in_w) + at.first;
    let j = plane + v * i32(dims.in_w) + at.last;
    let first = vec4(f32(input[i.x]), f32(input[i.y]), f32(input[i.z]), f32(input[i.w]));
    let last = vec2(f32(input[j.x]), f32(input[j.y]));
    return Line(select(vec4(0.0), first, at.first_inside & vec4(v == y)), select(vec2(0.0), last, at.last_inside & vec2(v == y)));
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

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>, @builtin(local_invocation_index) me: u32) {
    let id = (workgroup.y * workgroups.x + workgroup.x) * 64 + me;
    if id >= dims.work {
        return;
    }
    // Neighbours in the workgroup share the patches of a tile.
    let part = id % dims.parts;
    var rest = id / dims.parts;
    // The tile's taps, and its channels: the last one where there are fewer.
    let kx = rest % ((dims.kernel_w + 2) / 3) * 3;
    rest /= (dims.kernel_w + 2) / 3;
    let ky = rest % ((dims.kernel_h + 2) / 3) * 3;
    rest /= (dims.kernel_h + 2) / 3;
    let c = rest % dims.pairs * 2;
    rest /= dims.pairs;
    let group = rest / dims.fours;
    let channels = min(group * dims.out_ch + rest % dims.fours * 4 + vec4(0u, 1, 2, 3), vec4((group + 1) * dims.out_ch - 1));
    let in_plane = i32(dims.in_h * dims.in_w);
    let out_plane = dims.out_h * dims.out_w;

    // For each channel c and row of taps: a column for each tap, a row for each channel o.
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
        let at = columns(i32(x + kx) - dims.left);
        let v = i32(y + ky) - dims.top;
        let a = i32((n * dims.groups + group) * dims.in_ch + c) * in_plane;
        let a0 = seen(a, v, at);
        let a1 = seen(a, v + 1, at);
        let a2 = seen(a, v + 2, at);
        let a3 = seen(a, v + 3, at);
        upper_a += products(d0, a0) + products(d1, a1);
        middle_a += products(d0, a1) + products(d1, a2);
        lower_a += products(d0, a2) + products(d1, a3);
        if c + 1 < dims.in_ch {
            let b = a + in_plane;
            let b0 = seen(b, v, at);
            let b1 = seen(b, v + 1, at);
            let b2 = seen(b, v + 2, at);
            let b3 = seen(b, v + 3, at);
            upper_b += products(d0, b0) + products(d1, b1);
            middle_b += products(d0, b1) + products(d1, b2);
            lower_b += products(d0, b2) + products(d1, b3);
        }
    }

    // Where the first tap of each channel o stands.
    let area = dims.kernel_h * dims.kernel_w;
    let to = part * dims.len + (channels * dims.in_ch + c) * area + ky * dims.kernel_w + kx;
    put_row(upper_a, to, kx, true);
    put_row(middle_a, to + dims.kernel_w, kx, ky + 1 < dims.kernel_h);
    put_row(lower_a, to + 2 * dims.kernel_w, kx, ky + 2 < dims.kernel_h);
    if c + 1 < dims.in_ch {
        put_row(upper_b, to + area, kx, true);
        put_row(middle_b, to + area + dims.kernel_w, kx, ky + 1 < dims.kernel_h);
        put_row(lower_b, to + area + 2 * dims.kernel_w, kx, ky + 2 < dims.kernel_h);
    }
    // One of the tiles that share the output's channels writes the bias.
    if dims.bias != 0 && c + ky + kx == 0 {
        let at = part * dims.len + dims.groups * dims.out_ch * dims.in_ch * area + channels;
        scratch[at.x] = bias.x;
        scratch[at.y] = bias.y;
        scratch[at.z] = bias.z;
        scratch[at.w] = bias.w;
    }
}
