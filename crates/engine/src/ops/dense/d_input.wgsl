// Dense layer, the gradient of the input:
//
//   d_input[n, i] = Σ d_output[n, o] · weight[o, i]
//                   o
//
// Where the next layer's ReLU was applied to the output, its gradient counts only where the output is
// above 0.
//
// An invocation computes a tile: 4 examples × 4 inputs, 16 sums, which stay in registers. One turn of its
// loop takes 4 outputs: 16 gradients and 16 weights are read, and 64 products added.

alias Stored = f32;

struct Dims {
    batch: u32,
    wide: u32,      // inputs of an example
    out: u32,       // outputs
    weight_at: u32,
    relu: u32,      // 1: the next layer's ReLU was applied
    fours: u32,     // tiles, 4 inputs each, that share an example's
    work: u32,      // tiles
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
    let tile = (workgroup.y * workgroups.x + workgroup.x) * 64 + me;
    if tile >= dims.work {
        return;
    }
    // Neighbours in the workgroup take neighbouring inputs.
    let i = tile % dims.fours * 4;
    let n = tile / dims.fours * 4;
    let inputs = dims.weight_at + min(i + vec4(0u, 1, 2, 3), vec4(dims.wide - 1));
    // Where four examples begin in the output; the last one's where there are fewer.
    let examples = min(n + vec4(0u, 1, 2, 3), vec4(dims.batch - 1)) * dims.out;

    // A column for each example, a row for each input.
    var sums = mat4x4<f32>();
    for (var first = 0u; first < dims.out; first += 4) {
        let outputs = first + vec4(0u, 1, 2, 3);
        let there = outputs < vec4(dims.out);
        let o = min(outputs, vec4(dims.out - 1));
        let rows = o * dims.wide;
        let w = mat4x4(weights(inputs + rows.x), weights(inputs + rows.y), weights(inputs + rows.z), weights(inputs + rows.w));
        sums += mat4x4(
            w * gradients(examples.x + o, there),
            w * gradients(examples.y + o, there),
            w * gradients(examples.z + o, there),
            w * gradients(examples.w + o, there),
        );
    }
    put(sums[0], n, i);
    put(sums[1], n + 1, i);
    put(sums[2], n + 2, i);
    put(sums[3], n + 3, i);
}
