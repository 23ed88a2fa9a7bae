// Bilinear upsampling: each output is a mean of the four pixels around it, the nearer the heavier.
// One output for each invocation.

alias Stored = f32;

struct Dims {
    len: u32, // outputs in the batch
    in_h: u32,
    in_w: u32,
    factor_h: u32,
    factor_w: u32,
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read_write> output: array<Stored>;

// An output lies between two pixels of the input, or on one: at (o + 1/2) / factor - 1/2 along an axis.
struct Between {
    first: u32,
    second: u32,
    weight: f32, // of the second; the first has the rest
}

fn between(o: u32, factor: u32, inside: u32) -> Between {
    // Twice the factor times the place, counted from pixel -1 so that nothing is negative.
    let scaled = 2u * o + 1u + factor;
    let pixel = scaled / (2u * factor); // pixel before, plus one
    let rest = scaled - pixel * 2u * factor;
    // Beyond the edge the edge goes on.
    return Between(max(pixel, 1u) - 1u, min(pixel, inside - 1u), f32(rest) / f32(2u * factor));
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) place: u32,
) {
    let i = (group.y * groups.x + group.x) * 64u + place;
    if (i >= dims.len) {
        return;
    }
    let out_h = dims.in_h * dims.factor_h;
    let out_w = dims.in_w * dims.factor_w;
    let x = i % out_w;
    let y = (i / out_w) % out_h;
    let plane = i / (out_w * out_h) * dims.in_h * dims.in_w;
    let v = between(y, dims.factor_h, dims.in_h);
    let h = between(x, dims.factor_w, dims.in_w);

    let upper = plane + v.first * dims.in_w;
    let lower = plane + v.second * dims.in_w;
    let left = f32(input[upper + h.first]) * (1.0 - v.weight) + f32(input[lower + h.first]) * v.weight;
    let right = f32(input[upper + h.second]) * (1.0 - v.weight) + f32(input[lower + h.second]) * v.weight;
    output[i] = Stored(left * (1.0 - h.weight) + right * h.weight);
}
