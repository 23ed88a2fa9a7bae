// Fractional max pooling in evaluation: output[y, x] = max over the window. What is drawn in training is
// one half here, so an image always gives the same answer. One output for each invocation.

alias Stored = f32;

struct Dims {
    len: u32, // outputs in the batch
    in_h: u32,
    in_w: u32,
    out_h: u32,
    out_w: u32,
    kernel_h: u32,
    kernel_w: u32,
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read_write> output: array<Stored>;

// Where window i of an axis starts: floor((i + u) · room / steps) - floor(u · room / steps), the last at
// room, with room = in - kernel, steps = outputs - 1, q = floor(u · room).
fn start(i: u32, room: u32, outputs: u32, q: u32) -> u32 {
    let steps = outputs - 1u;
    if (i == steps) {
        return room;
    }
    return (i * room + q) / steps - q / steps;
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
    let x = i % dims.out_w;
    let y = (i / dims.out_w) % dims.out_h;
    let p = i / (dims.out_w * dims.out_h);
    let plane = p * dims.in_h * dims.in_w;
    let room_h = dims.in_h - dims.kernel_h;
    let room_w = dims.in_w - dims.kernel_w;
    let first_y = start(y, room_h, dims.out_h, room_h / 2u);
    let first_x = start(x, room_w, dims.out_w, room_w / 2u);

    var highest = f32(input[plane + first_y * dims.in_w + first_x]);
    for (var yy = first_y; yy < first_y + dims.kernel_h; yy++) {
        for (var xx = first_x; xx < first_x + dims.kernel_w; xx++) {
            let value = f32(input[plane + yy * dims.in_w + xx]);
            if (value > highest) {
                highest = value;
            }
        }
    }
    output[i] = Stored(highest);
}
