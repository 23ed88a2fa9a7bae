// Dense layer, forward, as `forward` works it out, where the four neighbours of a quad can exchange numbers:
// all but the end of the sums (which is `finish`).
//
//   output[n, o] = bias[o] + Σ weight[o, i] · input[n, i]
//                            i
//
// An invocation computes a tile: 4 outputs of 4 examples, 16 sums, which stay in registers. One turn of
// its loop takes 4 terms: 16 weights and 16 inputs, for 64 products. A quad takes two tiles beside each
// other (left and right: different outputs, the same examples) and below each other (upper and lower: the
// same outputs, different examples). So each reads half of what it needs, and has the other half from its
// neighbour. The sums are long and may be few, so several quads share the terms, and each writes its part.

enable subgroups;

alias Stored = f32;

struct Dims {
    batch: u32,
    wide: u32,      // inputs of an example
    out: u32,       // outputs
    weight_at: u32,
    fours: u32,     // tiles, 4 outputs each, that share an example's
    parts: u32,     // quads that share the terms of their tiles
    work: u32,      // all quads
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read> params: array<f32>;
@group(0) @binding(3) var<storage, read_write> scratch: array<f32>;

// A term's weights for four outputs.
fn weights(at: vec4<u32>) -> vec4<f32> {
    return vec4(params[at.x], params[at.y], params[at.z], params[at.w]);
}

// Four inputs of an example: 0 beyond the last.
fn inputs(at: vec4<u32>, there: vec4<bool>) -> vec4<f32> {
    return select(vec4(0.0), vec4(f32(input[at.x]), f32(input[at.y]), f32(input[at.z]), f32(input[at.w])), there);
}

// Two rows of the invocation's own, and the two of its neighbour to the left or right, in order.
fn with_side(own: mat2x4<f32>, left: bool) -> mat4x4<f32> {
    let a = quadSwapX(own[0]);
    let b = quadSwapX(own[1]);
    return mat4x4(select(a, own[0], left), select(b, own[1], left), select(own[0], a, left), select(own[1], b, left));
}

// The same with the neighbour above or below.
fn with_upright(own: mat2x4<f32>, upper: bool) -> mat4x4<f32> {
    let a = quadSwapY(own[0]);
    let b = quadSwapY(own[1]);
    return mat4x4(select(a, own[0], upper), select(b, own[1], upper), select(own[0], a, upper), select(own[1], b, upper));
}

fn put(sums: vec4<f32>, part: u32, n: u32, o: u32) {
    let at = (part * dims.batch + n) * dims.out + o;
    if n < dims.batch {
        scratch[at] = sums.x;
        if o + 1 < dims.out {
            scratch[at + 1] = sums.y;
        }
        if o + 2 < dims.out {
            scratch[at + 2] = sums.z;
        }
        if o + 3 < dims.out {
            scratch[at + 3] = sums.w;
        }
    }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>, @builtin(local_invocation_index) me: u32) {
    let left = (me & 1) == 0;
    let upper = (me & 2) == 0;
    let quad = (workgroup.y * workgroups.x + workgroup.x) * 16 + me / 4;
    let id = min(quad, dims.work - 1);
    // Neighbouring quads share the terms of a tile. What is computed beyond the last is not written.
    let part = id % dims.parts;
    let tile = id / dims.parts;
    let pairs = (dims.fours + 1) / 2;
    let o = tile % pairs * 8 + select(4u, 0u, left);
    let n = tile / pairs * 8 + select(4u, 0u, upper);
    // Where the rows of four outputs and of four examples begin; the last one's where there are fewer.
    let rows = dims.weight_at + min(o + vec4(0u, 1, 2, 3), vec4(dims.out - 1)) * dims.wide;
    let examples = min(n + vec4(0u, 1, 2, 3), vec4(dims.batch - 1)) * dims.wide;

    // The two of the examples and of a turn's terms that it reads.
    let own_examples = select(examples.zw, examples.xy, left);
    let own_terms = select(2u, 0u, upper);

    // A column for each example, a row for each output. All quads make the same number of turns, as those
    // who exchange numbers must.
    var sums = mat4x4<f32>();
    for (var start = 0u; start < dims.wide; start += dims.parts * 4) {
        let terms = start + part * 4 + vec4(0u, 1, 2, 3);
        let there = terms < vec4(dims.wide);
        let i = min(terms, vec4(dims.wide - 1));
        let j = min(terms.x + own_terms + vec2(0u, 1), vec2(dims.wide - 1));
        let w = with_upright(mat2x4(weights(rows + j.x), weights(rows + j.y)), upper);
        let x = with_side(mat2x4(inputs(own_examples.x + i, there), inputs(own_examples.y + i, there)), left);
        sums += w * x;
    }
    if quad < dims.work && o < dims.out {
        put(sums[0], part, n, o);
        put(sums[1], part, n + 1, o);
        put(sums[2], part, n + 2, o);
        put(sums[3], part, n + 3, o);
    }
}
