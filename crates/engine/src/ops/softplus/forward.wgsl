// Softplus, a rectifier without a corner: output = ln(1 + e^(beta · input)) / beta; the input itself
// where beta · input is above the threshold.

alias Stored = f32;

struct Dims {
    len: u32,       // numbers in the batch
    beta: f32,      // how sharp the bend is
    threshold: f32, // beta · input from which on the layer is the identity
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read_write> output: array<Stored>;

// ln(1 + x) for x of 0 to 1: 2 artanh(s) by its series, which keeps the digits of a small x.
fn log_one_plus(x: f32) -> f32 {
    let s = x / (2.0 + x);
    let q = s * s;
    return 2.0 * s * (1.0 + q * (1.0 / 3.0 + q * (1.0 / 5.0 + q * (1.0 / 7.0 + q * (1.0 / 9.0 + q * (1.0 / 11.0 + q / 13.0))))));
}

fn value(x: f32) -> f32 {
    let scaled = dims.beta * x;
    // ln(1 + e^s) = max(s, 0) + ln(1 + e^-|s|), where no power overflows.
    let bent = (max(scaled, 0.0) + log_one_plus(exp(-abs(scaled)))) / dims.beta;
    return select(bent, x, scaled > dims.threshold);
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
    output[i] = Stored(value(x));
}
