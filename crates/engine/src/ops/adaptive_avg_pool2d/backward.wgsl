// Gradient of adaptive average pooling: each box's d_output is shared equally among its pixels.
// Where boxes overlap, a pixel gets a share of each: each invocation owns one pixel and adds them up,
// always in the same order.

struct Dims {
    len: u32, // inputs in the batch
    in_h: u32,
    in_w: u32,
    out_h: u32,
    out_w: u32,
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> d_output: array<f32>;
@group(0) @binding(2) var<storage, read_write> d_input: array<f32>;

// Pixels along one axis of the box of output o.
fn pixels(o: u32, inside: u32, outputs: u32) -> u32 {
    return ((o + 1u) * inside + outputs - 1u) / outputs - o * inside / outputs;
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

    // The boxes that this pixel lies in. Seen from the outputs the same rule holds the other way round:
    // from floor(y · out / in) to ceil((y + 1) · out / in).
    let first_y = y * dims.out_h / dims.in_h;
    let first_x = x * dims.out_w / dims.in_w;
    let end_y = ((y + 1u) * dims.out_h + dims.in_h - 1u) / dims.in_h;
    let end_x = ((x + 1u) * dims.out_w + dims.in_w - 1u) / dims.in_w;

    var sum = 0.0;
    for (var out_y = first_y; out_y < end_y; out_y++) {
        let rows = pixels(out_y, dims.in_h, dims.out_h);
        for (var out_x = first_x; out_x < end_x; out_x++) {
            let share = f32(rows * pixels(out_x, dims.in_w, dims.out_w));
            sum += d_output[(plane * dims.out_h + out_y) * dims.out_w + out_x] / share;
        }
    }
    d_input[i] = sum;
}
