// Dense layer, the gradient of the input, as `d_input` works it out, where the four neighbours of a quad
// can exchange numbers:
//
//   d_input[n, i] = Σ d_output[n, o] · weight[o, i]
//                   o
//
// Where the next layer's ReLU was applied to the output, its gradient counts only where the output is
// above 0.
//
// An invocation computes a tile: 4 examples × 4 inputs, 16 sums, which stay in registers. One turn of its
// loop takes 4 outputs: 16 gradients and 16 weights, for 64 products. A quad takes two tiles beside each
// other (left and right: different inputs, the same examples) and below each other (upper and lower: the
// same inputs, different examples). So each reads half of what it needs, and has the other half from its
// neighbour.

enable subgroups;

alias Stored = f32;

struct Dims {
    batch: u32,
    wide: u32,      // inputs of an example
    out: u32,       // outputs
    weight_at: u32,
    relu: u32,      // 1: the next layer's ReLU was applied
    fours: u32,     // tiles, 4 inputs each, that share an example's
    work: u32,      // quads
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> output: array<Stored>;
@group(0) @binding(2) var<storage, read> d_output: array<f32>;
@group(0) @binding(3) var<storage, read> params: array<f32>;
@group(0) @binding(4) var<storage, read_write> d_input: array<f32>;

// The gradients of four outputs of an example: 0 beyond the last.
fn gradients(at: vec4<u32>, there: vec4<bool>) -> vec4<f32> {
    let d = vec4(d_output[at.x], d_output[at.y], d_output[at.z], d_output[at.w]);
    let out = vec4(f32(output[at.x]), f32(output[at.y]), f32(output[at.z]), f32(output[at.w]));
    return select(vec4(0.0), d, there & ((out > vec4(0.0)) | vec4(dims.relu == 0)));
}

// An output's weights for four inputs.
fn weights(at: vec4<u32>) -> vec4<f32> {
    return vec4(params[at.x], params[at.y], params[at.z], params[at.w]);
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

fn put(sums: vec4<f32>, n: u32, i: u32) {
    let at = n * dims.wide + i;
    if n < dims.batch {
        d_input[at] = sums.x;
        if i + 1 < dims.wide {
            d_input[at + 1] = sums.y;
        }
        if i + 2 < dims.wide {
            d_input[at + 2] = sums.z;
        }
        if i + 3 < dims.wide {
            d_input[at + 3] = sums.w;
        }
    }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>, @builtin(local_invocation_index) me: u32) {
    let left = (me & 1) == 0;
    let upper = (me & 2) == 0;
    let quad = (workgroup.y * workgroups.x + workgroup.x) * 16 + me / 4;
    let id = min(quad, dims.work - 1);
    // Neighbouring quads take neighbouring inputs. What is computed beyond the last is not written.
    let pairs = (dims.fours + 1) / 2;
    let i = id % pairs * 8 + select(4u, 0u, left);
    let n = id / pairs * 8 + select(4u, 0u, upper);
    let inputs = dims.weight_at + min(i + vec4(0u, 1, 2, 3), vec4(dims.wide - 1));
    // Where two of the examples begin in the output, those that it reads; the last one's where there are
    // fewer. And which two of a turn's outputs.
    let own_examples = min(n + select(2u, 0u, left) + vec2(0u, 1), vec2(dims.batch - 1)) * dims.out;
    let own_outputs = select(2u, 0u, upper);

    // A column for each example, a row for each input.
    var sums = mat4x4<f32>();
    for (var first = 0u; first < dims.out; first += 4) {
        let outputs = first + vec4(0u, 1, 2, 3);
        let there = outputs < vec4(dims.out);
        let o = min(outputs, vec4(dims.out - 1));
        let rows = min(first + own_outputs + vec2(0u, 1), vec2(dims.out - 1)) * dims.wide;
        let w = with_upright(mat2x4(weights(inputs + rows.x), weights(inputs + rows.y)), upper);
        let d = with_side(mat2x4(gradients(own_examples.x + o, there), gradients(own_examples.y + o, there)), left);
        sums += w * d;
    }
    if quad < dims.work && i < dims.wide {
        put(sums[0], n, i);
        put(sums[1], n + 1, i);
        put(sums[2], n + 2, i);
        put(sums[3], n + 3, i);
    }
}
