// Convolution, forward, in the usual case: stride and dilation 1, zeros as padding (`forward` and
// `forward_copies` do the rest).
//
//   output[n, o, y, x] = bias[o] + Σ weight[o, c, ky, kx] · padded[n, c, y + ky, x + kx]
//
// summed over c, ky, kx: all channels of the input (with groups, those of the group) and the whole kernel.
//
// An invocation computes a tile: 4 channels o of 4 × 4 places, 64 sums, which stay in registers. One turn
// of its loop takes nine taps, (ky, kx) to (ky + 2, kx + 2), of a channel c. Neighbouring places see the
// same pixels, so all 16 together see 6 × 6: these and 4 × 9 weights are read, and 576 products added.
// Nothing is shared, so nobody waits.

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
fn of_channels(at: vec4<u32>, count: bool) -> vec4<f32> {
    return select(vec4(0.0), vec4(params[at.x], params[at.y], params[at.z], params[at.w]), count);
}

// The weights of three taps side by side, a column for each: 0 beyond the kernel's edge.
fn weights(kernels: vec4<u32>, ky: u32, kx: u32) -> mat3x4<f32> {
    let row = ky < dims.kernel_h;
    let at = kernels + select(0, ky * dims.kernel_w + kx, row);
    return mat3x4(of_channels(at, row), of_channels(at + 1, row && kx + 1 < dims.kernel_w), of_channels(at + 2, row && kx + 2 < dims.kernel_w));
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
    // Neighbours in the workgroup take neighbouring tiles.
    let tile = (workgroup.y * workgroups.x + workgroup.x) * 64 + me;
    if tile >= dims.tiles {
        return;
    }
    let n = tile / dims.across / dims.down;
    let y = tile / dims.across % dims.down * 4;
    let x = tile % dims.across * 4;
    // The tile's channels, among those of all groups; the last one where there are fewer.
    let group = workgroup.z / dims.fours;
    let first = group * dims.out_ch + workgroup.z % dims.fours * 4;
    let channels = min(first + vec4(0u, 1, 2, 3), vec4((group + 1) * dims.out_ch - 1));

    // A row of the tile each: a column for each place.
    var sums0 = mat4x4<f32>();
    var sums1 = mat4x4<f32>();
    var sums2 = mat4x4<f32>();
    var sums3 = mat4x4<f32>();
    let area = dims.kernel_h * dims.kernel_w;
    let turns = dims.in_ch * ((dims.kernel_h + 2) / 3) * ((dims.kernel_w + 2) / 3);
    var plane = (n * dims.groups + group) * dims.in_ch * dims.in_h * dims.in_w;
    var kernels = dims.weight_at + channels * dims.in_ch * area;
    var ky = 0u;
    var kx = 0u;
    var turn = 0u;
    loop {
        let v = i32(y + ky) - dims.top;
        let u = columns(i32(x + kx) - dims.left);
        let line0 = seen(plane, v, u);
        let line1 = seen(plane, v + 1, u);
        let line2 = seen(plane, v + 2, u);
        let line3 = seen(plane, v + 3, u);
        let line4 = seen(plane, v + 4, u);
        let line5 = seen(plane, v + 5, u);
        let w = Taps(weights(kernels, ky, kx), weights(kernels, ky + 1, kx), weights(kernels, ky + 2, kx));
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

    let bias = of_channels(dims.bias_at + channels, dims.bias != 0);
    let at = (n * dims.groups * dims.out_ch + channels) * dims.out_h * dims.out_w;
    put_row(sums0, bias, at, y, x);
    put_row(sums1, bias, at, y + 1, x);
    put_row(sums2, bias, at, y + 2, x);
    put_row(sums3, bias, at, y + 3, x);
}
