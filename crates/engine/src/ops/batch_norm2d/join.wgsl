// Batch norm in training, step 2 of 3: joins the statistics of a channel's parts.
//     var = Σ (x - mean)² / count
// The running statistics move towards the batch's by `momentum`, the variance as Σ (x - mean)² / (count - 1).
// One channel for each invocation.

struct Dims {
    batch: u32,
    ch: u32,
    plane: u32,    // pixels of a channel
    images: u32,   // in a share; the last may have fewer
    state_at: u32, // place of the running means among all statistics; the variances follow
    eps: f32,
    momentum: f32,
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> scratch: array<vec2<f32>>; // mean and squares of each part
@group(0) @binding(2) var<storage, read_write> saved: array<f32>; // means, then 1 / sqrt(var + eps)
@group(0) @binding(3) var<storage, read_write> state: array<f32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) place: u32,
) {
    let c = (group.y * groups.x + group.x) * 64u + place;
    if (c >= dims.ch) {
        return;
    }
    let count = dims.batch * dims.plane;
    let places = min(dims.plane, 64u); // parts of a share
    let shares = (dims.batch + dims.images - 1u) / dims.images;

    var sum = 0.0;
    for (var share = 0u; share < shares; share++) {
        let images = min(dims.images, dims.batch - share * dims.images);
        for (var i = 0u; i < places; i++) {
            sum += scratch[(share * places + i) * dims.ch + c].x * f32(images * ((dims.plane - i + 63u) / 64u));
        }
    }
    let mean = sum / f32(count);
    // Squares about the common mean, from those about each part's own (Chan, Golub, LeVeque 1979).
    var squares = 0.0;
    for (var share = 0u; share < shares; share++) {
        let images = min(dims.images, dims.batch - share * dims.images);
        for (var i = 0u; i < places; i++) {
            let own = scratch[(share * places + i) * dims.ch + c];
            let away = own.x - mean;
            squares += own.y + away * away * f32(images * ((dims.plane - i + 63u) / 64u));
        }
    }
    saved[c] = mean;
    saved[dims.ch + c] = inverseSqrt(squares / f32(count) + dims.eps);
    let unbiased = squares / f32(max(count, 2u) - 1u);
    let running = dims.state_at + c;
    state[running] += dims.momentum * (mean - state[running]);
    state[running + dims.ch] += dims.momentum * (unbiased - state[running + dims.ch]);
}
