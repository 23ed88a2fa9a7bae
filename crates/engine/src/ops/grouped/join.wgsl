// Layer, group and instance norm, step 2: joins the statistics of a group's parts,
//     var = Σ (x - mean)² / size
// and leaves mean and 1 / sqrt(var + eps) in place of the first part. One group for each invocation.

struct Dims {
    batch: u32,
    ch: u32,
    plane: u32,  // pixels of a channel
    groups: u32, // of channels
    eps: f32,
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read_write> scratch: array<vec2<f32>>; // mean and squares: 64 parts of each group

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) place: u32,
) {
    let k = (group.y * groups.x + group.x) * 64u + place;
    if (k >= dims.batch * dims.groups) {
        return;
    }
    let size = dims.ch / dims.groups * dims.plane;
    let parts = min(size, 64u);
    var sum = 0.0;
    for (var i = 0u; i < parts; i++) {
        sum += scratch[k * 64u + i].x * f32((size - i + 63u) / 64u);
    }
    let mean = sum / f32(size);
    // Squares about the common mean, from those about each part's own (Chan, Golub, LeVeque 1979).
    var squares = 0.0;
    for (var i = 0u; i < parts; i++) {
        let own = scratch[k * 64u + i];
        let away = own.x - mean;
        squares += own.y + away * away * f32((size - i + 63u) / 64u);
    }
    scratch[k * 64u] = vec2<f32>(mean, 1.0 / sqrt(squares / f32(size) + dims.eps));
}
