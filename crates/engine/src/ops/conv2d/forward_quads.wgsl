// Convolution, forward, as `forward_plain` does it, where the four neighbours of a quad can exchange
// numbers: stride and dilation 1, zeros as padding.
//
//   output[n, o, y, x] = bias[o] + Σ weight[o, c, ky, kx] · padded[n, c, y + ky, x + kx]
//
// summed over c, ky, kx: all channels of the input (with groups, those of the group) and the whole kernel.
//
// An invocation computes a tile: 4 channels o of 4 × 4 places, 64 sums, which stay in registers. One turn
// of its loop takes nine taps, (ky, kx) to (ky + 2, kx + 2), of a channel c: 6 × 6 pixels and 4 × 9
// weights, for 576 products. A quad takes two tiles (left and right) of two fours of channels (upper and
// lower): its left and right invocation see the same weights, its upper and lower one the same pixels. So
// each reads half of them, and has the other half from its neighbour.

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
    fours: u32,     // tiles, 4 channels each, that share the channels of a group
    down: u32,      // tiles, 4 rows each, that share the height of a map
    across: u32,    // tiles, 4 columns each, that share its width
    tiles: u32,     // batch · down · across
    in_h: u32,
    in_w: u32,
    out_h: u32,
    out_w: u32,
    weight_at: u32,
    bias_at: u32,
    bias: u32,      // 1: there is one
    relu: u32,      // 1: the next layer's ReLU is applied here
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read> params: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<Stored>;

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

// Numbers of four channels; 0 where they do not count.
fn of_channels(at: vec2<u32>, count: bool) -> vec2<f32> {
    return select(vec2(0.0), vec2(params[at.x], params[at.y]), count);
}

// The weights of two channels for three taps side by side, a column for each: 0 beyond the kernel's edge.
fn weights(kernels: vec2<u32>, ky: u32, kx: u32) -> mat3x2<f32> {
    let row = ky < dims.kernel_h;
    let at = kernels + select(0, ky * dims.kernel_w + kx, row);
    return mat3x2(of_channels(at, row), of_channels(at + 1, row && kx + 1 < dims.kernel_w), of_channels(at + 2, row && kx + 2 < dims.kernel_w));
}

// Two channels' numbers of the invocation's own, and its neighbour's two, in order.
fn both(own: vec2<f32>, first: bool) -> vec4<f32> {
    let other = quadSwapX(own);
    return select(vec4(other, own), vec4(own, other), first);
}

fn both_of_all(own: mat3x2<f32>, first: bool) -> mat3x4<f32> {
    return mat3x4(both(own[0], first), both(own[1], first), both(own[2], first));
}

// The line of the neighbour above or below.
fn swapped(l: Line) -> Line {
    return Line(quadSwapY(l.first), quadSwapY(l.last));
}

fn either(a: Line, b: Line, first: bool) -> Line {
    return Line(select(b.first, a.first, first), select(b.last, a.last, first));
}

// The weights of nine taps for four channels.
struct Taps {
    upper: mat3x4<f32>,
    middle: mat3x4<f32>,
    lower: mat3x4<f32>,
}

// What nine taps add to four channels (rows) at four places side by side (columns).
fn products(w: Taps, a: Line, b: Line, c: Line) -> mat4x4<f32> {
    return mat4x4(
        w.upper * a.first.xyz + w.middle * b.first.xyz + w.lower * c.first.xyz,
        w.upper * a.first.yzw + w.middle * b.first.yzw + w.lower * c.first.yzw,
        w.upper * vec3(a.first.zw, a.last.x) + w.middle * vec3(b.first.zw, b.last.x) + w.lower * vec3(c.first.zw, c.last.x),
        w.upper * vec3(a.first.w, a.last) + w.middle * vec3(b.first.w, b.last) + w.lower * vec3(c.first.w, c.last),
    );
}

// Writes four channels of a place. `at` is where their maps begin; where there are fewer channels, the
// last one was computed several times, and is written so.
fn put(sums: vec4<f32>, at: vec4<u32>, y: u32, x: u32) {
    if y < dims.out_h && x < dims.out_w {
        let to = at + y * dims.out_w + x;
        let v = select(sums, vec4(0.0), (sums <= vec4(0.0)) & vec4(dims.relu != 0));
        output[to.x] = Stored(v.x);
        output[to.y] = Stored(v.y);
        output[to.z] = Stored(v.z);
        output[to.w] = Stored(v.w);
    }
}

// Writes a row of the tile.
fn put_row(sums: mat4x4<f32>, bias: vec4<f32>, at: vec4<u32>, y: u32, x: u32) {
    put(sums[0] + bias, at, y, x);
    put(sums[1] + bias, at, y, x + 1);
    put(sums[2] + bias, at, y, x + 2);
    put(sums[3] + bias, at, y, x + 3);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>, @builtin(local_invocation_index) me: u32) {
    // Neighbours in the workgroup take neighbouring tiles. What is computed beyond the last is not written.
    let left = (me & 1) == 0;
    let upper = (me & 2) == 0;
    let tile = (workgroup.y * workgroups.x + workgroup.x) * 32 + me / 4 * 2 + (me & 1);
    let seen_tile = min(tile, dims.tiles - 1);
    let n = seen_tile / dims.across / dims.down;
    let y = seen_tile / dims.across % dims.down * 4;
    let x = seen_tile % dims.across * 4;
    // The tile's channels, among those of all groups; the last one where there are fewer.
    let pairs = (dims.fours + 1) / 2;
    let group = workgroup.z / pairs;
    let four = workgroup.z % pairs * 2 + select(1u, 0u, upper);
    let first = group * dims.out_ch + four * 4;
    let last = (group + 1) * dims.out_ch - 1;
    let channels = min(first + vec4(0u, 1, 2, 3), vec4(last));
    let own_channels = min(first + select(2u, 0u, left) + vec2(0u, 1), vec2(last));

    // A row of the tile each: a column for each place.
    var sums0 = mat4x4<f32>();
    var sums1 = mat4x4<f32>();
    var sums2 = mat4x4<f32>();
    var sums3 = mat4x4<f32>();
    let area = dims.kernel_h * dims.kernel_w;
    let turns = dims.in_ch * ((dims.kernel_h + 2) / 3) * ((dims.kernel_w + 2) / 3);
    var plane = (n * dims.groups + group) * dims.in_ch * dims.in_h * dims.in_w;
    var kernels = dims.weight_at + own_channels * dims.in_ch * area;
    var ky = 0u;
    var kx = 0u;
    var turn = 0u;
    loop {
        let v = i32(y + ky) - dims.top + select(3, 0, upper);
        let u = columns(i32(x + kx) - dims.left);
        let own0 = seen(plane, v, u);
        let own1 = seen(plane, v + 1, u);
        let own2 = seen(plane, v + 2, u);
        let other0 = swapped(own0);
        let other1 = swapped(own1);
        let other2 = swapped(own2);
        let line0 = either(own0, other0, upper);
        let line1 = either(own1, other1, upper);
        let line2 = either(own2, other2, upper);
        let line3 = either(other0, own0, upper);
        let line4 = either(other1, own1, upper);
        let line5 = either(other2, own2, upper);
        let w = Taps(both_of_all(weights(kernels, ky, kx), left), both_of_all(weights(kernels, ky + 1, kx), left), both_of_all(weights(kernels, ky + 2, kx), left));
        sums0 += products(w, line0, line1, line2);
        sums1 += products(w, line1, line2, line3);
        sums2 += products(w, line2, line3, line4);
        sums3 += products(w, line3, line4, line5);
        // On to the next taps: to the right, then down, then to the next channel.
        kx += 3;
        let right = kx >= dims.kernel_w;
        kx = select(kx, 0, right);
        ky += select(0u, 3, right);
        let down = ky >= dims.kernel_h;
        ky = select(ky, 0, down);
        plane += select(0, dims.in_h * dims.in_w, down);
        kernels += select(0, area, down);
        continuing {
            turn++;
            break if turn == turns;
        }
    }

    if tile < dims.tiles && four < dims.fours {
        let b = dims.bias_at + channels;
        let bias = select(vec4(0.0), vec4(params[b.x], params[b.y], params[b.z], params[b.w]), dims.bias != 0);
        let at = (n * dims.groups * dims.out_ch + channels) * dims.out_h * dims.out_w;
        put_row(sums0, bias, at, y, x);
        put_row(sums1, bias, at, y + 1, x);
        put_row(sums2, bias, at, y + 2, x);
        put_row(sums3, bias, at, y + 3, x);
    }
}
