// Batch norm in training, step 2 of 2: joins the parts' statistics, then
//     output = (input - mean) / sqrt(var + eps) · gain + bias
// with var = Σ (x - mean)² / count; max(output, 0) where a ReLU is fused in. The running statistics move
// towards the batch's by `momentum`, the variance as Σ (x - mean)² / (count - 1).
// One workgroup for each channel and part of it.

alias Stored = f32;

struct Dims {
    ch: u32,
    plane: u32,     // pixels of a channel
    count: u32,     // batch · plane, the numbers of a channel
    parts: u32,     // parts of a channel
    part_len: u32,  // numbers of a part; the last may be shorter
    params_at: u32, // place of the gains among all weights; the biases follow
    state_at: u32,  // place of the running means among all statistics; the variances follow
    relu: u32,      // 1 where a ReLU is fused in
    eps: f32,
    momentum: f32,
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read> params: array<f32>;
@group(0) @binding(3) var<storage, read> scratch: array<vec2<f32>>; // mean and squares of each part
@group(0) @binding(4) var<storage, read_write> output: array<Stored>;
@group(0) @binding(5) var<storage, read_write> saved: array<f32>; // means, then 1 / sqrt(var + eps)
@group(0) @binding(6) var<storage, read_write> state: array<f32>;

// Address of number k of channel c, counted through its planes image by image.
fn address(c: u32, k: u32) -> u32 {
    return (k / dims.plane * dims.ch + c) * dims.plane + k % dims.plane;
}

fn part_count(part: u32) -> f32 {
    return f32(min(dims.part_len, dims.count - part * dims.part_len));
}

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) place: u32,
) {
    let c = group.y * groups.x + group.x;
    if (c >= dims.ch) {
        return;
    }

    var sum = 0.0;
    for (var part = 0u; part < dims.parts; part++) {
        sum += scratch[part * dims.ch + c].x * part_count(part);
    }
    let mean = sum / f32(dims.count);
    // Squares about the common mean, from those about each part's own (Chan, Golub, LeVeque 1979).
    var squares = 0.0;
    for (var part = 0u; part < dims.parts; part++) {
        let own = scratch[part * dims.ch + c];
        let away = own.x - mean;
        squares += own.y + away * away * part_count(part);
    }
    let inverse = inverseSqrt(squares / f32(dims.count) + dims.eps);

    if (group.z == 0u && place == 0u) {
        saved[c] = mean;
        saved[dims.ch + c] = inverse;
        let unbiased = squares / f32(max(dims.count, 2u) - 1u);
        let running = dims.state_at + c;
        state[running] += dims.momentum * (mean - state[running]);
        state[running + dims.ch] += dims.momentum * (unbiased - state[running + dims.ch]);
    }

    let scale = params[dims.params_at + c] * inverse;
    let bias = params[dims.params_at + dims.ch + c];
    let start = group.z * dims.part_len;
    let end = min(start + dims.part_len, dims.count);
    for (var k = start + place; k < end; k += 256u) {
        let i = address(c, k);
        let value = (f32(input[i]) - mean) * scale + bias;
        output[i] = Stored(select(value, 0.0, dims.relu == 1u && value <= 0.0));
    }
}
