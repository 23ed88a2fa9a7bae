// Exponential linear unit: output = input where it is above zero, else alpha · (e^input - 1).

alias Stored = f32;

struct Dims {
    len: u32,   // numbers in the batch
    alpha: f32, // depth of the floor: far below zero the output is -alpha
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read_write> output: array<Stored>;

// e^x - 1 for x of 0 or less. Near 0 by its series: there e^x and 1 have nearly all digits in common.
fn exp_minus_one(x: f32) -> f32 {
    let series = x * (1.0 + x / 2.0 * (1.0 + x / 3.0 * (1.0 + x / 4.0 * (1.0 + x / 5.0 * (1.0 + x / 6.0 * (1.0 + x / 7.0 * (1.0 + x / 8.0)))))));
    return select(series, exp(x) - 1.0, x < -0.5);
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
    output[i] = Stored(select(dims.alpha * exp_minus_one(min(x, 0.0)), x, x > 0.0));
}
