// The output's gradient, laid out for `d_input`: spread by the stride, with zeros between, and with room
// for the kernel on every side.
//
//   spread[n, o, y·stride_h + room_y, x·stride_w + room_x] = d_output[n, o, y, x]
//
// Where the next layer's ReLU was applied to the output, the gradient passes only where that is above 0.
// An invocation takes one place of the plane and copies it for one plane after another, four at a turn.

alias Stored = f32;

struct Dims {
    planes: u32,   // batch · out_ch
    out_h: u32,
    out_w: u32,
    spread_h: u32,
    spread_w: u32,
    stride_h: i32,
    stride_w: i32,
    room_y: i32,   // may be below 0: then the first rows meet nothing but padding
    room_x: i32,
    relu: u32,
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> output: array<Stored>;
@group(0) @binding(2) var<storage, read> d_output: array<f32>;
@group(0) @binding(3) var<storage, read_write> scratch: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>, @builtin(local_invocation_index) me: u32) {
    let place = workgroup.x * 64 + me;
    let spread_plane = dims.spread_h * dims.spread_w;
    if place >= spread_plane {
        return;
    }
    let y = i32(place / dims.spread_w) - dims.room_y;
    let x = i32(place % dims.spread_w) - dims.room_x;
    let row = y / dims.stride_h;
    let column = x / dims.stride_w;
    let between = y % dims.stride_h != 0 || x % dims.stride_w != 0;
    let there = !between && min(y, x) >= 0 && row < i32(dims.out_h) && column < i32(dims.out_w);
    let plane_len = dims.out_h * dims.out_w;
    let begin = select(0u, u32(row) * dims.out_w + u32(column), there);
    for (var first = workgroup.y * 4; first < dims.planes; first += workgroups.y * 4) {
        let planes = min(first + vec4(0u, 1, 2, 3), vec4(dims.planes - 1));
        let at = planes * plane_len + begin;
        let d = vec4(d_output[at.x], d_output[at.y], d_output[at.z], d_output[at.w]);
        let out = vec4(f32(output[at.x]), f32(output[at.y]), f32(output[at.z]), f32(output[at.w]));
        let passes = vec4(there) & ((out > vec4(0.0)) | vec4(dims.relu == 0));
        let value = select(vec4(0.0), d, passes);
        // Where there are fewer planes, the last one is written several times, the same each time.
        let to = planes * spread_plane + place;
        scratch[to.x] = value.x;
        scratch[to.y] = value.y;
        scratch[to.z] = value.z;
        scratch[to.w] = value.w;
    }
}
