// Dense layer, the gradient of the weights and of the bias:
//
//   d_weight[o, i] = Σ d_output[n, o] · input[n, i]
//                    n
//   d_bias[o]      = Σ d_output[n, o]
//                    n
//
// The bias is the weight of one more input, which is always 1. Where the next layer's ReLU was applied
// to the output, its gradient counts only where the output is above 0.
//
// A workgroup computes 8 outputs × 128 inputs, an invocation 8 outputs × 2 of the inputs. The gradients
// are shared: for 64 examples at a time, each invocation brings the 8 of one example to workgroup memory.

alias Stored = f32;

struct Dims {
    batch: u32,
    wide: u32,        // inputs of an example
    out: u32,         // outputs
    d_weight_at: u32,
    d_bias_at: u32,
    bias: u32,        // 1: there is one
    relu: u32,        // 1: the next layer's ReLU was applied
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read> output: array<Stored>;
@group(0) @binding(3) var<storage, read> d_output: array<f32>;
@group(0) @binding(4) var<storage, read_write> grads: array<f32>;

// The gradients of an example's 8 outputs.
struct Term {
    low: vec4<f32>,
    high: vec4<f32>,
}

var<workgroup> terms: array<Term, 64>;

// The gradients of four outputs; of the last one where there are fewer.
fn gradient(example: u32, first: u32) -> vec4<f32> {
    let at = example * dims.out + min(first + vec4(0u, 1, 2, 3), vec4(dims.out - 1));
    let d = vec4(d_output[at.x], d_output[at.y], d_output[at.z], d_output[at.w]);
    if dims.relu == 0 {
        return d;
    }
    let out = vec4(f32(output[at.x]), f32(output[at.y]), f32(output[at.z]), f32(output[at.w]));
    return select(vec4(0.0), d, out > vec4(0.0));
}

fn seen(example: u32, i: u32) -> f32 {
    let value = f32(input[example * dims.wide + min(i, dims.wide - 1)]);
    return select(1.0, value, i < dims.wide);
}

fn put(value: f32, o: u32, i: u32) {
    if o >= dims.out {
        return;
    }
    if i < dims.wide {
        grads[dims.d_weight_at + o * dims.wide + i] = value;
    } else if i == dims.wide && dims.bias != 0 {
        grads[dims.d_bias_at + o] = value;
    }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) me: u32) {
    let i = workgroup.x * 128 + me;
    let o = workgroup.y * 8;
    // Of input i and of input i + 64.
    var near_low = vec4(0.0);
    var near_high = vec4(0.0);
    var far_low = vec4(0.0);
    var far_high = vec4(0.0);
    for (var first = 0u; first < dims.batch; first += 64) {
        workgroupBarrier(); // All are done with the last examples.
        if first + me < dims.batch {
            terms[me] = Term(gradient(first + me, o), gradient(first + me, o + 4));
        }
        workgroupBarrier();
        let count = min(dims.batch - first, 64);
        for (var k = 0u; k < count; k++) {
            let d = terms[k];
            let a = seen(first + k, i);
            let b = seen(first + k, i + 64);
            near_low += d.low * a;
            near_high += d.high * a;
            far_low += d.low * b;
            far_high += d.high * b;
        }
    }
    put(near_low.x, o, i);
    put(near_low.y, o + 1, i);
    put(near_low.z, o + 2, i);
    put(near_low.w, o + 3, i);
    put(near_high.x, o + 4, i);
    put(near_high.y, o + 5, i);
    put(near_high.z, o + 6, i);
    put(near_high.w, o + 7, i);
    put(far_low.x, o, i + 64);
    put(far_low.y, o + 1, i + 64);
    put(far_low.z, o + 2, i + 64);
    put(far_low.w, o + 3, i + 64);
    put(far_high.x, o + 4, i + 64);
    put(far_high.y, o + 5, i + 64);
    put(far_high.z, o + 6, i + 64);
    put(far_high.w, o + 7, i + 64);
}
