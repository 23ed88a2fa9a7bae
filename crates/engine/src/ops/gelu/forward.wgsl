// GELU: output = input · Φ(input), Φ the normal distribution function; or, by the setting,
// 0.5 · input · (1 + tanh(sqrt(2 / π) · (input + 0.044715 · input³))), which is input · sigmoid of twice
// what stands in the tanh.

alias Stored = f32;

struct Dims {
    len: u32,         // numbers in the batch
    approximate: u32, // 1 for the form with tanh
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read_write> output: array<Stored>;

// The normal distribution function and e^(-x²/2). WGSL has no erf; this has the form of Abramowitz and
// Stegun 7.1.26, with a polynomial fitted anew, and is off by less than 3e-7.
fn normal(x: f32) -> vec2<f32> {
    let t = 1.0 / (1.0 + 0.34 * abs(x));
    let p = t * (0.1361847 + t * (0.12821352 + t * (0.1624373 + t * (-0.0423072 + t * (0.27661565 + t * (-0.20759617 + t * 0.04645215))))));
    let e = exp(-0.5 * x * x);
    return vec2<f32>(select(1.0 - e * p, e * p, x < 0.0), e);
}

// 1 / (1 + e^-x) by e^-|x|, which never overflows.
fn sigmoid(x: f32) -> f32 {
    let t = exp(-abs(x));
    return select(1.0, t, x < 0.0) / (1.0 + t);
}

// What stands in the sigmoid of the approximation: 2 · sqrt(2 / π) · (x + 0.044715 x³).
fn bent(x: f32) -> f32 {
    return 1.5957692 * x * (1.0 + 0.044715 * x * x);
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
    output[i] = Stored(x * select(normal(x).x, sigmoid(bent(x)), dims.approximate == 1u));
}
