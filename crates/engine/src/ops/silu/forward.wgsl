// SiLU, also called swish: output = input · sigmoid(input).

alias Stored = f32;

struct Dims {
    len: u32, // numbers in the batch
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read_write> output: array<Stored>;

// 1 / (1 + e^-x) by e^-|x|, which never overflows.
fn sigmoid(x: f32) -> f32 {
    let t = exp(-abs(x));
    return select(1.0, t, x < 0.0) / (1.0 + t);
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
    let x = f32(input[i]);
    output[i] = Stored(x * sigmoid(x));
}
