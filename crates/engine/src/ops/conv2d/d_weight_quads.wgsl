// Convolution, the gradient of the weights and of the bias, as `d_weight_plain` works it out, where the
// four neighbours of a quad can exchange numbers: stride and dilation 1, zeros as padding.
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
// of 2 × 4 places: 2 × 24 pixels and 4 × 8 numbers of the gradient, for 576 products. A quad takes two
// fours of channels (upper and lower) of two pairs of slices (left and right): its left and right
// invocation need the same gradients, its upper and lower one the same pixels. So each reads half of them,
// and has the other half from its neighbour.

enable subgroups;

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
    parts: u32,     // quads that share the patches
    work: u32,      // all quads
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

// The gradients of the neighbour to the left or right, and the line of the one above or below.
fn sideways(d: mat4x4<f32>) -> mat4x4<f32> {
    return mat4x4(quadSwapX(d[0]), quadSwapX(d[1]), quadSwapX(d[2]), quadSwapX(d[3]));
}

fn upright(l: Line) -> Line {
    return Line(quadSwapY(l.first), quadSwapY(l.last));
}

fn either_matrix(a: mat4x4<f32>, b: mat4x4<f32>, first: bool) -> mat4x4<f32> {
    return mat4x4(select(b[0], a[0], first), select(b[1], a[1], first), select(b[2], a[2], first), select(b[3], a[3], first));
}

fn either(a: Line, b: Line, first: bool) -> Line {
    return Line(select(b.first, a.first, first), select(b.last, a.last, first));
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
    let left = (me & 1) == 0;
    let upper = (me & 2) == 0;
    // Neighbouring quads share the patches of a tile. What is computed beyond the last is not written.
    let quad = (workgroup.y * workgroups.x + workgroup.x) * 16 + me / 4;
    let there = quad < dims.work;
    let id = min(quad, dims.work - 1);
    let part = id % dims.parts;
    let tile = id / dims.parts;
    let across = (dims.pairs + 1) / 2;
    let down = (dims.fours + 1) / 2;
    let pair = tile % across * 4 + select(2u, 0u, left);
    let first = slice(min(pair, dims.slices - 1));
    let second = slice(min(pair + 1, dims.slices - 1));
    // Its channels o, among those of all groups: the last one where there are fewer.
    let group = tile / across / down;
    let four = tile / across % down * 2 + select(1u, 0u, upper);
    let channels = min(group * dims.out_ch + four * 4 + vec4(0u, 1, 2, 3), vec4((group + 1) * dims.out_ch - 1));
    // The slice whose pixels it reads.
    let own_c = select(second.c, first.c, upper);
    let own_ky = select(second.ky, first.ky, upper);
    let own_kx = select(second.kx, first.kx, upper);
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
    // All quads make the same number of turns, as those who exchange numbers must. Beyond the last patch
    // the gradient counts as 0: its row is beyond the map's edge.
    let turns = (dims.patches + dims.parts - 1) / dims.parts;
    for (var turn = 0u; turn < turns; turn++) {
        let patch_id = turn * dims.parts + part;
        let n = min(patch_id, dims.patches - 1) / dims.across / dims.down;
        let y = select(dims.out_h, patch_id / dims.across % dims.down * 2, patch_id < dims.patches);
        let x = patch_id % dims.across * 4;
        let maps = (n * dims.groups * dims.out_ch + channels) * out_plane;
        let own_d = gradients(maps, y + select(1u, 0u, left), x);
        let other_d = sideways(own_d);
        let d0 = either_matrix(own_d, other_d, left);
        let d1 = either_matrix(other_d, own_d, left);
        bias += d0 * vec4(1.0) + d1 * vec4(1.0);

        let plane = ((n * dims.groups + group) * dims.in_ch + own_c) * in_plane;
        let v = i32(y + own_ky) - dims.top;
        let u = columns(i32(x + own_kx) - dims.left);
        let own0 = seen(plane, v, u);
        let own1 = seen(plane, v + 1, u);
        let own2 = seen(plane, v + 2, u);
        let own3 = seen(plane, v + 3, u);
        let other0 = upright(own0);
        let other1 = upright(own1);
        let other2 = upright(own2);
        let other3 = upright(own3);
        let a0 = either(own0, other0, upper);
        let a1 = either(own1, other1, upper);
        let a2 = either(own2, other2, upper);
        let a3 = either(own3, other3, upper);
        upper_a += products(d0, a0) + products(d1, a1);
        middle_a += products(d0, a1) + products(d1, a2);
        lower_a += products(d0, a2) + products(d1, a3);
        let b0 = either(other0, own0, upper);
        let b1 = either(other1, own1, upper);
        let b2 = either(other2, own2, upper);
        let b3 = either(other3, own3, upper);
        upper_b += products(d0, b0) + products(d1, b1);
        middle_b += products(d0, b1) + products(d1, b2);
        lower_b += products(d0, b2) + products(d1, b3);
    }

    let depth = dims.in_ch * dims.kernel_h * dims.kernel_w;
    let counts = there && four < dims.fours;
    let to = part * dims.len + channels * depth;
    put_slice(upper_a, middle_a, lower_a, to, first, counts && pair < dims.slices);
    put_slice(upper_b, middle_b, lower_b, to, second, counts && pair + 1 < dims.slices);
    // One of the tiles that share the output's channels writes the bias.
    if counts && dims.bias != 0 && pair == 0 {
        let at = part * dims.len + dims.groups * dims.out_ch * depth + channels;
        scratch[at.x] = bias.x;
        scratch[at.y] = bias.y;
        scratch[at.z] = bias.z;
        scratch[at.w] = bias.w;
    }
}
