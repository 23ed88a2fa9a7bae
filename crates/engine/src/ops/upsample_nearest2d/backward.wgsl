// Gradient of nearest upsampling: a pixel gets the sum over its copies. One input for each invocation.

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
    let first = (plane * out_h + y * dims.factor_h) * out_w + x * dims.factor_w;
    var sum = 0.0;
    for (var down = 0u; down < dims.factor_h; down++) {
        for (var right = 0u; right < dims.factor_w; right++) {
            sum += d_output[first + down * out_w + right];
        }
    }
    d_input[i] = sum;
}
