// Blur: each pixel becomes a mean of its neighbours, up to three to each side, by the weights that draw.wgsl drew;
// outside, an image is 0. One pixel for each invocation.

struct Dims {
    len: u32,     // numbers in the batch
    image: u32,   // numbers of an image
    columns: u32,
    rows: u32,
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> sharp: array<f32>;
@group(0) @binding(2) var<storage, read> draws: array<f32>;
@group(0) @binding(3) var<storage, read_write> staged: array<f32>;

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
    let row = 38u * (i / dims.image);
    let column = i32(i % dims.columns);
    let line = i32(i / dims.columns % dims.rows);
    if (draws[row + 17u] == 1.0) {
        staged[i] = sharp[i];
        return;
    }
    var sum = 0.0;
    for (var down = -3; down <= 3; down++) {
        if (line + down < 0 || line + down >= i32(dims.rows)) {
            continue;
        }
        var along = 0.0;
        for (var across = -3; across <= 3; across++) {
            if (column + across >= 0 && column + across < i32(dims.columns)) {
                let neighbour = i32(i) + down * i32(dims.columns) + across;
                along += draws[row + 17u + u32(abs(across))] * sharp[neighbour];
            }
        }
        sum += draws[row + 17u + u32(abs(down))] * along;
    }
    staged[i] = sum;
}
