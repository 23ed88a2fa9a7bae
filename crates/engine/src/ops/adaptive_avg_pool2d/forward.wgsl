// Adaptive average pooling: output[y, x] = sum over the box / its pixels. One output for each invocation.

alias Stored = f32;

struct Dims {
    len: u32, // outputs in the batch
    in_h: u32,
    in_w: u32,
    out_h: u32,
    out_w: u32,
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read_write> output: array<Stored>;

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
    let x = i % dims.out_w;
    let y = (i / dims.out_w) % dims.out_h;
    let plane = i / (dims.out_w * dims.out_h) * dims.in_h * dims.in_w;

    // The box: from floor(y · in / out) to ceil((y + 1) · in / out), the latter not included.
    let first_y = y * dims.in_h / dims.out_h;
    let first_x = x * dims.in_w / dims.out_w;
    let end_y = ((y + 1u) * dims.in_h + dims.out_h - 1u) / dims.out_h;
    let end_x = ((x + 1u) * dims.in_w + dims.out_w - 1u) / dims.out_w;

    var sum = 0.0;
    for (var yy = first_y; yy < end_y; yy++) {
        for (var xx = first_x; xx < end_x; xx++) {
            sum += f32(input[plane + yy * dims.in_w + xx]);
        }
    }
    output[i] = Stored(sum / f32((end_y - first_y) * (end_x - first_x)));
}
