// Gradient of bilinear upsampling: a pixel gets from every output that looked at it, by the weight that
// it had there. Each invocation owns one pixel and adds them up, always in the same order.

struct Dims {
    len: u32, // inputs in the batch
    in_h: u32,
    in_w: u32,
    factor_h: u32,
    factor_w: u32,
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> d_output: array<f32>;
@group(0) @binding(2) var<storage, read_write> d_input: array<f32>;

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

// The weight that a pixel has in an output along an axis; at an edge it may stand on both sides.
fn weight(at: Between, pixel: u32) -> f32 {
    return select(0.0, 1.0 - at.weight, at.first == pixel) + select(0.0, at.weight, at.second == pixel);
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
    let x = i % dims.in_w;
    let y = (i / dims.in_w) % dims.in_h;
    let plane = i / (dims.in_w * dims.in_h);
    let out_h = dims.in_h * dims.factor_h;
    let out_w = dims.in_w * dims.factor_w;

    // Outputs that look at this pixel lie between the middles of its neighbours.
    let first_y = max(y * dims.factor_h + dims.factor_h / 2u, dims.factor_h) - dims.factor_h;
    let first_x = max(x * dims.factor_w + dims.factor_w / 2u, dims.factor_w) - dims.factor_w;
    let end_y = min((y + 1u) * dims.factor_h + dims.factor_h / 2u, out_h);
    let end_x = min((x + 1u) * dims.factor_w + dims.factor_w / 2u, out_w);

    var sum = 0.0;
    for (var out_y = first_y; out_y < end_y; out_y++) {
        let down = weight(between(out_y, dims.factor_h, dims.in_h), y);
        let row = (plane * out_h + out_y) * out_w;
        for (var out_x = first_x; out_x < end_x; out_x++) {
            sum += d_output[row + out_x] * down * weight(between(out_x, dims.factor_w, dims.in_w), x);
        }
    }
    d_input[i] = sum;
}
