// The gradient of the penalty l1 · sum |p| + l2 / 2 · sum p² over the weights that have one:
//     g += l2 · p + l1 · sign(p)
// One weight for each invocation.

struct Dims {
    len: u32, // weights of the network
    l1: f32,
    l2: f32,
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> params: array<f32>;
@group(0) @binding(2) var<storage, read> rates: array<u32>; // of each group: end, factor of the rate, factor of the decay, penalised
@group(0) @binding(3) var<storage, read_write> grads: array<f32>;

// The group of layers that weight i belongs to: the first that ends beyond it.
fn group_of(i: u32) -> u32 {
    var low = 0u;
    var high = arrayLength(&rates) / 4u - 1u;
    while (low < high) {
        let middle = (low + high) / 2u;
        if (i < rates[4u * middle]) {
            high = middle;
        } else {
            low = middle + 1u;
        }
    }
    return low;
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
    if (rates[4u * group_of(i) + 3u] == 1u) {
        grads[i] += dims.l2 * params[i] + dims.l1 * sign(params[i]);
    }
}
