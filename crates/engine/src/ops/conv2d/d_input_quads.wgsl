// Convolution, the gradient of the input, as `d_input_plain` works it out, where the four neighbours of a
// quad can exchange numbers: dilation 1.
//
//   d_input[n, c, y, x] = Σ weight[o, c, kernel_h − 1 − v, kernel_w − 1 − u] · spread[n, o, y + v, x + u]
//
// summed over o, v, u: all channels of the output (with groups, those of the group) and the whole
// kernel, turned around. `spread` has laid out the output's gradient so before that nothing is ever
// read beside it. Where the padding copies pixels, the gradient is worked out for the padding too, and
// `fold` sums it up.
//
// An invocation computes a tile, as in `forward_quads`: 4 channels c of 3 × 5 places, 60 sums, which stay
// in registers. One turn of its loop takes nine taps, (v, u) to (v + 2, u + 2), of a channel o: 5 × 7
// numbers and 4 × 9 weights, for 540 products. A quad takes two tiles (left and right) of two fours of
// channels (upper and lower): its left and right invocation see the same weights, its upper and lower one
// the same numbers. So each reads half of them, and has the other half from its neighbour; the line in the
// middle both read.

enable subgroups;

struct Dims {
    groups: u32,
    in_ch: u32,     // of a group
    out_ch: u32,    // of a group
    kernel_h: u32,
    kernel_w: u32,
    fours: u32,     // tiles, 4 channels each, that share the channels of a group
    down: u32,      // tiles, 3 rows each, that share the height of a map
    across: u32,    // tiles, 5 columns each, that share its width
    tiles: u32,     // batch · down · across
    in_h: u32,      // with its padding, where that copies pixels
    in_w: u32,
    spread_h: u32,  // the spread gradient's plane
    spread_w: u32,
    weight_at: u32,
    folds: u32,     // 1: the result goes to `scratch`, for `fold`
    padded_at: u32,
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> params: array<f32>;
@group(0) @binding(2) var<storage, read_write> d_input: array<f32>;
// The spread gradient, and behind it room for the gradient of the padded input.
@group(0) @binding(3) var<storage, read_write> scratch: array<f32>;

// Seven columns side by side. Beyond the plane's end the last one is repeated: places that are not written
// may see it, or taps that do not count.
struct Columns {
    first: vec4<u32>,
    last: vec3<u32>,
}

fn columns(x: u32) -> Columns {
    return Columns(min(x + vec4(0u, 1, 2, 3), vec4(dims.spread_w - 1)), min(x + vec3(4u, 5, 6), vec3(dims.spread_w - 1)));
}

// Seven numbers side by side.
struct Line {
    first: vec4<f32>,
    last: vec3<f32>,
}

// What row y of a plane has in these columns.
fn seen(plane: u32, y: u32, at: Columns) -> Line {
    let row = plane + min(y, dims.spread_h - 1) * dims.spread_w;
    let i = row + at.first;
    let j = row + at.last;
    return Line(vec4(scratch[i.x], scratch[i.y], scratch[i.z], scratch[i.w]), vec3(scratch[j.x], scratch[j.y], scratch[j.z]));
}

// The weight of a tap for two channels; 0 where it does not count.
fn of_channels(at: vec2<u32>, counts: bool) -> vec2<f32> {
    return select(vec2(0.0), vec2(params[at.x], params[at.y]), counts);
}

// The weights of two channels for three taps side by side, a column for each: 0 beyond the kernel's edge.
// `at` is where the channels' kernels begin.
fn weights(at: vec2<u32>, v: u32, u: u32) -> mat3x2<f32> {
    let row = v < dims.kernel_h;
    let i = at + select(2, (dims.kernel_h - v) * dims.kernel_w - 1 - u, row);
    return mat3x2(
        of_channels(i, row),
        of_channels(i - 1, row && u + 1 < dims.kernel_w),
        of_channels(i - 2, row && u + 2 < dims.kernel_w),
    );
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

// What nine taps see from one place: a row of the kernel each.
fn window(w: Taps, a: vec3<f32>, b: vec3<f32>, c: vec3<f32>) -> vec4<f32> {
    return w.upper * a + w.middle * b + w.lower * c;
}

// The sums of four channels at five places side by side.
struct Row {
    a: vec4<f32>,
    b: vec4<f32>,
    c: vec4<f32>,
    d: vec4<f32>,
    e: vec4<f32>,
}

// Adds what nine taps see from them, in three lines.
fn added(sums: Row, w: Taps, i: Line, j: Line, k: Line) -> Row {
    return Row(
        sums.a + window(w, i.first.xyz, j.first.xyz, k.first.xyz),
        sums.b + window(w, i.first.yzw, j.first.yzw, k.first.yzw),
        sums.c + window(w, vec3(i.first.zw, i.last.x), vec3(j.first.zw, j.last.x), vec3(k.first.zw, k.last.x)),
        sums.d + window(w, vec3(i.first.w, i.last.xy), vec3(j.first.w, j.last.xy), vec3(k.first.w, k.last.xy)),
        sums.e + window(w, i.last, j.last, k.last),
    );
}

// Writes four channels of a place. `at` is where their planes begin; where there are fewer channels, the
// last one was computed several times, and is written so.
fn put(sums: vec4<f32>, at: vec4<u32>, y: u32, x: u32) {
    if y >= dims.in_h || x >= dims.in_w {
        return;
    }
    let to = at + y * dims.in_w + x;
    if dims.folds == 0 {
        d_input[to.x] = sums.x;
        d_input[to.y] = sums.y;
        d_input[to.z] = sums.z;
        d_input[to.w] = sums.w;
    } else {
        scratch[dims.padded_at + to.x] = sums.x;
        scratch[dims.padded_at + to.y] = sums.y;
        scratch[dims.padded_at + to.z] = sums.z;
        scratch[dims.padded_at + to.w] = sums.w;
    }
}

// Writes a row of the tile.
fn put_row(sums: Row, at: vec4<u32>, y: u32, x: u32) {
    put(sums.a, at, y, x);
    put(sums.b, at, y, x + 1);
    put(sums.c, at, y, x + 2);
    put(sums.d, at, y, x + 3);
    put(sums.e, at, y, x + 4);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>, @builtin(local_invocation_index) me: u32) {
    // Neighbours in the workgroup take neighbouring tiles. What is computed beyond the last is not written.
    let left = (me & 1) == 0;
    let upper = (me & 2) == 0;
    let tile = (workgroup.y * workgroups.x + workgroup.x) * 32 + me / 4 * 2 + (me & 1);
    let seen_tile = min(tile, dims.tiles - 1);
    let n = seen_tile / dims.across / dims.down;
    let y = seen_tile / dims.across % dims.down * 3;
    let x = seen_tile % dims.across * 5;
    // The tile's channels, within the group; the last one where there are fewer.
    let pairs = (dims.fours + 1) / 2;
    let group = workgroup.z / pairs;
    let four = workgroup.z % pairs * 2 + select(1u, 0u, upper);
    let channels = min(four * 4 + vec4(0u, 1, 2, 3), vec4(dims.in_ch - 1));
    let own_channels = min(four * 4 + select(2u, 0u, left) + vec2(0u, 1), vec2(dims.in_ch - 1));

    // A row of the tile each.
    var sums0 = Row();
    var sums1 = Row();
    var sums2 = Row();
    let area = dims.kernel_h * dims.kernel_w;
    let turns = dims.out_ch * ((dims.kernel_h + 2) / 3) * ((dims.kernel_w + 2) / 3);
    var plane = (n * dims.groups + group) * dims.out_ch * dims.spread_h * dims.spread_w;
    var kernels = dims.weight_at + (group * dims.out_ch * dims.in_ch + own_channels) * area;
    var v = 0u;
    var u = 0u;
    for (var turn = 0u; turn < turns; turn++) {
        let at = columns(x + u);
        let row = y + v + select(2u, 0u, upper);
        let own0 = seen(plane, row, at);
        let own1 = seen(plane, row + 1, at);
        let own2 = seen(plane, row + 2, at);
        let other0 = swapped(own0);
        let other1 = swapped(own1);
        let other2 = swapped(own2);
        let line0 = either(own0, other0, upper);
        let line1 = either(own1, other1, upper);
        let line2 = either(own2, own0, upper);
        let line3 = either(other1, own1, upper);
        let line4 = either(other2, own2, upper);
        let w = Taps(
            both_of_all(weights(kernels, v, u), left),
            both_of_all(weights(kernels, v + 1, u), left),
            both_of_all(weights(kernels, v + 2, u), left),
        );
        sums0 = added(sums0, w, line0, line1, line2);
        sums1 = added(sums1, w, line1, line2, line3);
        sums2 = added(sums2, w, line2, line3, line4);
        // On to the next taps: to the right, then down, then to the next channel.
        u += 3;
        let right = u >= dims.kernel_w;
        u = select(u, 0, right);
        v += select(0u, 3, right);
        let down = v >= dims.kernel_h;
        v = select(v, 0, down);
        plane += select(0, dims.spread_h * dims.spread_w, down);
        kernels += select(0, dims.in_ch * area, down);
    }

    if tile < dims.tiles && four < dims.fours {
        let at = ((n * dims.groups + group) * dims.in_ch + channels) * dims.in_h * dims.in_w;
        put_row(sums0, at, y, x);
        put_row(sums1, at, y + 1, x);
        put_row(sums2, at, y + 2, x);
    }
}
