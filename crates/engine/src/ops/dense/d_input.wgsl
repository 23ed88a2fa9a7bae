// Dense layer, the gradient of the input:
//
//   d_input[n, i] = Σ d_output[n, o] · weight[o, i]
//                   o
//
// Where the next layer's ReLU was applied to the output, its gradient counts only where the output is
// above 0.
//
// A workgroup computes 8 examples × 128 inputs, an invocation 8 examples × 2 of the inputs. The gradients
// are shared: for 64 outputs at a time, each invocation brings the 8 of one output to workgroup memory.

alias Stored = f32;

struct Dims {
    batch: u32,
    wide: u32,      // inputs of an example
    out: u32,       // outputs
    weight_at: u32,
    relu: u32,      // 1: the next layer's ReLU was applied
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> output: array<Stored>;
@group(0) @binding(2) var<storage, read> d_output: array<f32>;
@group(0) @binding(3) var<storage, read> params: array<f32>;
@group(0) @binding(4) var<storage, read_write> d_input: array<f32>;

// The gradients of an output in 8 examples.
struct Term {
    low: vec4<f32>,
    high: vec4<f32>,
}

var<workgroup> terms: array<Term, 64>;

// The gradients of an output in four examples; in the last one where there are fewer.
fn gradient(o: u32, first: u32) -> vec4<f32> {
    let at = min(first + vec4(0u, 1, 2, 3), vec4(dims.batch - 1)) * dims.out + o;
    let d = vec4(d_output[at.x], d_output[at.y], d_output[at.z], d_output[at.w]);
    if dims.relu == 0 {
        return d;
    }
    let out = vec4(f32(output[at.x]), f32(output[at.y]), f32(output[at.z]), f32(output[at.w]));
    return select(vec4(0.0), d, out > vec4(0.0));
}

fn weight(o: u32, i: u32) -> f32 {
    return params[dims.weight_at + o * dims.wide + min(i, dims.wide - 1)];
}

fn put(value: f32, example: u32, i: u32) {
    if example < dims.batch && i < dims.wide {
        d_input[example * dims.wide + i] = value;
    }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) me: u32) {
    let i = workgroup.x * 128 + me;
    let n = workgroup.y * 8;
    // Of input i and of input i + 64.
    var near_low = vec4(0.0);
    var near_high = vec4(0.0);
    var far_low = vec4(0.0);
    var far_high = vec4(0.0);
    for (var first = 0u; first < dims.out; first += 64) {
        workgroupBarrier(); // All are done with the last outputs.
        if first + me < dims.out {
            terms[me] = Term(gradient(first + me, n), gradient(first + me, n + 4));
        }
        workgroupBarrier();
        let count = min(dims.out - first, 64);
        for (var k = 0u; k < count; k++) {
            let d = terms[k];
            let a = weight(first + k, i);
            let b = weight(first + k, i + 64);
            near_low += d.low * a;
            near_high += d.high * a;
            far_low += d.low * b;
            far_high += d.high * b;
        }
    }
    put(near_low.x, n, i);
    put(near_low.y, n + 1, i);
    put(near_low.z, n + 2, i);
    put(near_low.w, n + 3, i);
    put(near_high.x, n + 4, i);
    put(near_high.y, n + 5, i);
    put(near_high.z, n + 6, i);
    put(near_high.w, n + 7, i);
    put(far_low.x, n, i + 64);
    put(far_low.y, n + 1, i + 64);
    put(far_low.z, n + 2, i + 64);
    put(far_low.w, n + 3, i + 64);
    put(far_high.x, n + 4, i + 64);
    put(far_high.y, n + 5, i + 64);
    put(far_high.z, n + 6, i + 64);
    put(far_high.w, n + 7, i + 64);
}
