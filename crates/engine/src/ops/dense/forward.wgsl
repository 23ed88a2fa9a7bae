// Dense layer, forward, all but the end of the sums (which is `finish`):
//
//   output[n, o] = bias[o] + Σ weight[o, i] · input[n, i]
//                            i
//
// An invocation computes a tile: 4 outputs of 4 examples, 16 sums, which stay in registers. One turn of
// its loop takes 4 terms: 16 weights and 16 inputs are read, and 64 products added. The sums are long
// and may be few, so several invocations share the terms of a tile, and each writes its part of the sums.

alias Stored = f32;

struct Dims {
    batch: u32,
    wide: u32,      // inputs of an example
    out: u32,       // outputs
    weight_at: u32,
    fours: u32,     // tiles, 4 outputs each, that share an example's
    parts: u32,     // invocations that share the terms of a tile
    work: u32,      // tiles · parts
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
    let id = (workgroup.y * workgroups.x + workgroup.x) * 64 + me;
    if id >= dims.work {
        return;
    }
    // Neighbours in the workgroup share the terms of a tile.
    let part = id % dims.parts;
    let tile = id / dims.parts;
    let o = tile % dims.fours * 4;
    let n = tile / dims.fours * 4;
    // Where the rows of four outputs and of four examples begin; the last one's where there are fewer.
    let rows = dims.weight_at + min(o + vec4(0u, 1, 2, 3), vec4(dims.out - 1)) * dims.wide;
    let examples = min(n + vec4(0u, 1, 2, 3), vec4(dims.batch - 1)) * dims.wide;

    // A column for each example, a row for each output.
    var sums = mat4x4<f32>();
    for (var first = part * 4; first < dims.wide; first += dims.parts * 4) {
        let terms = first + vec4(0u, 1, 2, 3);
        let there = terms < vec4(dims.wide);
        let i = min(terms, vec4(dims.wide - 1));
        let w = mat4x4(weights(rows + i.x), weights(rows + i.y), weights(rows + i.z), weights(rows + i.w));
        sums += mat4x4(
            w * inputs(examples.x + i, there),
            w * inputs(examples.y + i, there),
            w * inputs(examples.z + i, there),
            w * inputs(examples.w + i, there),
        );
    }
    put(sums[0], part, n, o);
    put(sums[1], part, n + 1, o);
    put(sums[2], part, n + 2, o);
    put(sums[3], part, n + 3, o);
}
