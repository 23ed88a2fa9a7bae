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
// An invocation computes a tile: 4 outputs × 4 inputs, 16 sums, which stay in registers. One turn of its
// loop takes 4 examples: 16 gradients and 16 inputs are read, and 64 products added.

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
    work: u32,        // tiles
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
    let tile = (workgroup.y * workgroups.x + workgroup.x) * 64 + me;
    if tile >= dims.work {
        return;
    }
    // Neighbours in the workgroup take neighbouring inputs.
    let i = tile % dims.fours * 4 + vec4(0u, 1, 2, 3);
    let o = tile / dims.fours * 4;
    let outputs = min(o + vec4(0u, 1, 2, 3), vec4(dims.out - 1));

    // A column for each output, a row for each input.
    var sums = mat4x4<f32>();
    for (var first = 0u; first < dims.batch; first += 4) {
        let examples = first + vec4(0u, 1, 2, 3);
        let there = examples < vec4(dims.batch);
        let n = min(examples, vec4(dims.batch - 1));
        let x = mat4x4(inputs(n.x, i), inputs(n.y, i), inputs(n.z, i), inputs(n.w, i));
        sums += mat4x4(
            x * gradients(n * dims.out + outputs.x, there),
            x * gradients(n * dims.out + outputs.y, there),
            x * gradients(n * dims.out + outputs.z, there),
            x * gradients(n * dims.out + outputs.w, there),
        );
    }
    put_row(sums[0], o, i.x);
    put_row(sums[1], o + 1, i.x);
    put_row(sums[2], o + 2, i.x);
    put_row(sums[3], o + 3, i.x);
}
