// One branch of a concatenation: its maps take their place among the channels of the output.
//
//     output[n, first + c, y, x] = input[n, c, y, x]

alias Stored = f32;

struct Dims {
    len: u32,   // numbers of this branch in the batch
    own: u32,   // numbers of this branch in one example
    first: u32, // where they begin in the output of an example
    all: u32,   // numbers of the output in one example
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
    output[i / dims.own * dims.all + dims.first + i % dims.own] = input[i];
}
