// Gradient of the weights of a PReLU, step 2 of 2: joins the sums of a weight's parts, those of its channel or,
// where one weight serves all channels, of all. One workgroup for each weight.

struct Dims {
    weights: u32,
    joined: u32,    // sums for each weight, which lie together
    params_at: u32, // place of the first weight among all
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> scratch: array<f32>;
@group(0) @binding(2) var<storage, read_write> grads: array<f32>;

var<workgroup> sums: array<f32, 64>;

// The sum of `own` over the workgroup, for all of it: halved pairwise, always in the same order.
fn total(own: f32, place: u32) -> f32 {
    sums[place] = own;
    workgroupBarrier();
    for (var half = 32u; half > 0u; half /= 2u) {
        if (place < half) {
            sums[place] += sums[place + half];
        }
        workgroupBarrier();
    }
    let all = sums[0];
    workgroupBarrier(); // nobody writes the next sum before all have read this one
    return all;
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) place: u32,
) {
    let weight = group.y * groups.x + group.x;
    if (weight >= dims.weights) {
        return;
    }
    var sum = 0.0;
    for (var k = place; k < dims.joined; k += 64u) {
        sum += scratch[weight * dims.joined + k];
    }
    let all = total(sum, place);
    if (place == 0u) {
        grads[dims.params_at + weight] = all;
    }
}
