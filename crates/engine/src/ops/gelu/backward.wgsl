// Gradient of GELU, with Φ the normal distribution function:
//     d_input = d_output · (Φ(input) + input · e^(-input²/2) / sqrt(2π))
// or, with s the sigmoid that approximates Φ and u what stands in it,
//     d_input = d_output · (s + input · s · (1 - s) · u′(input)).

alias Stored = f32;

struct Dims {
    len: u32,         // numbers in the batch
    approximate: u32, // 1 for the form with tanh
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read> d_output: array<f32>;
@group(0) @binding(3) var<storage, read_write> d_input: array<f32>;

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

fn slope(input: f32) -> f32 {
    // Beyond 20 the slope is 0 or 1 to the last bit, and powers would overflow.
    let x = clamp(input, -20.0, 20.0);
    if (dims.approximate == 1u) {
        let s = sigmoid(bent(x));
        return s + x * s * (1.0 - s) * 1.5957692 * (1.0 + 3.0 * 0.044715 * x * x);
    }
    let at = normal(x);
    return at.x + x * at.y * 0.39894228;
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
    d_input[i] = d_output[i] * slope(x);
}
