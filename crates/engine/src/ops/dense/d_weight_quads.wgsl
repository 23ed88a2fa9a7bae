// Dense layer, the gradient of the weights and of the bias, as `d_weight` works it out, where the four
// neighbours of a quad can exchange numbers:
//
//   d_weight[o, i] = Σ d_output[n, o] · input[n, i]
//                    n
//   d_bias[o]      = Σ d_output[n, o]
//                    n
//
// The bias is the weight of one more input, which is always 1. Where the next layer's ReLU was applied
// to the output, its gradient counts only where the output is above 0.
//
// An invocation computes a tile: 4 outputs × 4 inputs, 16 sums, which stay in registers. One turn of its
// loop takes 4 examples: 16 gradients and 16 inputs, for 64 products. A quad takes two tiles beside each
// other (left and right: different inputs, the same outputs) and below each other (upper and lower: the
// same inputs, different outputs). So each reads half of what it needs, and has the other half from its
// neighbour.

enable subgroups;

alias Stored = f32;

struct Dims {
    batch: u32,
    wide: u32,        // inputs of an example
    out: u32,         // outputs
    d_weight_at: u32,
    d_bias_at: u32,
    bias: u32,        // 1: there is one
    relu: u32,        // 1: the next layer's ReLU was applied
    fours: u32,       // tiles, 4 inputs each, that share the inputs and the 1
    work: u32,        // quads
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read> output: array<Stored>;
@group(0) @binding(3) var<storage, read> d_output: array<f32>;
@group(0) @binding(4) var<storage, read_write> grads: array<f32>;

// The gradients of an output in four examples: 0 beyond the last.
fn gradients(at: vec4<u32>, there: vec4<bool>) -> vec4<f32> {
    let d = vec4(d_output[at.x], d_output[at.y], d_output[at.z], d_output[at.w]);
    let out = vec4(f32(output[at.x]), f32(output[at.y]), f32(output[at.z]), f32(output[at.w]));
    return select(vec4(0.0), d, there & ((out > vec4(0.0)) | vec4(dims.relu == 0)));
}

// Four inputs of an example: 1 beyond the last.
fn inputs(example: u32, i: vec4<u32>) -> vec4<f32> {
    let at = example * dims.wide + min(i, vec4(dims.wide - 1));
    return select(vec4(1.0), vec4(f32(input[at.x]), f32(input[at.y]), f32(input[at.z]), f32(input[at.w])), i < vec4(dims.wide));
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

fn put(value: f32, o: u32, i: u32) {
    if i < dims.wide {
        grads[dims.d_weight_at + o * dims.wide + i] = value;
    } else if i == dims.wide && dims.bias != 0 {
        grads[dims.d_bias_at + o] = value;
    }
}

fn put_row(sums: vec4<f32>, o: u32, i: u32) {
    if o < dims.out {
        put(sums.x, o, i);
        put(sums.y, o, i + 1);
        put(sums.z, o, i + 2);
        put(sums.w, o, i + 3);
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
    let i = id % pairs * 8 + select(4u, 0u, left) + vec4(0u, 1, 2, 3);
    let o = id / pairs * 8 + select(4u, 0u, upper);
    // The two of the outputs and of a turn's examples that it reads.
    let own_outputs = min(o + select(2u, 0u, left) + vec2(0u, 1), vec2(dims.out - 1));
    let own_examples = select(2u, 0u, upper);

    // A column for each output, a row for each input.
    var sums = mat4x4<f32>();
    for (var first = 0u; first < dims.batch; first += 4) {
        let examples = first + vec4(0u, 1, 2, 3);
        let there = examples < vec4(dims.batch);
        let n = min(examples, vec4(dims.batch - 1));
        let own = min(first + own_examples + vec2(0u, 1), vec2(dims.batch - 1));
        let x = with_upright(mat2x4(inputs(own.x, i), inputs(own.y, i)), upper);
        let rows = n * dims.out;
        let d = with_side(mat2x4(gradients(rows + own_outputs.x, there), gradients(rows + own_outputs.y, there)), left);
        sums += x * d;
    }
    if quad < dims.work {
        put_row(sums[0], o, i.x);
        put_row(sums[1], o + 1, i.x);
        put_row(sums[2], o + 2, i.x);
        put_row(sums[3], o + 3, i.x);
    }
}
