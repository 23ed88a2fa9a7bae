// Hard swish, a SiLU of straight pieces: output = input · min(max(input + 3, 0), 6) / 6.

alias Stored = f32;

struct Dims {
    len: u32, // numbers in the batch
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
    let x = f32(input[i]);
    output[i] = Stored(select(x * min(x + 3.0, 6.0) / 6.0, 0.0, x <= -3.0));
}
