// Nearest upsampling: output[y, x] = input[floor(y / factor), floor(x / factor)].
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
    output[i] = input[plane + y / dims.factor_h * dims.in_w + x / dims.factor_w];
}
